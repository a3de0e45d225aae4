import type { EvaluationResult, Evaluator, TrainingEvent } from '@embedbag/core';
import { BestModel } from './best-model.js';
import { heldOutLoss } from './held-out-loss.js';
import type { PhaseClock } from './phase-clock.js';
import type { RunProgress } from './run-progress.js';
import type { RunStop } from './run-stop.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingLog } from './training-log.js';
import type { TrainingOutput } from './training-output.js';
import type { TrainingPlan } from './training-plan.js';

/** What evaluations are made with. */
export interface RunEvaluationParts {
  readonly plan: TrainingPlan;
  readonly output: TrainingOutput | undefined;
  readonly log: TrainingLog;
  readonly clock: PhaseClock;
  readonly stop: RunStop;
  readonly emit: (event: TrainingEvent) => void;
}

/** The evaluations of a run: on held-out data and by its evaluators. */
export class RunEvaluation {
  readonly best: BestModel;
  private readonly parts: RunEvaluationParts;
  private readonly evaluators: readonly Evaluator[];
  private allRecords: EvaluationRecord[] = [];
  private lastStep: number | undefined;

  constructor(parts: RunEvaluationParts) {
    const { plan } = parts;
    this.parts = parts;
    this.best = new BestModel(plan.arguments);
    const held = plan.evalDatasets.length === 0 ? [] : [heldOutLoss(plan, plan.model.kernels)];
    this.evaluators = [...held, ...plan.evaluators];
  }

  get records(): readonly EvaluationRecord[] {
    return this.allRecords;
  }

  /** The last step whose evaluation is whole. */
  get evaluatedAt(): number | undefined {
    return this.lastStep;
  }

  restore(records: readonly EvaluationRecord[], evaluatedAt: number | undefined): void {
    this.allRecords = [...records];
    this.lastStep = evaluatedAt;
  }

  /** Runs all evaluators, unless they ran at this step already; the table must be up to date. */
  async evaluate({ step, epoch }: RunProgress): Promise<void> {
    const { plan, stop } = this.parts;
    if (this.lastStep === step) return;
    const records: EvaluationRecord[] = [];
    for (const evaluator of this.evaluators) {
      const record = plan.signal?.aborted ? undefined : await this.runEvaluator(evaluator, step, epoch);
      if (record === undefined) return;
      records.push(record);
    }
    this.lastStep = step;
    this.best.observe(step, records);
    const reason = this.best.stopReason;
    if (reason !== undefined) stop.stop(reason);
  }

  /** Runs all evaluators on another table than they saw at this step. */
  async evaluateAgain(progress: RunProgress): Promise<void> {
    this.lastStep = undefined;
    await this.evaluate(progress);
  }

  private async runEvaluator(evaluator: Evaluator, step: number, epoch: number): Promise<EvaluationRecord | undefined> {
    const { plan, clock, stop, log, output, emit } = this.parts;
    const { name } = evaluator;
    emit({ type: 'evaluation-start', step, name });
    const startedAt = performance.now();
    const options = plan.signal === undefined ? {} : { signal: plan.signal };
    const work = (): Promise<EvaluationResult> => evaluator.evaluate(plan.model, options);
    const result = await clock.measureAsync('evaluate', () => stop.unlessAborted(work));
    if (result === undefined) return undefined;
    const record = { step, name, result };
    this.allRecords.push(record);
    log.addEvaluation(step, epoch, result);
    await output?.appendEvaluation(result, { epoch, steps: step });
    emit({ type: 'evaluation-end', step, epoch, name, result, elapsedMs: performance.now() - startedAt });
    return record;
  }
}
