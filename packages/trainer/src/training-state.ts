import type { JsonObject } from '@embedbag/core';
import type { RunProgress } from './run-progress.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingLog } from './training-log.js';
import type { TrainingPlan } from './training-plan.js';

const describe = ({ name, config }: { readonly name: string; readonly config: JsonObject }): JsonObject => ({
  name,
  config,
});

/** What makes a run beside its arguments. */
export function describeSetup({ model, datasets, losses, ...plan }: TrainingPlan): JsonObject {
  const { rows, columns } = model.table;
  return {
    model: { vocabulary_size: rows, dimension: columns },
    batch_sampler: describe(plan.batchSampler),
    multi_dataset_batch_sampler: describe(plan.multiDatasetBatchSampler),
    datasets: datasets.map((dataset, i) => ({
      name: dataset.name,
      rows: dataset.rowCount,
      columns: dataset.columns,
      loss: describe(losses[i]!),
    })),
  };
}

/**
 * What `trainer_state.json` holds beside the optimizer's numbers. All chance of a run is a function of the seed, the
 * epoch and the step, so this, the table and the moments are all that is needed to go on.
 */
export function describeState(
  plan: TrainingPlan,
  progress: RunProgress,
  log: TrainingLog,
  evaluations: readonly EvaluationRecord[],
): JsonObject {
  return {
    format: 1,
    global_step: progress.step,
    max_steps: plan.steps,
    warmup_steps: plan.warmupSteps,
    epoch: progress.epoch,
    epoch_index: progress.epochIndex,
    batches_of_epoch: progress.batchesOfEpoch,
    seed: plan.arguments.seed,
    pairs: progress.pairs,
    arguments: { ...plan.arguments } as JsonObject,
    ...describeSetup(plan),
    evaluations: evaluations.map(({ step, name, result }) => ({
      step,
      name,
      metrics: result.metrics,
      primary_metric: result.primaryMetric,
    })),
    log_sums: log.state(),
    log_history: log.history,
  };
}
