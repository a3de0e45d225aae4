import type { Kernels, Loss } from '@embedbag/core';
import { countBatches } from '@embedbag/samplers';
import {
  checkMemory,
  type MemoryPlan,
  resolveTrainingArguments,
  resolveWarmupSteps,
  type TrainingArgumentsInput,
} from '@embedbag/trainer';

/** What a plan must know of a dataset. */
export interface CountedDataset {
  readonly name: string;
  readonly rowCount: number;
  /** Text columns. */
  readonly columns: number;
}

/** What {@link planRecipe} plans. */
export interface PlanRecipeOptions {
  readonly datasets: readonly CountedDataset[];
  readonly vocabularySize: number;
  readonly dimension: number;
  readonly loss: Loss;
  readonly arguments: TrainingArgumentsInput;
  readonly kernels: Pick<Kernels, 'backend'>;
}

/** What a run would be. */
export interface RecipePlan {
  readonly datasets: readonly (CountedDataset & {
    /** Batches an epoch. */
    readonly batches: number;
  })[];
  readonly rows: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly steps: number;
  readonly warmupSteps: number;
  /** Memory of the kernels. */
  readonly memory: MemoryPlan;
}

/**
 * Steps and memory of a run, from the counts of its rows alone, as `train` with NO_DUPLICATES and PROPORTIONAL counts them.
 *
 * @throws EmbedbagError `not-enough-memory`, `invalid-training-arguments`, as `train` does.
 */
export function planRecipe(options: PlanRecipeOptions): RecipePlan {
  const { vocabularySize, dimension, loss, kernels } = options;
  const args = resolveTrainingArguments(options.arguments);
  const { perDeviceTrainBatchSize: batchSize, dataloaderDropLast: dropLast, numTrainEpochs: epochs } = args;
  const datasets = options.datasets.map((dataset) => ({
    ...dataset,
    batches: countBatches(dataset, { batchSize, dropLast }),
  }));
  const steps = args.maxSteps ?? Math.ceil(epochs * datasets.reduce((sum, { batches }) => sum + batches, 0));
  const batches = datasets.map(({ rowCount, columns }) => ({
    rows: Math.min(batchSize, rowCount),
    columns,
    workingMatrices: loss.workingMatrices?.(columns) ?? 0,
  }));
  return {
    datasets,
    rows: datasets.reduce((sum, { rowCount }) => sum + rowCount, 0),
    batchSize,
    epochs,
    steps,
    warmupSteps: resolveWarmupSteps(steps, args),
    memory: checkMemory(kernels, { vocabularySize, dimension, batches }),
  };
}
