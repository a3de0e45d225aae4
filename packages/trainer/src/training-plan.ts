import { type ContrastiveProducts, EmbedbagError, type Kernels, type Loss } from '@embedbag/core';
import { openEpochBatches } from './epoch-batches.js';
import { resolveWarmupSteps } from './linear-schedule.js';
import { checkMemory } from './memory-plan.js';
import type { ResolvedTrainOptions } from './train-options.js';
import type { TrainingArguments } from './training-arguments.js';
import { checkColumns, checkContracts, checkDatasets, checkEvaluators, lossesByDataset } from './training-checks.js';

/** The options of a run with all that is checked and counted before its first step. */
export interface TrainingPlan extends ResolvedTrainOptions {
  /** By dataset. */
  readonly losses: readonly Loss[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  readonly warmupSteps: number;
  /** How many times the data is passed, the last time perhaps in part. */
  readonly epochs: number;
  /** Batches an epoch, by dataset. */
  readonly batches: readonly number[];
  /** Texts of the batch that has most, all columns. */
  readonly largestBatchTexts: number;
  /** What losses are told to compute products in. */
  readonly products: ContrastiveProducts;
}

/** 16 bits where they are asked for and the kernels have them. */
function productsOf(kernels: Kernels, { bf16, fp16 }: TrainingArguments): ContrastiveProducts {
  return (bf16 || fp16) && kernels.products?.includes('int16') ? 'int16' : 'float32';
}

/**
 * Checks that datasets, losses, samplers and evaluators fit together and into memory, and counts the steps.
 * Throws an EmbedbagError that names what does not fit.
 */
export function planTraining(options: ResolvedTrainOptions): TrainingPlan {
  const { model, datasets, arguments: args, evaluators } = options;
  checkDatasets(datasets);
  const losses = lossesByDataset(datasets, options.loss);
  checkContracts(options, losses);
  checkColumns(datasets, losses);
  checkEvaluators(evaluators, args);
  const batches = datasets.map(({ rowCount, columns }, i) => ({
    rows: Math.min(args.perDeviceTrainBatchSize, rowCount),
    columns: columns.length,
    workingMatrices: losses[i]!.workingMatrices?.(columns.length) ?? 0,
  }));
  checkMemory(model.kernels, { vocabularySize: model.table.rows, dimension: model.dimension, batches });
  const first = openEpochBatches(options, 0);
  if (first.count === 0) {
    throw new EmbedbagError({
      code: 'no-batches',
      message: `Expected at least one batch an epoch, received none: not every dataset has the ${args.perDeviceTrainBatchSize} rows of a full batch. Lower \`perDeviceTrainBatchSize\` or leave \`dataloaderDropLast\` out.`,
      details: { rows: datasets.map((dataset) => dataset.rowCount) },
    });
  }
  const steps = args.maxSteps ?? Math.ceil(args.numTrainEpochs * first.count);
  return {
    ...options,
    losses,
    steps,
    warmupSteps: resolveWarmupSteps(steps, args),
    epochs: Math.ceil(steps / first.count),
    batches: first.countByDataset,
    products: productsOf(model.kernels, args),
    largestBatchTexts: Math.max(...batches.map(({ rows, columns }) => rows * columns)),
  };
}
