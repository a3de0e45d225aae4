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

/** Values by their order alone, so that the ranks of any choice of them are found without sorting again. */
export interface OrderedValues {
  /** By value: how many different lower values there are, `[values]`. */
  readonly places: Int32Array;
  /** How many different values there are. */
  readonly distinct: number;
}

/** The order of `values`, none of which is not a number. */
export function orderValues(values: ArrayLike<number>): OrderedValues {
  const sorted = Float64Array.from(values).sort();
  const placeOf = new Map<number, number>();
  for (const value of sorted) if (!placeOf.has(value)) placeOf.set(value, placeOf.size);
  return { places: Int32Array.from(values, (value) => placeOf.get(value)!), distinct: placeOf.size };
}

/**
 * The rank of each of `items`, numbers of values that may come several times, among these items: from 1, the lowest first;
 * equal values share the mean of their ranks.
 */
export function averageRanks({ places, distinct }: OrderedValues, items: ArrayLike<number>): Float64Array {
  const counts = new Int32Array(distinct);
  for (let i = 0; i < items.length; i++) counts[places[items[i]!]!]! += 1;
  const ranks = new Float64Array(distinct);
  let below = 0;
  for (const [place, count] of counts.entries()) {
    ranks[place] = below + (count + 1) / 2;
    below += count;
  }
  return Float64Array.from(items, (item) => ranks[places[item]!]!);
}

/** The numbers `0 .. count - 1`. */
export function allItems(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, item) => item);
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
  const items = allItems(a.length);
  return pearsonCorrelation(averageRanks(orderValues(a), items), averageRanks(orderValues(b), items));
}
