import type { EvaluationResult, JsonObject, TrainingEvent } from '@embedbag/core';
import type { PhaseReading } from './phase-clock.js';

/** What one step did. */
export interface StepRecord {
  readonly loss: number;
  readonly gradientNorm: number;
  /** The rate the step was taken with. */
  readonly learningRate: number;
  readonly dataset: string;
  /** Rows of the batch. */
  readonly rows: number;
  /** Of all its texts. */
  readonly tokens: number;
}

/** The event of one log line. */
type LogEvent = Extract<TrainingEvent, { readonly type: 'log' }>;

/** The time since the last log line, and `elapsedMs` since the start of training. */
export interface LogTime extends PhaseReading {
  readonly elapsedMs: number;
}

/** Collects steps into log lines. */
export interface TrainingLog {
  /** All lines so far, as they stand in `trainer_log.jsonl`, under the reference's names. */
  readonly history: readonly JsonObject[];
  /** Mean loss over all steps; 0 before the first. */
  readonly meanLoss: number;
  /** The sums since the last line and over all steps, for a checkpoint. */
  state(): JsonObject;
  /** Goes on from the `state` and the `history` of another log. */
  restore(state: JsonObject, history: readonly JsonObject[]): void;
  addStep(step: StepRecord): void;
  /** The means over the steps since the last call, which begin anew; undefined when there was none. */
  closeWindow(step: number, epoch: number, time: LogTime): LogEvent | undefined;
  addEvaluation(step: number, epoch: number, result: EvaluationResult): void;
}

interface Sums {
  steps: number;
  loss: number;
  gradientNorm: number;
  rows: number;
  tokens: number;
  learningRate: number;
}

const noSteps = (): Sums => ({ steps: 0, loss: 0, gradientNorm: 0, rows: 0, tokens: 0, learningRate: 0 });

function savedSums({
  gradientNorm: grad_norm,
  learningRate: learning_rate,
  ...sums
}: Sums): Record<Exclude<keyof Sums, 'gradientNorm' | 'learningRate'> | 'grad_norm' | 'learning_rate', number> {
  return { ...sums, grad_norm, learning_rate };
}

function restoredSums({ grad_norm, learning_rate, ...sums }: ReturnType<typeof savedSums>): Sums {
  return { ...sums, gradientNorm: grad_norm, learningRate: learning_rate };
}

/** What limits a run, and the memory of its process. */
function speedOf(
  { rows, tokens }: Sums,
  { trainingMs, shares, elapsedMs }: LogTime,
): Pick<LogEvent, 'pairsPerSecond' | 'tokensPerSecond' | 'timeShares' | 'elapsedMs'> & { memoryBytes: number } {
  const perSecond = (count: number): number => (trainingMs > 0 ? (count * 1000) / trainingMs : 0);
  return {
    pairsPerSecond: perSecond(rows),
    tokensPerSecond: perSecond(tokens),
    timeShares: shares,
    memoryBytes: process.memoryUsage.rss(),
    elapsedMs,
  };
}

/** An empty log; every line goes to `onRecord` too. */
export function createTrainingLog(onRecord: (record: JsonObject) => void): TrainingLog {
  const history: JsonObject[] = [];
  let window = noSteps();
  let allSteps = 0;
  let allLoss = 0;
  const add = (record: JsonObject): void => {
    history.push(record);
    onRecord(record);
  };
  return {
    history,
    get meanLoss() {
      return allSteps === 0 ? 0 : allLoss / allSteps;
    },
    state: () => ({
      steps: allSteps,
      loss: allLoss,
      window: savedSums(window),
    }),
    restore(state, lines) {
      history.push(...lines);
      allSteps = state.steps as number;
      allLoss = state.loss as number;
      window = restoredSums(state.window as Record<keyof ReturnType<typeof savedSums>, number>);
    },
    addStep(step) {
      allSteps += 1;
      allLoss += step.loss;
      window.steps += 1;
      window.loss += step.loss;
      window.gradientNorm += step.gradientNorm;
      window.rows += step.rows;
      window.tokens += step.tokens;
      window.learningRate = step.learningRate;
    },
    closeWindow(step, epoch, time) {
      const { steps, learningRate } = window;
      if (steps === 0) return undefined;
      const loss = window.loss / steps;
      const gradientNorm = window.gradientNorm / steps;
      const speed = speedOf(window, time);
      window = noSteps();
      add({
        step,
        epoch,
        loss,
        grad_norm: gradientNorm,
        learning_rate: learningRate,
        pairs_per_second: speed.pairsPerSecond,
        tokens_per_second: speed.tokensPerSecond,
        time_shares: { ...speed.timeShares },
        memory_bytes: speed.memoryBytes,
      });
      return { type: 'log', step, epoch, loss, gradientNorm, learningRate, ...speed };
    },
    addEvaluation(step, epoch, { metrics }) {
      const scores = Object.entries(metrics).map(([key, value]) => [`eval_${key}`, value] as const);
      add({ step, epoch, ...Object.fromEntries(scores) });
    },
  };
}
