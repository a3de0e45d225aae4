import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createRandom,
  type EvaluationResult,
  isEmbedbagError,
  type JsonObject,
  type TrainingEvent,
} from '@embedbag/core';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import { type AdamW, type AdamWState, clipCoefficient, createAdamW } from './adamw.js';
import { type BatchReader, openBatchReader, type StepBatch } from './batch-reader.js';
import { writeCheckpoint } from './checkpoint.js';
import { type EpochBatches, openEpochBatches } from './epoch-batches.js';
import { linearSchedule } from './linear-schedule.js';
import { modelCard } from './model-card.js';
import { createPhaseClock } from './phase-clock.js';
import { isAbort, nonFiniteError } from './run-endings.js';
import { createRunProgress } from './run-progress.js';
import { createStepBuffer, type StepBuffer, splitColumns } from './step-buffers.js';
import { batchTextHashes, type TextBatch, tokenCount } from './text-batch.js';
import type { EvaluationRecord, TrainingSummary, TrainOptions } from './train-options.js';
import { resolveTrainingArguments } from './training-arguments.js';
import { createTrainingLog, type StepRecord } from './training-log.js';
import { planNotices, shortEpochNotice, undrawnNotice } from './training-notices.js';
import { openTrainingOutput, type TrainingOutput } from './training-output.js';
import { planTraining, type TrainingPlan } from './training-plan.js';
import { describeSetup, describeState } from './training-state.js';

/** One run from its first step to its last; owns the optimizer's moments and the buffers of the steps. */
class TrainingRun {
  private readonly plan: TrainingPlan;
  private readonly output: TrainingOutput | undefined;
  private readonly rateAt: (stepsDone: number) => number;
  private readonly optimizer: AdamW;
  private optimizerState: AdamWState;
  private readonly embeddings: StepBuffer;
  private readonly gradients: StepBuffer;
  private readonly clock = createPhaseClock();
  private readonly progress = createRunProgress();
  private readonly evaluations: EvaluationRecord[] = [];
  private unwrittenRecords: JsonObject[] = [];
  private readonly log = createTrainingLog((record) => this.unwrittenRecords.push(record));
  private readonly startedAt = performance.now();
  private isAborted = false;
  private evaluatedAt: number | undefined;
  private savedAt: number | undefined;

  constructor(plan: TrainingPlan, output: TrainingOutput | undefined) {
    const { kernels, table } = plan.model;
    const { learningRate, adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, weightDecay } = plan.arguments;
    this.plan = plan;
    this.output = output;
    this.rateAt = linearSchedule({ learningRate, warmupSteps: plan.warmupSteps, totalSteps: plan.steps });
    this.embeddings = createStepBuffer(kernels, plan.largestBatchTexts * table.columns);
    this.gradients = createStepBuffer(kernels, plan.largestBatchTexts * table.columns);
    this.optimizer = createAdamW({ beta1, beta2, epsilon, weightDecay, mode: plan.arguments.optimizer });
    this.optimizerState = this.optimizer.init(kernels, table);
  }

  async run(): Promise<TrainingSummary> {
    this.announce();
    if (this.plan.arguments.evalOnStart) await this.evaluate();
    for (let epoch = 0; epoch < this.plan.epochs && this.goesOn(); epoch++) await this.trainEpoch(epoch);
    return this.finish();
  }

  /** Ends the events of a run that `error` ends. */
  tellFailure(error: unknown): void {
    const code = isEmbedbagError(error) ? error.code : 'internal-error';
    const message = error instanceof Error ? error.message : String(error);
    try {
      this.emit({ type: 'training-failed', step: this.progress.step, code, message });
    } catch {
      // A handler that fails again adds nothing to the error that ends the run.
    }
  }

  /** Leaves the table up to date, which stays the model's, and gives the memory back. */
  dispose(): void {
    this.catchUp();
    this.embeddings.release();
    this.gradients.release();
    this.optimizer.release(this.plan.model.kernels, this.optimizerState);
  }

  private async trainEpoch(epoch: number): Promise<void> {
    const { progress } = this;
    const batches = openEpochBatches(this.plan, epoch);
    progress.epochIndex = epoch;
    progress.batchesOfEpoch = 0;
    const reader = openBatchReader(this.plan, () => batches.next());
    while (this.goesOn()) {
      const batch = await this.clock.measureAsync('tokenize', () => reader.next());
      if (batch === undefined) return this.endEpoch(batches);
      const record = await this.trainStep(batch, reader);
      if (record === undefined) return;
      progress.step += 1;
      progress.batchesOfEpoch += 1;
      progress.epoch = epoch + progress.batchesOfEpoch / batches.count;
      progress.pairs += record.rows;
      await this.endStep(record);
      // Lets signals, timers and streams have their turn.
      await nextTurn();
    }
    if (progress.batchesOfEpoch >= batches.count) await this.endEpoch(batches);
  }

  /** One optimizer step, from tokens to table; undefined when the signal kept the loss from preparing it. */
  private async trainStep(batch: StepBatch, reader: BatchReader): Promise<StepRecord | undefined> {
    const { clock } = this;
    const { textBatch, datasetIndex, bags } = batch;
    const { kernels, table } = this.plan.model;
    const preparation = await this.prepareLoss(textBatch, datasetIndex);
    if (preparation === undefined) return undefined;
    const gradients = this.gradients.take(textBatch.texts.length * textBatch.rows.length * table.columns);
    const loss = this.computeLoss(batch, preparation.prepared, gradients);
    const gradient = clock.measure('backward', () => kernels.bagBackward(bags, gradients, table.columns));
    const gradientNorm = clock.measure('backward', () => kernels.gradientNorm(gradient));
    const { step } = this.progress;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw nonFiniteError(step + 1, textBatch, loss, gradientNorm);
    }
    const learningRate = this.rateAt(step);
    const gradientScale = clipCoefficient(gradientNorm, this.plan.arguments.maxGradNorm);
    const meanwhile = (): void => {
      if (step + 1 < this.plan.steps) clock.measure('tokenize', () => reader.readAhead());
    };
    const update = { kernels, table, gradient, gradientScale, learningRate, meanwhile };
    this.optimizerState = clock.measure('optimizer', () => this.optimizer.update(this.optimizerState, update));
    const dataset = textBatch.dataset.name;
    return { loss, gradientNorm, learningRate, dataset, rows: textBatch.rows.length, tokens: tokenCount(bags) };
  }

  /** The loss of a batch, and its gradient by the embeddings in `gradients`. */
  private computeLoss(
    { textBatch, datasetIndex, bags }: StepBatch,
    prepared: unknown,
    gradients: Float32Array,
  ): number {
    const { kernels, table } = this.plan.model;
    const embeddings = this.embeddings.take(gradients.length);
    const ids = bags.ids.subarray(bags.offsets[0], bags.offsets.at(-1));
    this.clock.measure('optimizer', () => this.catchUp(ids));
    this.clock.measure('forward', () => kernels.bagForward(table, bags, embeddings));
    const columns = textBatch.texts.length;
    const input = {
      ...textBatch.extras,
      embeddings: splitColumns(embeddings, columns),
      rows: textBatch.rows.length,
      dimension: table.columns,
      prepared,
      kernels,
      products: this.plan.products,
    };
    const loss = this.plan.losses[datasetIndex]!;
    return this.clock.measure('loss', () => loss.compute(input, splitColumns(gradients, columns)));
  }

  private async prepareLoss(batch: TextBatch, dataset: number): Promise<{ readonly prepared: unknown } | undefined> {
    const loss = this.plan.losses[dataset]!;
    if (loss.prepare === undefined) return { prepared: undefined };
    const { texts, rows, extras } = batch;
    const random = createRandom(this.plan.arguments.seed, `loss/${this.progress.step}`);
    const textHashes = batchTextHashes(batch);
    const input = { ...extras, texts, textHashes, dataset: batch.dataset.name, rows, random };
    return this.unlessAborted(async () => ({ prepared: await loss.prepare!(input, this.plan.signal) }));
  }

  private async endStep(record: StepRecord): Promise<void> {
    const { arguments: args, steps } = this.plan;
    const { step, epoch } = this.progress;
    const { tokens: _, ...figures } = record;
    this.log.addStep(record);
    this.emit({ type: 'step-end', step, steps, epoch, ...figures, elapsedMs: this.elapsedMs() });
    const isLogged = step % args.loggingSteps === 0 || (args.loggingFirstStep && step === 1);
    if (isLogged) this.closeLogWindow();
    if (args.evalStrategy === 'steps' && step % args.evalSteps === 0) await this.evaluate();
    if (args.saveStrategy === 'steps' && step % args.saveSteps === 0) await this.saveCheckpoint();
    await this.writeRecords();
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

  private async evaluate(): Promise<void> {
    const { evaluators, model, signal } = this.plan;
    const { step, epoch } = this.progress;
    if (this.evaluatedAt === step) return;
    this.evaluatedAt = step;
    this.catchUp();
    for (const evaluator of evaluators) {
      if (signal?.aborted) return;
      const { name } = evaluator;
      this.emit({ type: 'evaluation-start', step, name });
      const startedAt = performance.now();
      const options = signal === undefined ? {} : { signal };
      const work = (): Promise<EvaluationResult> => evaluator.evaluate(model, options);
      const result = await this.clock.measureAsync('evaluate', () => this.unlessAborted(work));
      if (result === undefined) return;
      this.evaluations.push({ step, name, result });
      this.log.addEvaluation(step, epoch, result);
      await this.output?.appendEvaluation(result, { epoch, steps: step });
      this.emit({ type: 'evaluation-end', step, epoch, name, result, elapsedMs: performance.now() - startedAt });
    }
  }

  private async saveCheckpoint(): Promise<void> {
    const { plan, progress, output, optimizerState } = this;
    const { step } = progress;
    if (output === undefined || this.savedAt === step) return;
    this.savedAt = step;
    this.catchUp();
    const trainerState = describeState(plan, progress, this.log, this.evaluations);
    const checkpoint = { model: plan.model, readme: this.readme(), optimizerState, trainerState };
    const startedAt = performance.now();
    const save = (): Promise<string> => output.saveCheckpoint(step, (folder) => writeCheckpoint(folder, checkpoint));
    const path = await this.clock.measureAsync('save', save);
    this.emit({ type: 'checkpoint-saved', step, path, isBest: false, elapsedMs: performance.now() - startedAt });
  }

  private async finish(): Promise<TrainingSummary> {
    const { model, steps, arguments: args } = this.plan;
    const { step, pairs } = this.progress;
    const { stepsMs } = this.clock;
    const outcome = this.isAborted && step < steps ? 'aborted' : 'completed';
    this.closeLogWindow();
    this.catchUp();
    if (outcome === 'completed') await this.evaluate();
    else if (args.saveStrategy !== 'no') await this.saveCheckpoint();
    await this.writeRecords();
    const readme = this.readme();
    const modelFolder = await this.output?.saveModel((folder) => model.save(folder, { readme }));
    const elapsedMs = this.elapsedMs();
    const folder = modelFolder === undefined ? {} : { modelFolder };
    this.emit({ type: 'training-end', step, steps, outcome, pairs, elapsedMs, ...folder });
    const { evaluations, log } = this;
    const figures = { outcome, step, steps, pairs, meanLoss: log.meanLoss, elapsedMs, stepsMs } as const;
    return { ...figures, ...folder, evaluations, history: log.history, arguments: args };
  }

  private announce(): void {
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
      startStep: 0,
      ...(runName === undefined ? {} : { runName }),
      ...(outputDir === undefined ? {} : { outputDir }),
      arguments: { ...args } as JsonObject,
      setup: describeSetup(this.plan),
    });
    for (const notice of planNotices(this.plan)) this.emit(notice);
  }

  private readme(): string {
    return modelCard(this.plan, this.progress, this.evaluations);
  }

  private goesOn(): boolean {
    if (this.plan.signal?.aborted) this.isAborted = true;
    return !this.isAborted && this.progress.step < this.plan.steps;
  }

  /** The result of `work`, or undefined when the signal stopped it. */
  private async unlessAborted<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error, this.plan.signal)) throw error;
      this.isAborted = true;
      return undefined;
    }
  }

  private closeLogWindow(): void {
    const { step, epoch } = this.progress;
    const event = this.log.closeWindow(step, epoch, { ...this.clock.read(), elapsedMs: this.elapsedMs() });
    if (event !== undefined) this.emit(event);
  }

  private async writeRecords(): Promise<void> {
    const records = this.unwrittenRecords;
    this.unwrittenRecords = [];
    for (const record of records) await this.output?.appendLog(record);
  }

  /** Brings the rows named by `ids`, or all, up to date, before they are read. */
  private catchUp(ids?: Int32Array): void {
    const { kernels, table } = this.plan.model;
    this.optimizer.catchUp(this.optimizerState, { kernels, table, ...(ids === undefined ? {} : { ids }) });
  }

  private elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  private emit(event: TrainingEvent): void {
    this.plan.onEvent?.(event);
  }
}

/**
 * Trains `model` on `datasets`: each step embeds a batch, takes the loss and its gradient and moves the table by AdamW.
 *
 * The table changes in place. With `arguments.outputDir` the model is saved in its folder `final`, also when `signal`
 * ended the run. The same options, kernels and thread count give the same bytes.
 *
 * @throws EmbedbagError before the first step for arguments, datasets or an `outputDir` that cannot work, and
 * `non-finite-loss` at the step whose loss or gradient is NaN or infinite, with the table as it was before that step.
 *
 * @example
 * ```ts
 * const summary = await train({
 *   model,
 *   datasets,
 *   loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [256, 128, 64] }),
 *   arguments: { perDeviceTrainBatchSize: 1024, outputDir: 'output/first' },
 *   onEvent: progressReporter({ stream: process.stderr }),
 * });
 * ```
 *
 * Follows `SentenceTransformerTrainer` of sentence-transformers.
 */
export async function train(options: TrainOptions): Promise<TrainingSummary> {
  const plan = planTraining({
    ...options,
    evaluators: options.evaluators ?? [],
    arguments: resolveTrainingArguments(options.arguments),
    batchSampler: options.batchSampler ?? noDuplicatesBatchSampler(),
    multiDatasetBatchSampler: options.multiDatasetBatchSampler ?? proportionalBatchSampler(),
  });
  const { outputDir, saveTotalLimit } = plan.arguments;
  const limits = saveTotalLimit === undefined ? {} : { saveTotalLimit };
  const output = outputDir === undefined ? undefined : await openTrainingOutput(outputDir, limits);
  const run = new TrainingRun(plan, output);
  try {
    return await run.run();
  } catch (error) {
    run.tellFailure(error);
    throw error;
  } finally {
    run.dispose();
  }
}
