import {
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type Evaluator,
  type TrainingEvent,
} from '@embedbag/core';
import type { TrainingArgumentsInput, TrainingSummary, TrainOptions } from '@embedbag/trainer';

/** Figures for the model card and the log. */
export interface ScoreSummary {
  readonly metrics: Readonly<Record<string, number>>;
  readonly primaryMetric: string;
}

/** What {@link evaluateAround} runs. */
export interface EvaluateAroundOptions<Scores> {
  readonly evaluate: (model: EmbeddingModel, options: EvaluateOptions) => Promise<Scores>;
  /** Undefined where there is nothing to measure on. */
  readonly summarize: ((scores: Scores) => ScoreSummary) | undefined;
  /** Trains with these beside its other options; `arguments` go before its own. */
  readonly train: (
    options: Required<Pick<TrainOptions, 'evaluators' | 'onEvent'>> & { readonly arguments: TrainingArgumentsInput },
  ) => Promise<TrainingSummary>;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** What {@link evaluateAround} found. */
export interface EvaluatedTraining<Scores> {
  readonly summary: TrainingSummary;
  /** Undefined where there is nothing to measure on. */
  readonly before: Scores | undefined;
  /** Undefined too when the run was stopped before its end. */
  readonly after: Scores | undefined;
  /** Time in `train`, evaluation left out: tokenizing, sampling, steps and saving. */
  readonly trainingMs: number;
}

/** Evaluates before the first step of a training and after its last one, so that the model card has the scores. */
export async function evaluateAround<Scores>(
  options: EvaluateAroundOptions<Scores>,
): Promise<EvaluatedTraining<Scores>> {
  const { evaluate, summarize, train, onEvent } = options;
  const scores: Scores[] = [];
  const evaluator: Evaluator = {
    contract: EVALUATOR_CONTRACT,
    name: 'recipe',
    config: {},
    async evaluate(model, evaluateOptions = {}) {
      const found = await evaluate(model, evaluateOptions);
      scores.push(found);
      return summarize?.(found) ?? { metrics: {}, primaryMetric: '' };
    },
  };
  let evaluationMs = 0;
  const startedAt = performance.now();
  const summary = await train({
    evaluators: summarize === undefined ? [] : [evaluator],
    arguments: { evalOnStart: summarize !== undefined },
    onEvent: (event) => {
      if (event.type === 'evaluation-end') evaluationMs += event.elapsedMs;
      return onEvent(event);
    },
  });
  const trainingMs = performance.now() - startedAt - evaluationMs;
  const [before, after] = scores;
  return { summary, before, after, trainingMs };
}
