import type { TextDataset, TrainingEvent } from '@embedbag/core';
import type { TrainingPlan } from './training-plan.js';

/** The event of one notice. */
export type NoticeEvent = Extract<TrainingEvent, { readonly type: 'notice' }>;

/** The event of a notice with this code and message. */
export function notice(code: string, message: string): NoticeEvent {
  return { type: 'notice', code, message };
}

const list = (items: readonly string[]): string => items.join(', ');

/** What to know before the first step. */
export function planNotices({ arguments: args, datasets, batches, model, products }: TrainingPlan): NoticeEvent[] {
  const notices: NoticeEvent[] = [];
  const asked = args.bf16 ? 'bf16' : 'fp16';
  if (products === 'int16') {
    notices.push(
      notice(
        'int16-used',
        `\`${asked}\`: products of embeddings are taken in 16-bit integers, unless a dim is below 16.`,
      ),
    );
  } else if (args.bf16 || args.fp16) {
    notices.push(notice('float32-used', `\`${asked}\` is accepted; these kernels compute in float32.`));
  }
  if (args.gradientAccumulationSteps > 1) {
    const count = args.gradientAccumulationSteps;
    const message = `\`gradientAccumulationSteps\` averages the gradients of ${count} batches and adds no negatives: a row is compared with its own batch alone. For more negatives raise \`perDeviceTrainBatchSize\`.`;
    notices.push(notice('no-more-negatives', message));
  }
  const without = datasets.filter((_, i) => batches[i] === 0).map(({ name, rowCount }) => `${name} (${rowCount} rows)`);
  if (without.length > 0) {
    const size = args.perDeviceTrainBatchSize;
    notices.push(
      notice(
        'dataset-without-batches',
        `No batch comes from ${list(without)}: a batch has ${size} rows and smaller ones are left out.`,
      ),
    );
  }
  if (model.storedRanges !== undefined && model.storedRanges.length > 0) {
    const message = 'Training makes the quantisation ranges of the model stale. Call `calibrate` again after it.';
    notices.push(notice('stale-ranges', message));
  }
  return notices;
}

/** What to know after an epoch: rows that were in none of its batches; undefined when there are none. */
export function undrawnNotice(datasets: readonly TextDataset[], undrawn: readonly number[]): NoticeEvent | undefined {
  const counts = datasets.flatMap(({ name }, i) => (undrawn[i]! > 0 ? [`${undrawn[i]} of ${name}`] : []));
  if (counts.length === 0) return undefined;
  const sum = undrawn.reduce((total, rows) => total + rows, 0);
  return notice('rows-not-drawn', `${sum} rows were in no batch of this epoch: ${list(counts)}.`);
}

/** What to know after an epoch whose samplers gave fewer batches than they counted; undefined when they gave all. */
export function shortEpochNotice(received: number, counted: number): NoticeEvent | undefined {
  if (received >= counted) return undefined;
  return notice('fewer-batches', `The epoch had ${received} batches, ${counted} were counted on for the schedule.`);
}
