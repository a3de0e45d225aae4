import { EmbedbagError, type EvaluatedItems, type EvaluationResult, type Random } from '@embedbag/core';
import { requireWhole } from './dimension-options.js';

/** How chance is drawn in intervals and tests. */
export interface ResamplingOptions {
  /** Key of the figure. Default: the primary metric of the result. */
  readonly metric?: string;
  /** How sure the interval is, above 0 and below 1. Default: 0.95. */
  readonly level?: number;
  /** Default: 2000 for intervals, 10,000 for signs. */
  readonly resamples?: number;
  /** The same seed gives the same interval. Default: 42. */
  readonly seed?: number;
}

/** Throws `level-invalid` and `resamples-invalid`. */
export function checkResampling({ level, resamples }: ResamplingOptions): void {
  if (resamples !== undefined) requireWhole(resamples, 'resamples', 'resamples-invalid');
  if (level === undefined || (level > 0 && level < 1)) return;
  throw new EmbedbagError({
    code: 'level-invalid',
    message: `Expected \`level\` to be above 0 and below 1, received ${level}. Give one such as 0.95.`,
    details: { received: String(level) },
  });
}

/** The items of `result`, of which `metric` is a figure. Throws `items-missing` and `metric-unknown`. */
export function itemsFor(result: EvaluationResult, metric: string): EvaluatedItems {
  const { items, metrics } = result;
  if (items === undefined) {
    throw new EmbedbagError({
      code: 'items-missing',
      message:
        'Expected a result with `items`, received one without. Call `evaluate` with `withItems: true`, of an evaluator that has items.',
    });
  }
  if (Object.hasOwn(metrics, metric)) return items;
  throw new EmbedbagError({
    code: 'metric-unknown',
    message: `Expected \`metric\` to be a key of the result, such as \`${result.primaryMetric}\`, received \`${metric}\`. Choose among the keys of \`metrics\`.`,
    details: { received: metric },
  });
}

/** As many items of each group as it has, drawn with replacement into `out`, `[items]`. */
export function drawItems(groups: readonly number[], random: Random, out: Int32Array): void {
  let start = 0;
  for (const size of groups) {
    for (let i = 0; i < size; i++) out[start + i] = start + random.below(size);
    start += size;
  }
}

/** The value below which the share `share` of the ascending `sorted` lies, in between two of them where need be. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}

/** The percentile interval of resampled `values`; those that are not a number are left out. */
export function percentileInterval(
  values: Float64Array,
  level: number,
): { readonly low: number; readonly high: number } {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return { low: Number.NaN, high: Number.NaN };
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}
