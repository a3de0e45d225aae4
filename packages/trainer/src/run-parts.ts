import { isEmbedbagError, type JsonObject, type TrainingEvent } from '@embedbag/core';
import type { Checkpoint } from './checkpoint.js';
import type { EpochBatchesState } from './epoch-batches.js';
import { createPhaseClock, type PhaseClock } from './phase-clock.js';
import type { CardFiles, RunCard } from './run-card.js';
import { RunCheckpoints } from './run-checkpoints.js';
import { withSentence } from './run-endings.js';
import { RunEvaluation } from './run-evaluation.js';
import type { RunIdentity } from './run-identity.js';
import { createRunProgress, type RunProgress } from './run-progress.js';
import { RunStop } from './run-stop.js';
import type { SavedCheckpoint } from './saved-checkpoint.js';
import { StepRunner } from './step-runner.js';
import { TableAverage } from './table-average.js';
import { TrainedTable } from './trained-table.js';
import type { TrainingControl } from './training-callback.js';
import { createTrainingLog, type TrainingLog } from './training-log.js';
import type { TrainingOutput } from './training-output.js';
import type { TrainingPlan } from './training-plan.js';
import { describeState, savedEvaluations } from './training-state.js';

/** What a run begins with: checked, counted, and with a place to write. */
export interface RunPlace {
  readonly plan: TrainingPlan;
  /** This and the next two are undefined for a run that writes nothing. */
  readonly output: TrainingOutput | undefined;
  readonly identity: RunIdentity | undefined;
  readonly card: RunCard | undefined;
}

/**
 * What a run has beside its loop: the table with its optimizer, evaluations, checkpoints, log and clock. Saves all of it in a
 * checkpoint, and goes on from one.
 */
export class RunParts {
  protected readonly plan: TrainingPlan;
  protected readonly output: TrainingOutput | undefined;
  protected readonly clock: PhaseClock = createPhaseClock();
  protected readonly stop: RunStop;
  protected readonly progress: RunProgress = createRunProgress();
  protected readonly table: TrainedTable;
  protected readonly average: TableAverage | undefined;
  protected readonly stepper: StepRunner;
  protected readonly evaluation: RunEvaluation;
  /** Undefined for a run that writes nothing. */
  protected readonly checkpoints: RunCheckpoints | undefined;
  private readonly identity: RunIdentity | undefined;
  private readonly card: RunCard | undefined;
  private readonly startedAt = performance.now();
  private readonly control: TrainingControl = {
    stop: (reason) => this.stop.stop(reason),
    notice: (code, message) => this.emit({ type: 'notice', code, message }),
  };
  private unwrittenRecords: JsonObject[] = [];
  protected readonly log: TrainingLog = createTrainingLog((record) => this.unwrittenRecords.push(record));

  constructor({ plan, output, identity, card }: RunPlace) {
    const { model, arguments: args } = plan;
    const emit = (event: TrainingEvent): void => this.emit(event);
    this.plan = plan;
    this.output = output;
    this.identity = identity;
    this.card = card;
    this.stop = new RunStop(plan.signal);
    this.table = new TrainedTable(model.kernels, model.table, args);
    const { clock, stop, table, log } = this;
    this.average = args.emaDecay === undefined ? undefined : new TableAverage(table.values.length, args.emaDecay);
    this.stepper = new StepRunner({ plan, table, clock, stop });
    this.evaluation = new RunEvaluation({ plan, output, log, clock, stop, emit });
    this.checkpoints = output === undefined ? undefined : new RunCheckpoints({ output, clock, emit });
  }

  /** Leaves the table up to date, which stays the model's, and gives the memory back. */
  dispose(): void {
    this.table.catchUp();
    this.stepper.release();
    this.table.release();
  }

  /** Ends the events of a run that `error` ends. Returns the error to throw, with where its state was saved. */
  async fail(error: unknown): Promise<unknown> {
    const told = await this.saveBefore(error);
    const code = isEmbedbagError(told) ? told.code : 'internal-error';
    const message = told instanceof Error ? told.message : String(told);
    try {
      this.emit({ type: 'training-failed', step: this.progress.step, code, message });
    } catch {
      // A handler that fails again adds nothing to the error that ends the run.
    }
    return told;
  }

  protected emit(event: TrainingEvent): void {
    if (event.type === 'log') this.card?.measure();
    this.plan.onEvent?.(event, this.control);
    for (const callback of this.plan.callbacks) callback.onEvent(event, this.control);
  }

  protected elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  protected async writeRecords(): Promise<void> {
    const records = this.unwrittenRecords;
    this.unwrittenRecords = [];
    for (const record of records) await this.output?.appendLog(record);
  }

  /** The model card, with the evaluations of `step`, or the newest; undefined for a run that writes nothing. */
  protected cardFiles(step?: number): CardFiles | undefined {
    const { records: evaluations } = this.evaluation;
    const shown = step === undefined ? evaluations : evaluations.filter((record) => record.step === step);
    const { progress, log, clock } = this;
    const time = { elapsedMs: this.elapsedMs(), stepsMs: clock.stepsMs };
    return this.card?.files({ progress, evaluations, shown, history: log.history, ...time });
  }

  /** Runs `work` with the running average, where there is one, in the place of the table. */
  protected async withAverage(work: () => Promise<void>): Promise<void> {
    const { average, table } = this;
    if (average === undefined || average.updates === 0) return work();
    average.swap(table.values);
    try {
      await work();
    } finally {
      average.swap(table.values);
    }
  }

  /** What a checkpoint of this moment holds; the table must be up to date. */
  protected describeCheckpoint(samplerState: EpochBatchesState | undefined, isPlanned: boolean): Checkpoint {
    const { plan, progress, log, evaluation, average, table } = this;
    const { firstMoment, secondMoment } = table.state;
    const averageUpdates = average?.updates ?? 0;
    const run = { plan, progress, log, evaluation, averageUpdates, isPlanned, identity: this.identity! };
    const tables =
      average === undefined || averageUpdates === 0
        ? { table: table.values }
        : { table: average.values, trained: table.values };
    return {
      model: plan.model,
      card: this.cardFiles()!,
      arrays: { ...tables, firstMoment, secondMoment },
      optimizer: table.state,
      samplerState,
      trainerState: describeState(run),
      isPlanned,
    };
  }

  /** Takes all of it from `checkpoint`. */
  protected async restoreParts(checkpoint: SavedCheckpoint): Promise<void> {
    const { state, optimizer } = checkpoint;
    const { average, table, progress } = this;
    const { firstMoment, secondMoment } = table.state;
    const isAveraged = average !== undefined && state.average_updates > 0;
    await checkpoint.read({
      trained: table.values,
      firstMoment,
      secondMoment,
      ...(isAveraged ? { table: average.values } : {}),
    });
    average?.restore(state.average_updates);
    table.restore(optimizer);
    progress.step = state.global_step;
    progress.epoch = state.epoch;
    progress.epochIndex = state.epoch_index;
    progress.batchesOfEpoch = state.batches_of_epoch;
    progress.pairs = state.pairs;
    this.log.restore(state.log_sums, state.log_history);
    this.evaluation.restore(savedEvaluations(state), state.evaluated_at ?? undefined);
    this.evaluation.best.restore(state.best_model);
    const reason = this.evaluation.best.stopReason;
    if (reason !== undefined) this.stop.stop(reason);
    this.checkpoints?.restore(state.global_step);
    this.card?.startAt(progress);
  }

  /** Lets a checkpoint under way come to its end, and saves the state before a step without a finite loss. */
  private async saveBefore(error: unknown): Promise<unknown> {
    const { checkpoints } = this;
    // What ended the run is told; a checkpoint that fails now too leaves the one before whole.
    await checkpoints?.settle().catch(() => undefined);
    if (checkpoints === undefined || !isEmbedbagError(error) || error.code !== 'non-finite-loss') return error;
    this.table.catchUp();
    if (!this.table.isFinite()) return withSentence(error, this.lastCheckpoint('The table is not finite any more.'));
    try {
      return withSentence(error, `The state before that step is in \`${await this.saveStateBefore(checkpoints)}\`.`);
    } catch {
      return withSentence(error, this.lastCheckpoint('The state before that step could not be saved.'));
    }
  }

  private async saveStateBefore(checkpoints: RunCheckpoints): Promise<string> {
    const { step } = this.progress;
    if (checkpoints.savedAt !== step) {
      const options = { inBackground: false, bestStep: this.evaluation.best.best?.step };
      await checkpoints.save(this.describeCheckpoint(undefined, false), options);
    }
    return this.output!.checkpointPath(step);
  }

  private lastCheckpoint(sentence: string): string {
    const last = this.output?.checkpoints.at(-1);
    return last === undefined ? sentence : `${sentence} The last checkpoint is \`${last}\`.`;
  }
}
