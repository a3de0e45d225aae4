import type { TrainingEvent } from '@embedbag/core';
import { type Checkpoint, type CheckpointArrays, writeCheckpoint } from './checkpoint.js';
import type { PhaseClock } from './phase-clock.js';
import type { TrainingOutput } from './training-output.js';

/** Free memory that a copy of the numbers leaves to everything else. */
const SPARE_FACTOR = 2;

/** What checkpoints are written with. */
export interface RunCheckpointsParts {
  readonly output: TrainingOutput;
  readonly clock: PhaseClock;
  readonly emit: (event: TrainingEvent) => void;
  /** Bytes that the process may still take; default `process.availableMemory`. */
  readonly availableBytes?: () => number;
}

/** When and how a checkpoint is written. */
export interface SaveOptions {
  /** Copy the numbers and write them while training goes on, where memory allows. */
  readonly inBackground: boolean;
  /** The step that is best by now, whose checkpoint is kept. */
  readonly bestStep: number | undefined;
}

/** The system's word where Node has it, else as much as one could wish. */
function systemAvailableBytes(): number {
  return (process as { availableMemory?: () => number }).availableMemory?.() ?? Number.POSITIVE_INFINITY;
}

/** Writes the checkpoints of a run, one at a time, beside its steps. */
export class RunCheckpoints {
  private readonly parts: RunCheckpointsParts;
  private readonly copies: { -readonly [Name in keyof CheckpointArrays]?: Float32Array } = {};
  private pending: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | undefined;
  private savedStep: number | undefined;

  constructor(parts: RunCheckpointsParts) {
    this.parts = parts;
  }

  /** The step of the last checkpoint that was begun. */
  get savedAt(): number | undefined {
    return this.savedStep;
  }

  restore(savedAt: number): void {
    this.savedStep = savedAt;
  }

  /**
   * Saves `checkpoint` when the one before is written. In the background it returns as soon as the numbers are copied; what
   * goes wrong then is thrown by the next call of `throwIfFailed`, `save` or `settle`.
   */
  async save(checkpoint: Checkpoint, { inBackground, bestStep }: SaveOptions): Promise<void> {
    const { clock } = this.parts;
    await clock.measureAsync('save', async () => {
      await this.settle();
      this.savedStep = checkpoint.optimizer.step;
      const copied = inBackground ? this.copyOf(checkpoint) : undefined;
      const written = this.write(copied ?? checkpoint, bestStep);
      if (copied === undefined) await written;
      else this.pending = written.catch((error: unknown) => this.keepFailure(error));
    });
  }

  throwIfFailed(): void {
    const { failure } = this;
    if (failure === undefined) return;
    this.failure = undefined;
    throw failure.error;
  }

  /** Waits for the checkpoint that is being written. */
  async settle(): Promise<void> {
    await this.pending;
    this.throwIfFailed();
  }

  private keepFailure(error: unknown): void {
    this.failure = { error };
  }

  private async write(checkpoint: Checkpoint, bestStep: number | undefined): Promise<void> {
    const { output, emit } = this.parts;
    const { step } = checkpoint.optimizer;
    const startedAt = performance.now();
    const { isPlanned } = checkpoint;
    const write = (folder: string): Promise<void> => writeCheckpoint(folder, checkpoint);
    const path = await output.saveCheckpoint(step, write, { bestStep, isPlanned });
    const elapsedMs = performance.now() - startedAt;
    emit({ type: 'checkpoint-saved', step, path, isBest: bestStep === step, elapsedMs });
  }

  /** `checkpoint` with numbers of its own, in memory that is used again; undefined where there is too little of it. */
  private copyOf(checkpoint: Checkpoint): Checkpoint | undefined {
    const entries = Object.entries(checkpoint.arrays) as [keyof CheckpointArrays, Float32Array][];
    const missing = entries.filter(([name, { length }]) => this.copies[name]?.length !== length);
    const missingBytes = missing.reduce((sum, [, array]) => sum + array.byteLength, 0);
    const available = this.parts.availableBytes ?? systemAvailableBytes;
    if (missingBytes > 0 && missingBytes * SPARE_FACTOR > available()) return undefined;
    for (const [name, array] of entries) {
      const copy = this.copies[name]?.length === array.length ? this.copies[name]! : new Float32Array(array.length);
      copy.set(array);
      this.copies[name] = copy;
    }
    return { ...checkpoint, arrays: this.copies as CheckpointArrays };
  }
}
