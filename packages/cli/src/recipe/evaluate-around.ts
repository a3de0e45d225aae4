import type { TrainingSummary } from '@embedbag/trainer';

/** What {@link evaluateAround} runs. */
export interface EvaluateAroundOptions<Scores> {
  readonly evaluate: () => Promise<Scores>;
  readonly train: () => Promise<TrainingSummary>;
  readonly signal: AbortSignal;
}

/** What {@link evaluateAround} found. */
export interface EvaluatedTraining<Scores> {
  readonly summary: TrainingSummary;
  readonly before: Scores;
  /** Undefined when the run was stopped before its end. */
  readonly after: Scores | undefined;
  /** Time in `train` alone: tokenizing, sampling, steps and saving, without evaluation. */
  readonly trainingMs: number;
}

/** Evaluates, trains, and evaluates again; a stop during the last part loses the scores and nothing else. */
export async function evaluateAround<Scores>(
  options: EvaluateAroundOptions<Scores>,
): Promise<EvaluatedTraining<Scores>> {
  const { evaluate, train, signal } = options;
  const before = await evaluate();
  const startedAt = performance.now();
  const summary = await train();
  const trainingMs = performance.now() - startedAt;
  const after = summary.outcome === 'completed' ? await unlessStopped(evaluate, signal) : undefined;
  return { summary, before, after, trainingMs };
}

async function unlessStopped<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  }
}
