import { createRandom, type TokenBags } from '@embedbag/core';
import type { StepBatch } from './batch-reader.js';
import { GradientStack } from './gradient-stack.js';
import type { PhaseClock } from './phase-clock.js';
import { nonFiniteError } from './run-endings.js';
import type { RunStop } from './run-stop.js';
import { createStepBuffer, type StepBuffer, splitColumns } from './step-buffers.js';
import { batchTextHashes, tokenCount } from './text-batch.js';
import type { TrainedTable } from './trained-table.js';
import type { StepRecord } from './training-log.js';
import type { TrainingPlan } from './training-plan.js';

/** One below the other, as one. */
function joinBags(all: readonly TokenBags[]): TokenBags {
  const [first, ...rest] = all;
  if (first !== undefined && rest.length === 0) return first;
  const offsets: number[] = [0];
  for (const bags of all) {
    const shift = offsets.at(-1)! - (bags.offsets[0] ?? 0);
    for (const offset of bags.offsets.subarray(1)) offsets.push(offset + shift);
  }
  const ids = new Int32Array(offsets.at(-1)!);
  let done = 0;
  for (const bags of all) {
    const part = idsOf(bags);
    ids.set(part, done);
    done += part.length;
  }
  return { ids, offsets: Int32Array.from(offsets) };
}

const idsOf = ({ ids, offsets }: TokenBags): Int32Array => ids.subarray(offsets[0], offsets.at(-1));

/** What a step is made with. */
export interface StepRunnerParts {
  readonly plan: TrainingPlan;
  readonly table: TrainedTable;
  readonly clock: PhaseClock;
  readonly stop: RunStop;
}

/** Takes optimizer steps: the gradients of one or several batches, and an update of the table by their mean. */
export class StepRunner {
  private readonly parts: StepRunnerParts;
  private readonly embeddings: StepBuffer;
  private readonly gradients: GradientStack;
  private batches: StepBatch[] = [];
  private lossSum = 0;

  constructor(parts: StepRunnerParts) {
    const { model, largestBatchTexts, arguments: args } = parts.plan;
    const values = largestBatchTexts * model.table.columns;
    this.parts = parts;
    this.embeddings = createStepBuffer(model.kernels, values);
    this.gradients = new GradientStack(model.kernels, values * args.gradientAccumulationSteps);
  }

  /** How many batches the step under way has so far. */
  get batchCount(): number {
    return this.batches.length;
  }

  /**
   * Adds the loss and the gradient of `batch` to step `step`, counted from 0. Resolves to false when the signal kept the loss
   * from preparing it. Throws `non-finite-loss`.
   */
  async add(step: number, batch: StepBatch): Promise<boolean> {
    const preparation = await this.prepareLoss(step, batch);
    if (preparation === undefined) return false;
    this.batches.push(batch);
    const loss = this.computeLoss(batch, preparation.prepared);
    if (!Number.isFinite(loss)) throw nonFiniteError(step + 1, [batch.textBatch], loss);
    this.lossSum += loss;
    return true;
  }

  /** Moves the table by what was added. Throws `non-finite-loss`; the table is that of before then. */
  update(step: number, learningRate: number, meanwhile: () => void): StepRecord {
    const { plan, table, clock } = this.parts;
    const { kernels } = plan.model;
    const { batches, lossSum } = this;
    const bags = joinBags(batches.map((batch) => batch.bags));
    const gradient = clock.measure('backward', () =>
      kernels.bagBackward(bags, this.gradients.all, table.table.columns),
    );
    const gradientNorm = clock.measure('backward', () => kernels.gradientNorm(gradient)) / batches.length;
    const textBatches = batches.map((batch) => batch.textBatch);
    const loss = lossSum / batches.length;
    if (!Number.isFinite(gradientNorm)) throw nonFiniteError(step + 1, textBatches, loss, gradientNorm);
    clock.measure('optimizer', () =>
      table.update({ gradient, gradientNorm, batches: batches.length, learningRate, meanwhile }),
    );
    this.clear();
    return {
      loss,
      gradientNorm,
      learningRate,
      dataset: [...new Set(textBatches.map(({ dataset }) => dataset.name))].join(', '),
      rows: textBatches.reduce((sum, { rows }) => sum + rows.length, 0),
      tokens: tokenCount(bags),
    };
  }

  release(): void {
    this.embeddings.release();
    this.gradients.release();
  }

  private clear(): void {
    this.batches = [];
    this.lossSum = 0;
    this.gradients.clear();
  }

  /** The loss of a batch, and its gradient by the embeddings on top of the others. */
  private computeLoss({ textBatch, datasetIndex, bags }: StepBatch, prepared: unknown): number {
    const { plan, table, clock } = this.parts;
    const { kernels } = plan.model;
    const { columns: dimension } = table.table;
    const columns = textBatch.texts.length;
    const rows = textBatch.rows.length;
    const gradients = this.gradients.push(columns * rows * dimension);
    const embeddings = this.embeddings.take(gradients.length);
    clock.measure('optimizer', () => table.catchUp(idsOf(bags)));
    clock.measure('forward', () => kernels.bagForward(table.table, bags, embeddings));
    const { products } = plan;
    const shape = { rows, dimension, prepared, kernels, products };
    const input = { ...textBatch.extras, ...shape, embeddings: splitColumns(embeddings, columns) };
    const loss = plan.losses[datasetIndex]!;
    return clock.measure('loss', () => loss.compute(input, splitColumns(gradients, columns)));
  }

  private async prepareLoss(step: number, batch: StepBatch): Promise<{ readonly prepared: unknown } | undefined> {
    const { plan, stop } = this.parts;
    const { texts, rows, extras, dataset } = batch.textBatch;
    const loss = plan.losses[batch.datasetIndex]!;
    if (loss.prepare === undefined) return { prepared: undefined };
    const part = this.batches.length === 0 ? '' : `/${this.batches.length}`;
    const random = createRandom(plan.arguments.seed, `loss/${step}${part}`);
    const textHashes = batchTextHashes(batch.textBatch);
    const input = { ...extras, texts, textHashes, dataset: dataset.name, rows, random };
    return stop.unlessAborted(async () => ({ prepared: await loss.prepare!(input, plan.signal) }));
  }
}
