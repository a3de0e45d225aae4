import type { EvaluatedItems, EvaluationResult } from '@embedbag/core';
import { expect } from 'vitest';

/** Sums of the same numbers in another order differ in the last digits. */
const DIGITS = 9;

/** The mean over groups of the means of `values` in each. */
function meanOfGroups(values: Float64Array, groups: readonly number[]): number {
  let start = 0;
  let sum = 0;
  for (const size of groups) {
    const group = values.subarray(start, start + size);
    sum += group.reduce((total, value) => total + value, 0) / size;
    start += size;
  }
  return sum / groups.length;
}

/** Throws unless `items` are those that the figures of `result` were made of. */
export function expectItems({ metrics }: EvaluationResult, items: EvaluatedItems): void {
  const { ids, groups, values } = items;
  const all = Int32Array.from(ids, (_, item) => item);
  const sizes = groups.reduce((sum, size) => sum + size, 0);
  expect(sizes, 'the sizes of the groups together, and the ids').toBe(ids.length);
  for (const [key, value] of Object.entries(metrics)) {
    expect(items.measure(key, all), `\`${key}\` measured on all items`).toBeCloseTo(value, DIGITS);
    const each = values[key];
    if (each === undefined) continue;
    expect(each.length, `values of \`${key}\``).toBe(ids.length);
    expect(meanOfGroups(each, groups), `the mean of the values of \`${key}\``).toBeCloseTo(value, DIGITS);
  }
  const strangers = Object.keys(values).filter((key) => !Object.hasOwn(metrics, key));
  expect(strangers, 'keys of `values` that `metrics` has not').toEqual([]);
  expect(items.measure('no such figure', all), 'a figure that is not there').toBeNaN();
}
