import type { DatasetBatch, TokenBags } from '@embedbag/core';
import type { PhaseClock } from './phase-clock.js';
import { readTextBatch, type TextBatch } from './text-batch.js';
import type { TrainingPlan } from './training-plan.js';

/** A batch as a step takes it. */
export interface StepBatch {
  /** The number of its dataset. */
  readonly datasetIndex: number;
  readonly textBatch: TextBatch;
  /** Of all columns, one after the other, so that a token they share is one row of the gradient. */
  readonly bags: TokenBags;
}

/** Batches, read and tokenized one after the other. */
export interface BatchReader {
  /** The next batch; undefined when there is none. */
  next(): Promise<StepBatch | undefined>;
  /** Reads the batch after the present one now, as far as that takes no waiting; what it throws, `next` will throw. */
  readAhead(): void;
  /** Whether `next` said that there is none. */
  readonly isAtEnd: boolean;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** Reads the batches that `draw` gives; what it computes counts as `tokenize`, what it waits for does not. */
export function openBatchReader(
  { model, datasets, losses }: Pick<TrainingPlan, 'model' | 'datasets' | 'losses'>,
  draw: () => DatasetBatch | undefined,
  clock: Pick<PhaseClock, 'measure'>,
): BatchReader {
  let isAtEnd = false;
  let ahead: (() => MaybePromise<StepBatch | undefined>) | undefined;

  const read = (): MaybePromise<StepBatch | undefined> => {
    const batch = draw();
    if (batch === undefined) return undefined;
    const datasetIndex = batch.dataset;
    const tokenize = (textBatch: TextBatch): StepBatch => {
      const bags = clock.measure('tokenize', () => model.tokenize(textBatch.texts.flat()));
      return { datasetIndex, textBatch, bags };
    };
    const textBatch = readTextBatch(datasets[datasetIndex]!, batch, losses[datasetIndex]!);
    return textBatch instanceof Promise ? textBatch.then(tokenize) : tokenize(textBatch);
  };

  return {
    async next() {
      const take = ahead ?? (() => clock.measure('tokenize', read));
      ahead = undefined;
      const batch = await take();
      isAtEnd = batch === undefined;
      return batch;
    },
    get isAtEnd() {
      return isAtEnd;
    },
    readAhead() {
      try {
        const batch = clock.measure('tokenize', read);
        // It is waited for in `next`: until then a failure is not an unhandled one.
        if (batch instanceof Promise) batch.catch(() => {});
        ahead = () => batch;
      } catch (error) {
        ahead = () => {
          throw error;
        };
      }
    },
  };
}
