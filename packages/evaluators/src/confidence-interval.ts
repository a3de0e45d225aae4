import { createRandom, type EvaluationResult } from '@embedbag/core';
import { checkResampling, drawItems, itemsFor, percentileInterval, type ResamplingOptions } from './resampled-items.js';

/** A figure, and where it would lie if other items of the same kind had been measured. */
export interface ConfidenceInterval {
  readonly metric: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

/**
 * A bootstrap interval of a figure: the items are drawn again with replacement, as many as there are, and the figure of
 * each draw is taken; the interval holds the middle `level` of them. Several datasets are drawn from each by itself.
 *
 * The percentile method of Efron and Tibshirani 1993, chapter 13. It says how much the figure owes to these items, not to
 * the seed of the training. `result` is one that was evaluated `withItems`.
 *
 * Throws `items-missing`, `metric-unknown`, `level-invalid` and `resamples-invalid`.
 *
 * @example
 * ```ts
 * const result = await evaluator.evaluate(model, { withItems: true });
 * const { value, low, high } = confidenceInterval(result, { metric: 'scifact_cosine_ndcg@10' });
 * ```
 */
export function confidenceInterval(result: EvaluationResult, options: ResamplingOptions = {}): ConfidenceInterval {
  checkResampling(options);
  const { metric = result.primaryMetric, level = 0.95, resamples = 2000, seed = 42 } = options;
  const items = itemsFor(result, metric);
  const random = createRandom(seed, 'confidence-interval');
  const drawn = new Int32Array(items.ids.length);
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    drawItems(items.groups, random, drawn);
    values[i] = items.measure(metric, drawn);
  }
  return { metric, value: result.metrics[metric]!, ...percentileInterval(values, level), level };
}
