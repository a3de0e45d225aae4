import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject } from '@embedbag/core';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import { type BatchReader, openBatchReader } from './batch-reader.js';
import { closeCallbacks } from './close-callbacks.js';
import { type EpochBatches, openEpochBatches } from './epoch-batches.js';
import { averageTables, loadBestTable } from './final-table.js';
import { withNamedLoggers } from './loggers/named-loggers.js';
import { checkResumable, findResumePoint } from './resume.js';
import { RunCard, saveWithCard } from './run-card.js';
import { runIdentity } from './run-identity.js';
import { RunParts, type RunPlace } from './run-parts.js';
import type { SavedCheckpoint } from './saved-checkpoint.js';
import type { TrainingSummary, TrainOptions } from './train-options.js';
import { resolveTrainingArguments } from './training-arguments.js';
import type { StepRecord } from './training-log.js';
import { type NoticeEvent, planNotices, shortEpochNotice, undrawnNotice } from './training-notices.js';
import { openTrainingOutput } from './training-output.js';
import { planTraining } from './training-plan.js';
import { describeSetup } from './training-state.js';

/** One run from its first step to its last. */
class TrainingRun extends RunParts {
  private batches: EpochBatches | undefined;

  async run(checkpoint: SavedCheckpoint | undefined, notices: readonly NoticeEvent[]): Promise<TrainingSummary> {
    this.announce(checkpoint, notices);
    await this.letFollow();
    if (checkpoint !== undefined) await this.restore(checkpoint);
    else if (this.plan.arguments.evalOnStart) await this.evaluate();
    let samplerState = checkpoint?.samplerState;
    for (let epoch = this.progress.epochIndex; epoch < this.plan.epochs && this.goesOn(); epoch++) {
      const batches = openEpochBatches(this.plan, epoch);
      if (epoch > this.progress.epochIndex) this.progress.batchesOfEpoch = 0;
      if (samplerState !== undefined) batches.restore(samplerState);
      else batches.replay(this.progress.batchesOfEpoch);
      samplerState = undefined;
      await this.trainEpoch(epoch, batches);
    }
    return this.finish(checkpoint);
  }

  private async trainEpoch(epoch: number, batches: EpochBatches): Promise<void> {
    const { progress, plan } = this;
    this.batches = batches;
    progress.epochIndex = epoch;
    const reader = openBatchReader(plan, () => batches.next(), this.clock);
    while (this.goesOn()) {
      if (!(await this.fillStep(reader))) break;
      const batchCount = this.stepper.batchCount;
      const record = this.takeStep(reader);
      progress.step += 1;
      progress.batchesOfEpoch += batchCount;
      progress.epoch = epoch + progress.batchesOfEpoch / batches.count;
      progress.pairs += record.rows;
      await this.endStep(record);
      // Lets signals, timers and streams have their turn.
      await nextTurn();
      await this.letFollow();
    }
    if (reader.isAtEnd || progress.batchesOfEpoch >= batches.count) await this.endEpoch(batches);
  }

  /** Adds up the gradients of the batches of one step; false when there is none left, or the signal came first. */
  private async fillStep(reader: BatchReader): Promise<boolean> {
    while (this.stepper.batchCount < this.plan.arguments.gradientAccumulationSteps) {
      const batch = await reader.next();
      if (batch === undefined) break;
      if (!(await this.stepper.add(this.progress.step, batch))) return false;
    }
    return this.stepper.batchCount > 0;
  }

  /** Moves the table by what was added up. */
  private takeStep(reader: BatchReader): StepRecord {
    const { step } = this.progress;
    const meanwhile = (): void => {
      // Where a checkpoint comes next, its samplers stand where its steps do.
      if (step + 1 < this.plan.steps && !this.isSaveStep(step + 1)) reader.readAhead();
    };
    const record = this.stepper.update(step, this.plan.rateAt(step), meanwhile);
    if (this.average !== undefined && (step + 1) % this.plan.arguments.emaSteps === 0) {
      const { table, average } = this;
      this.clock.measure('optimizer', () => {
        table.catchUp();
        average.update(table.values);
      });
    }
    return record;
  }

  private async endStep(record: StepRecord): Promise<void> {
    const { arguments: args, steps } = this.plan;
    const { step, epoch } = this.progress;
    const { tokens: _, ...figures } = record;
    this.log.addStep(record);
    this.emit({ type: 'step-end', step, steps, epoch, ...figures, elapsedMs: this.elapsedMs() });
    if (step % args.loggingSteps === 0 || (args.loggingFirstStep && step === 1)) this.closeLogWindow();
    if (args.evalStrategy === 'steps' && step % args.evalSteps === 0) await this.evaluate();
    if (this.isSaveStep(step)) await this.saveCheckpoint();
    await this.writeRecords();
    this.checkpoints?.throwIfFailed();
  }

  private async endEpoch(batches: EpochBatches): Promise<void> {
    const { datasets, arguments: args } = this.plan;
    const short = shortEpochNotice(batches.position, batches.count);
    const undrawn = undrawnNotice(datasets, batches.undrawnRows());
    for (const notice of [short, undrawn]) if (notice !== undefined) this.emit(notice);
    if (args.evalStrategy === 'epoch') await this.evaluate();
    if (args.saveStrategy === 'epoch') await this.saveCheckpoint();
    await this.writeRecords();
  }

  /** Goes on where `checkpoint` was saved; an evaluation that was due then and did not come is made up for. */
  private async restore(checkpoint: SavedCheckpoint): Promise<void> {
    const { evalStrategy, evalSteps } = this.plan.arguments;
    await this.restoreParts(checkpoint);
    if (evalStrategy === 'steps' && this.progress.step % evalSteps === 0) await this.evaluate();
  }

  private async evaluate(): Promise<void> {
    this.table.catchUp();
    await this.withAverage(() => this.evaluation.evaluate(this.progress));
  }

  private isSaveStep(step: number): boolean {
    const { saveStrategy, saveSteps } = this.plan.arguments;
    return saveStrategy === 'steps' && step % saveSteps === 0;
  }

  private async saveCheckpoint({ isLast = false } = {}): Promise<void> {
    if (this.checkpoints === undefined || this.checkpoints.savedAt === this.progress.step) return;
    this.table.catchUp();
    // Batches that were read ahead are beyond the last step: the samplers stand elsewhere then.
    const isInPlace = this.batches?.position === this.progress.batchesOfEpoch;
    const isPlanned = !isLast || !this.stop.isAborted || this.progress.step >= this.plan.steps;
    const checkpoint = this.describeCheckpoint(isInPlace ? this.batches?.state() : undefined, isPlanned);
    await this.checkpoints.save(checkpoint, { inBackground: !isLast, bestStep: this.evaluation.best.best?.step });
  }

  private async finish(checkpoint: SavedCheckpoint | undefined): Promise<TrainingSummary> {
    const { plan, progress, output } = this;
    const { step, pairs } = progress;
    const outcome = step >= plan.steps || !this.stop.isOver ? 'completed' : this.stop.isAborted ? 'aborted' : 'stopped';
    this.closeLogWindow();
    this.table.catchUp();
    if (outcome !== 'aborted') await this.evaluate();
    if (plan.arguments.saveStrategy !== 'no') await this.saveCheckpoint({ isLast: true });
    await this.checkpoints?.settle();
    const cardEvaluations = await this.chooseTable(outcome !== 'aborted');
    await this.writeRecords();
    const card = this.cardFiles(cardEvaluations);
    const modelFolder = await output?.saveModel((folder) => saveWithCard(folder, plan.model, { card: card! }));
    const { reason } = this.stop;
    const ending = { outcome, ...(outcome === 'stopped' && reason !== undefined ? { reason } : {}) } as const;
    const folder = modelFolder === undefined ? {} : { modelFolder };
    const elapsedMs = this.elapsedMs();
    this.emit({ type: 'training-end', step, steps: plan.steps, ...ending, pairs, elapsedMs, ...folder });
    const { log, evaluation, clock } = this;
    return {
      ...ending,
      ...folder,
      step,
      steps: plan.steps,
      pairs,
      meanLoss: log.meanLoss,
      elapsedMs,
      stepsMs: clock.stepsMs,
      ...(checkpoint === undefined ? {} : { resumedFrom: checkpoint.folder }),
      ...(evaluation.best.best === undefined ? {} : { best: evaluation.best.best }),
      evaluations: evaluation.records,
      history: log.history,
      arguments: plan.arguments,
    };
  }

  /** Makes the table the one to end with. Returns the step whose evaluations are those of that table; undefined for the newest. */
  private async chooseTable(isWhole: boolean): Promise<number | undefined> {
    const { table, average, output, evaluation } = this;
    const { loadBestModelAtEnd, averageCheckpoints } = this.plan.arguments;
    const best = evaluation.best.best;
    if (average !== undefined && average.updates > 0) table.values.set(average.values);
    if (!isWhole || output === undefined) return undefined;
    if (loadBestModelAtEnd && best !== undefined) {
      await loadBestTable(output.checkpointPath(best.step), output.checkpoints, table.values);
      return best.step;
    }
    if (averageCheckpoints !== undefined) {
      await averageTables(output.plannedCheckpoints.slice(-averageCheckpoints), table.values);
      await evaluation.evaluateAgain(this.progress);
    }
    return undefined;
  }

  private announce(checkpoint: SavedCheckpoint | undefined, notices: readonly NoticeEvent[]): void {
    const { model, datasets, steps, warmupSteps, batches, arguments: args } = this.plan;
    const { backend, threads } = model.kernels;
    const { runName, outputDir } = args;
    this.emit({
      type: 'training-start',
      steps,
      warmupSteps,
      datasets: datasets.map(({ name, rowCount }, i) => ({ name, rows: rowCount, batches: batches[i]! })),
      backend,
      threads,
      startStep: checkpoint?.step ?? 0,
      ...(checkpoint === undefined ? {} : { resumedFrom: checkpoint.folder }),
      ...(runName === undefined ? {} : { runName }),
      ...(outputDir === undefined ? {} : { outputDir }),
      arguments: { ...args } as unknown as JsonObject,
      setup: describeSetup(this.plan),
    });
    for (const notice of [...notices, ...planNotices(this.plan)]) this.emit(notice);
  }

  /** Waits for those who follow the run. */
  private async letFollow(): Promise<void> {
    for (const callback of this.plan.callbacks) await callback.betweenSteps?.();
  }

  private goesOn(): boolean {
    return !this.stop.isOver && this.progress.step < this.plan.steps;
  }

  private closeLogWindow(): void {
    const { step, epoch } = this.progress;
    const event = this.log.closeWindow(step, epoch, { ...this.clock.read(), elapsedMs: this.elapsedMs() });
    if (event !== undefined) this.emit(event);
  }
}

/** A run before its first step. */
interface PreparedRun extends RunPlace {
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly notices: readonly NoticeEvent[];
}

async function prepareRun(options: TrainOptions): Promise<PreparedRun> {
  const args = resolveTrainingArguments(options.arguments);
  const plan = planTraining({
    ...options,
    evaluators: options.evaluators ?? [],
    evalDatasets: options.evalDatasets ?? [],
    callbacks: withNamedLoggers(options.callbacks ?? [], args.reportTo),
    arguments: args,
    batchSampler: options.batchSampler ?? noDuplicatesBatchSampler(),
    multiDatasetBatchSampler: options.multiDatasetBatchSampler ?? proportionalBatchSampler(),
  });
  const { outputDir, saveTotalLimit, saveStrategy } = plan.arguments;
  const { checkpoint, notices } = await findResumePoint(options.resumeFromCheckpoint ?? false, outputDir);
  const hasIdentity = outputDir !== undefined || checkpoint !== undefined;
  const identity = hasIdentity ? await runIdentity(plan) : undefined;
  const more = checkpoint === undefined ? [] : await checkResumable(checkpoint, identity!, plan);
  const place = checkpoint && { resumed: { step: checkpoint.step, history: checkpoint.state.log_history } };
  const limits = saveTotalLimit === undefined ? {} : { saveTotalLimit };
  const settings = { ...limits, ...place, savesCheckpoints: saveStrategy !== 'no' };
  const output = outputDir === undefined ? undefined : await openTrainingOutput(outputDir, settings);
  // A model loaded from the checkpoint is the same run as the one that it began with.
  const initial_table = checkpoint?.state.identity.initial_table ?? identity?.initial_table;
  return {
    plan,
    output,
    card: output === undefined ? undefined : await RunCard.open(plan),
    checkpoint,
    identity: identity && { ...identity, initial_table: initial_table! },
    notices: [...notices, ...more],
  };
}

/**
 * Trains `model` on `datasets`: each step embeds a batch, takes the loss and its gradient and moves the table by AdamW.
 *
 * The table changes in place. With `arguments.outputDir` the model is saved in its folder `final`, also when `signal` or a
 * handler ended the run, and checkpoints as `saveStrategy` says, from which `resumeFromCheckpoint` goes on. The same options,
 * kernels and thread count give the same bytes, however often the run was stopped.
 *
 * @throws EmbedbagError before the first step for arguments, datasets, a checkpoint or an `outputDir` that cannot work;
 * `output-not-writable` when the disk is full or taken away, with the last whole checkpoint; and `non-finite-loss` at the step
 * whose loss or gradient is NaN or infinite, with the table as it was before that step and, in `outputDir`, its checkpoint.
 *
 * @example
 * ```ts
 * const summary = await train({
 *   model,
 *   datasets,
 *   loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [256, 128, 64] }),
 *   arguments: { perDeviceTrainBatchSize: 1024, outputDir: 'output/first', saveStrategy: 'steps', saveTotalLimit: 2 },
 *   resumeFromCheckpoint: true,
 *   onEvent: progressReporter({ stream: process.stderr }),
 * });
 * ```
 *
 * Follows `SentenceTransformerTrainer` of sentence-transformers.
 */
export async function train(options: TrainOptions): Promise<TrainingSummary> {
  const { checkpoint, notices, ...place } = await prepareRun(options);
  const { plan } = place;
  const run = new TrainingRun(place);
  try {
    const summary = await run.run(checkpoint, notices);
    await closeCallbacks(plan.callbacks);
    return summary;
  } catch (error) {
    const told = await run.fail(error);
    await closeCallbacks(plan.callbacks).catch(() => undefined);
    throw told;
  } finally {
    run.dispose();
  }
}
