import { EmbedbagError, EVALUATOR_CONTRACT, type EvaluationResult, type Evaluator } from '@embedbag/core';

/** The options of {@link sequentialEvaluator}. */
export interface SequentialEvaluatorOptions {
  /** What `sequential_score` is made of: the primary metric of the last evaluator, or the mean of all. Default: `last`. */
  readonly mainScore?: 'last' | 'mean';
}

const SCORE_KEY = 'sequential_score';

function mergeMetrics(results: readonly EvaluationResult[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const { metrics } of results) {
    for (const [key, value] of Object.entries(metrics)) {
      if (Object.hasOwn(merged, key)) {
        throw new EmbedbagError({
          code: 'repeated-metric',
          message: `Expected every evaluator to have keys of its own, received \`${key}\` from two. Give each evaluator its own \`name\`.`,
          details: { key },
        });
      }
      merged[key] = value;
    }
  }
  return merged;
}

/**
 * SequentialEvaluator: runs several evaluators one after the other and gives all their figures, and
 * `sequential_score`, the primary metric, and all their rows of CSV files. It has no items.
 *
 * Throws `no-evaluator` for an empty list; `evaluate` throws `repeated-metric` and what the evaluators throw.
 *
 * @example
 * ```ts
 * const evaluator = sequentialEvaluator([scifact, naturalQuestions], { mainScore: 'mean' });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics.sequential_score;
 * ```
 */
export function sequentialEvaluator(
  evaluators: readonly Evaluator[],
  { mainScore = 'last' }: SequentialEvaluatorOptions = {},
): Evaluator {
  if (evaluators.length === 0) {
    throw new EmbedbagError({
      code: 'no-evaluator',
      message: 'Expected `evaluators` to hold at least one evaluator, received none. Give one.',
    });
  }
  return {
    contract: EVALUATOR_CONTRACT,
    name: 'sequential',
    config: { mainScore, evaluators: evaluators.map(({ name, config }) => ({ name, config })) },
    async evaluate(model, options = {}) {
      const { signal, onProgress } = options;
      const results: EvaluationResult[] = [];
      for (const [index, evaluator] of evaluators.entries()) {
        signal?.throwIfAborted();
        const toShare = (share: number): void => onProgress?.((index + share) / evaluators.length);
        const result = await evaluator.evaluate(model, { ...options, withItems: false, onProgress: toShare });
        results.push(result);
      }
      const scores = results.map(({ metrics, primaryMetric }) => metrics[primaryMetric] ?? Number.NaN);
      const score = mainScore === 'last' ? scores.at(-1)! : scores.reduce((sum, each) => sum + each, 0) / scores.length;
      return {
        metrics: { ...mergeMetrics(results), [SCORE_KEY]: score },
        primaryMetric: SCORE_KEY,
        csv: results.flatMap(({ csv }) => csv ?? []),
      };
    },
  };
}
