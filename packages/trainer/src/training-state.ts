import type { JsonObject } from '@embedbag/core';
import type { RunEvaluation } from './run-evaluation.js';
import type { RunIdentity } from './run-identity.js';
import type { RunProgress } from './run-progress.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingLog } from './training-log.js';
import type { TrainingPlan } from './training-plan.js';

/** Checkpoints of another format are not gone on from. */
export const CHECKPOINT_FORMAT = 2;

/** `trainer_state.json`. */
export interface TrainerState extends JsonObject {
  readonly format: number;
  readonly global_step: number;
  readonly epoch: number;
  readonly epoch_index: number;
  readonly batches_of_epoch: number;
  readonly pairs: number;
  readonly evaluated_at: number | null;
  /** Updates of the running average; 0 where there is none. */
  readonly average_updates: number;
  /** False where the run was stopped between two checkpoints. */
  readonly is_planned: boolean;
  readonly identity: RunIdentity;
  readonly best_model: JsonObject;
  readonly log_sums: JsonObject;
  readonly log_history: readonly JsonObject[];
  readonly evaluations: readonly JsonObject[];
  readonly optimizer: { readonly step: number; readonly beta1_power: number; readonly beta2_power: number };
  readonly files: { readonly [name: string]: JsonObject };
}

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

/** The parts of a run that its state is described by. */
export interface DescribedRun {
  readonly plan: TrainingPlan;
  readonly identity: RunIdentity;
  readonly progress: RunProgress;
  readonly log: TrainingLog;
  readonly evaluation: RunEvaluation;
  readonly averageUpdates: number;
  /** Whether the checkpoint comes where `saveStrategy` says, and not where the run was stopped. */
  readonly isPlanned: boolean;
}

/**
 * What `trainer_state.json` holds beside the optimizer's numbers. All chance of a run is a function of the seed, the
 * epoch and the step, so this, the table and the moments are all that is needed to go on.
 */
export function describeState(run: DescribedRun): JsonObject {
  const { plan, progress, log, evaluation } = run;
  return {
    format: CHECKPOINT_FORMAT,
    global_step: progress.step,
    max_steps: plan.steps,
    warmup_steps: plan.warmupSteps,
    epoch: progress.epoch,
    epoch_index: progress.epochIndex,
    batches_of_epoch: progress.batchesOfEpoch,
    pairs: progress.pairs,
    evaluated_at: evaluation.evaluatedAt ?? null,
    average_updates: run.averageUpdates,
    is_planned: run.isPlanned,
    best_model: evaluation.best.state(),
    identity: run.identity,
    evaluations: evaluation.records.map(({ step, name, result }) => ({
      step,
      name,
      metrics: result.metrics,
      primary_metric: result.primaryMetric,
    })),
    log_sums: log.state(),
    // A copy: it is written while the log goes on.
    log_history: [...log.history],
  };
}

/** The evaluations of a `trainer_state.json`, without their items and CSV rows. */
export function savedEvaluations(state: TrainerState): EvaluationRecord[] {
  return state.evaluations.map(({ step, name, metrics, primary_metric: primaryMetric }) => ({
    step: step as number,
    name: name as string,
    result: { metrics: metrics as Record<string, number>, primaryMetric: primaryMetric as string },
  }));
}
