/** What the tests of this package train with; no part of the package. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  EVALUATOR_CONTRACT,
  type Evaluator,
  type Kernels,
  LOSS_CONTRACT,
  type Loss,
  type TrainingEvent,
} from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import type { StaticEmbedding } from '@embedbag/static-embedding';
import { afterEach, beforeEach } from 'vitest';
import { pairsDataset, tinyModel } from './tiny-data-fixtures.js';
import { train } from './train.js';
import type { ResolvedTrainOptions, TrainingSummary, TrainOptions } from './train-options.js';
import { resolveTrainingArguments } from './training-arguments.js';
import { planTraining, type TrainingPlan } from './training-plan.js';

export { memoryDataset, pair, pairsDataset, tinyModel } from './tiny-data-fixtures.js';

/** The plan of a run with the samplers of the recipe and batches of 16 rows. */
export function tinyPlan({
  arguments: args,
  ...options
}: Pick<ResolvedTrainOptions, 'model' | 'datasets'> & Partial<Pick<TrainOptions, 'loss' | 'arguments'>>): TrainingPlan {
  return planTraining({
    loss: multipleNegativesRankingLoss(),
    evaluators: [],
    evalDatasets: [],
    callbacks: [],
    batchSampler: noDuplicatesBatchSampler(),
    multiDatasetBatchSampler: proportionalBatchSampler(),
    ...options,
    arguments: resolveTrainingArguments({ perDeviceTrainBatchSize: 16, ...args }),
  });
}

/** Hands out the rows in their order, which a dataset of fixed batches needs. */
export function inOrderBatchSampler(): BatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: 'IN_ORDER',
    config: {},
    open({ rowCount }, { batchSize }) {
      let position = 0;
      return {
        count: Math.ceil(rowCount / batchSize),
        get position() {
          return position;
        },
        next() {
          const first = position * batchSize;
          if (first >= rowCount) return undefined;
          position += 1;
          return Int32Array.from({ length: Math.min(batchSize, rowCount - first) }, (_, i) => first + i);
        },
        skip(batches) {
          position += batches;
        },
      };
    },
  };
}

/** An evaluator that gives the number of its calls as its score. */
export function countingEvaluator(name = 'counting'): Evaluator {
  let calls = 0;
  return {
    contract: EVALUATOR_CONTRACT,
    name,
    config: {},
    async evaluate() {
      calls += 1;
      return { metrics: { [`${name}_calls`]: calls }, primaryMetric: `${name}_calls` };
    },
  };
}

/** The loss `value(call)`, calls counted from 1, with a gradient of zero. */
export function scriptedLoss(value: (call: number) => number, gradient: (call: number) => number = () => 0): Loss {
  let calls = 0;
  return {
    contract: LOSS_CONTRACT,
    name: 'ScriptedLoss',
    config: {},
    columns: { min: 2, max: 2, labels: 'none' },
    compute(_, gradients) {
      calls += 1;
      for (const matrix of gradients ?? []) matrix.fill(gradient(calls));
      return value(calls);
    },
  };
}

/** The events of one type. */
export function eventsOf<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): Extract<TrainingEvent, { readonly type: Type }>[] {
  return events.filter((event): event is Extract<TrainingEvent, { readonly type: Type }> => event.type === type);
}

/** All values of a model's table. */
export function tableOf(model: StaticEmbedding): number[] {
  return [...model.table.data];
}

/** What every test of {@link useTinyRuns} has anew. */
export interface TinyRuns {
  readonly kernels: Kernels;
  /** An empty folder. */
  readonly folder: string;
  /** The events of all runs of the test. */
  readonly events: readonly TrainingEvent[];
  /** Trains a new tiny model; what a test does not say is a run of 4 steps on 64 pairs. */
  run(options?: Partial<TrainOptions>): Promise<{ readonly model: StaticEmbedding; readonly summary: TrainingSummary }>;
}

async function runTiny(
  tiny: TinyRuns,
  events: TrainingEvent[],
  options: Partial<TrainOptions>,
): Promise<{ readonly model: StaticEmbedding; readonly summary: TrainingSummary }> {
  const model = (options.model as StaticEmbedding | undefined) ?? (await tinyModel(tiny.kernels));
  const summary = await train({
    datasets: [pairsDataset('pairs', 64)],
    loss: multipleNegativesRankingLoss(),
    ...options,
    model,
    arguments: { perDeviceTrainBatchSize: 16, ...options.arguments },
    onEvent: (event, control) => {
      events.push(event);
      options.onEvent?.(event, control);
    },
  });
  return { model, summary };
}

/** Gives every test of a file kernels, a folder and a way to train on almost nothing; call it at the top of the file. */
export function useTinyRuns(): TinyRuns {
  let kernels: Kernels;
  let folder: string;
  let events: TrainingEvent[];
  beforeEach(() => {
    kernels = createTypeScriptKernels();
    folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-train-'));
    events = [];
  });
  afterEach(() => {
    kernels.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const tiny: TinyRuns = {
    get kernels() {
      return kernels;
    },
    get folder() {
      return folder;
    },
    get events() {
      return events;
    },
    run: (options = {}) => runTiny(tiny, events, options),
  };
  return tiny;
}
