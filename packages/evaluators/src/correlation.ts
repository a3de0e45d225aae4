import { EmbedbagError } from '@embedbag/core';

function checkLengths(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length === b.length) return;
  throw new EmbedbagError({
    code: 'length-mismatch',
    message: `Expected two lists of the same length, received ${a.length} and ${b.length} numbers. Give one number of each for every pair.`,
    details: { first: a.length, second: b.length },
  });
}

function meanOfAll(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * Pearson's correlation of two lists of numbers, -1 to 1; not a number where one of them does not vary.
 * Throws `length-mismatch`.
 *
 * @example
 * ```ts
 * pearsonCorrelation([1, 2, 3], [2, 4, 6]); // 1
 * ```
 */
export function pearsonCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkLengths(a, b);
  const meanA = meanOfAll(a);
  const meanB = meanOfAll(b);
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const deviationA = a[i]! - meanA;
    const deviationB = b[i]! - meanB;
    product += deviationA * deviationB;
    squaresA += deviationA * deviationA;
    squaresB += deviationB * deviationB;
  }
  return Math.min(1, Math.max(-1, product / Math.sqrt(squaresA) / Math.sqrt(squaresB)));
}

/** The rank of every value from 1, the lowest first; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const rankOf = new Map<number, number>();
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && sorted[end] === sorted[start]) end += 1;
    rankOf.set(sorted[start]!, (start + 1 + end) / 2);
  }
  return Float64Array.from(values, (value) => rankOf.get(value) ?? Number.NaN);
}

/**
 * Spearman's rank correlation of two lists of numbers, -1 to 1: Pearson's correlation of their ranks, where equal values
 * share the mean of their ranks; not a number where a list does not vary. Throws `length-mismatch`.
 *
 * @example
 * ```ts
 * spearmanCorrelation([1, 2, 3], [10, 20, 1000]); // 1
 * ```
 */
export function spearmanCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkLengths(a, b);
  return pearsonCorrelation(averageRanks(a), averageRanks(b));
}
