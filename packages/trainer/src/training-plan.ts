import {
  type ContrastiveProducts,
  checkDatasets,
  checkRowsAndNames,
  EmbedbagError,
  type Kernels,
  type Loss,
  type TextDataset,
} from '@embedbag/core';
import { openEpochBatches } from './epoch-batches.js';
import { learningRateSchedule } from './learning-rate-schedule.js';
import { resolveWarmupSteps } from './linear-schedule.js';
import { checkMemory, type PlannedBatch } from './memory-plan.js';
import type { ResolvedTrainOptions } from './train-options.js';
import type { TrainingArguments } from './training-arguments.js';
import { checkColumns, checkContracts, checkEvaluators, lossesByDataset, lossesOfHeldOut } from './training-checks.js';

/** The options of a run with all that is checked and counted before its first step. */
export interface TrainingPlan extends ResolvedTrainOptions {
  /** By dataset. */
  readonly losses: readonly Loss[];
  /** By held-out dataset. */
  readonly evalLosses: readonly Loss[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  readonly warmupSteps: number;
  /** The learning rate by how many steps are done. */
  readonly rateAt: (stepsDone: number) => number;
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

/** The losses of all datasets, found to suit them; throws what does not. */
function checkedLosses(options: ResolvedTrainOptions): { readonly losses: Loss[]; readonly evalLosses: Loss[] } {
  const { datasets, evalDatasets, loss } = options;
  checkDatasets(datasets);
  checkRowsAndNames(evalDatasets);
  const losses = lossesByDataset(datasets, loss);
  const evalLosses = lossesOfHeldOut(evalDatasets, loss);
  checkContracts(options, [...losses, ...evalLosses]);
  checkColumns([...datasets, ...evalDatasets], [...losses, ...evalLosses]);
  checkEvaluators(options);
  return { losses, evalLosses };
}

function plannedBatches(
  datasets: readonly TextDataset[],
  losses: readonly Loss[],
  batchSize: number,
): readonly PlannedBatch[] {
  return datasets.map(({ rowCount, columns }, i) => ({
    rows: Math.min(batchSize, rowCount),
    columns: columns.length,
    workingMatrices: losses[i]!.workingMatrices?.(columns.length) ?? 0,
  }));
}

/**
 * Checks that datasets, losses, samplers and evaluators fit together and into memory, and counts the steps.
 * Throws an EmbedbagError that names what does not fit.
 */
export function planTraining(options: ResolvedTrainOptions): TrainingPlan {
  const { model, datasets, evalDatasets, arguments: args } = options;
  const { losses, evalLosses } = checkedLosses(options);
  const batches = plannedBatches(datasets, losses, args.perDeviceTrainBatchSize);
  checkMemory(model.kernels, {
    vocabularySize: model.table.rows,
    dimension: model.dimension,
    batches: [...batches, ...plannedBatches(evalDatasets, evalLosses, args.perDeviceEvalBatchSize)],
    gradientAccumulationSteps: args.gradientAccumulationSteps,
    hasAverage: args.emaDecay !== undefined,
    savesCheckpoints: args.saveStrategy !== 'no',
  });
  const first = openEpochBatches(options, 0);
  if (first.count === 0) {
    throw new EmbedbagError({
      code: 'no-batches',
      message: `Expected at least one batch an epoch, received none: not every dataset has the ${args.perDeviceTrainBatchSize} rows of a full batch. Lower \`perDeviceTrainBatchSize\` or leave \`dataloaderDropLast\` out.`,
      details: { rows: datasets.map((dataset) => dataset.rowCount) },
    });
  }
  const epochSteps = Math.ceil(first.count / args.gradientAccumulationSteps);
  const steps = args.maxSteps ?? Math.ceil(args.numTrainEpochs * epochSteps);
  const warmupSteps = resolveWarmupSteps(steps, args);
  return {
    ...options,
    losses,
    evalLosses,
    steps,
    warmupSteps,
    rateAt: learningRateSchedule({
      type: args.lrSchedulerType,
      learningRate: args.learningRate,
      warmupSteps,
      totalSteps: steps,
      decaySteps: args.lrDecaySteps ?? Math.ceil(steps * args.lrDecayRatio),
    }),
    epochs: Math.ceil(steps / epochSteps),
    batches: first.countByDataset,
    products: productsOf(model.kernels, args),
    largestBatchTexts: Math.max(...batches.map(({ rows, columns }) => rows * columns)),
  };
}
