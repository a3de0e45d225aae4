import type { Kernels, Matrix, SparseRows } from '@embedbag/core';
import { type AdamW, type AdamWState, clipCoefficient, createAdamW } from './adamw.js';
import type { TrainingArguments } from './training-arguments.js';

/** What one step does to a {@link TrainedTable}. */
export interface TableStep {
  readonly gradient: SparseRows;
  readonly gradientNorm: number;
  /** How many batches the gradient is the sum of. */
  readonly batches: number;
  readonly learningRate: number;
  /** See `AdamWUpdate.meanwhile`. */
  readonly meanwhile: () => void;
}

/** A model's table with its optimizer; owns the moments. */
export class TrainedTable {
  readonly table: Matrix;
  private readonly kernels: Kernels;
  private readonly optimizer: AdamW;
  private readonly maxGradNorm: number;
  private moments: AdamWState;

  constructor(kernels: Kernels, table: Matrix, args: TrainingArguments) {
    const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, weightDecay, optimizer: mode } = args;
    this.kernels = kernels;
    this.table = table;
    this.maxGradNorm = args.maxGradNorm;
    this.optimizer = createAdamW({ beta1, beta2, epsilon, weightDecay, mode });
    this.moments = this.optimizer.init(kernels, table);
  }

  get state(): AdamWState {
    return this.moments;
  }

  /** All values, `[rows * columns]`; with the optimizer `deferred` some may be behind until `catchUp`. */
  get values(): Float32Array {
    return this.table.data.subarray(0, this.table.rows * this.table.columns);
  }

  /** Goes on from there; the moments and the table are the caller's to fill. */
  restore(place: Pick<AdamWState, 'step' | 'beta1Power' | 'beta2Power'>): void {
    this.moments = { ...this.moments, ...place };
  }

  update({ gradient, gradientNorm, batches, learningRate, meanwhile }: TableStep): void {
    const { kernels, table } = this;
    const gradientScale = clipCoefficient(gradientNorm, this.maxGradNorm) / batches;
    const update = { kernels, table, gradient, gradientScale, learningRate, meanwhile };
    this.moments = this.optimizer.update(this.moments, update);
  }

  /** Brings the rows named by `ids`, or all, up to date, before they are read. */
  catchUp(ids?: Int32Array): void {
    const { kernels, table } = this;
    this.optimizer.catchUp(this.moments, { kernels, table, ...(ids === undefined ? {} : { ids }) });
  }

  /** Whether there is no NaN and no infinity in the table. */
  isFinite(): boolean {
    return this.values.every(Number.isFinite);
  }

  release(): void {
    this.optimizer.release(this.kernels, this.moments);
  }
}
