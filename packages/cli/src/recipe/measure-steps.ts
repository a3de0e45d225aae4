import type { Kernels, Loss, TextDataset, Tokenizer } from '@embedbag/core';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { type TrainingArgumentsInput, train } from '@embedbag/trainer';

/** Steps of one measurement. The one before them warms up. */
export const MEASURED_STEPS = 3;

/** What {@link measureSteps} trains, in vain. */
export interface MeasureStepsOptions {
  readonly tokenizer: Tokenizer;
  readonly dimension: number;
  readonly kernels: Kernels;
  /** Of each list the time of a step is measured. */
  readonly datasets: readonly (readonly TextDataset[])[];
  readonly loss: Loss;
  readonly arguments: TrainingArgumentsInput;
  readonly signal: AbortSignal;
}

/** Milliseconds of a step with each list of datasets: a model is made, trained for a few steps and thrown away. */
export async function measureSteps(options: MeasureStepsOptions): Promise<number[]> {
  const { tokenizer, dimension, kernels, datasets, loss, signal } = options;
  const model = await StaticEmbedding.create({ tokenizer, dimension, seed: 0, kernels });
  try {
    const means: number[] = [];
    for (const list of datasets) {
      const ends: number[] = [];
      await train({
        model,
        datasets: list,
        loss,
        arguments: { ...options.arguments, maxSteps: MEASURED_STEPS + 1 },
        signal,
        onEvent: (event) => {
          if (event.type === 'step-end') ends.push(event.elapsedMs);
        },
      });
      signal.throwIfAborted();
      means.push((ends.at(-1)! - ends[0]!) / Math.max(1, ends.length - 1));
    }
    return means;
  } finally {
    model.dispose();
  }
}
