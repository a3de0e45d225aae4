import { createRandom } from '@embedbag/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { confidenceInterval } from './confidence-interval.js';
import { meanResult } from './fixtures/mean-result.js';
import { refusal } from './fixtures/refusal.js';
import { drawItems } from './resampled-items.js';

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
const quick = { resamples: 200 };

test('lies within the values, low below high, and is the same for a seed', () => {
  fc.assert(
    fc.property(values, fc.nat(), (list, seed) => {
      const { value, low, high } = confidenceInterval(meanResult(list), { ...quick, seed });
      expect(low).toBeLessThanOrEqual(high);
      expect(low).toBeGreaterThanOrEqual(Math.min(...list) - 1e-12);
      expect(high).toBeLessThanOrEqual(Math.max(...list) + 1e-12);
      expect(value).toBeCloseTo(list.reduce((sum, each) => sum + each, 0) / list.length, 12);
      expect(confidenceInterval(meanResult(list), { ...quick, seed })).toMatchObject({ low, high });
    }),
    { numRuns: 50 },
  );
});

test('gets wider with the level and narrower with more items', () => {
  const few = Array.from({ length: 20 }, (_, i) => i % 2);
  const many = Array.from({ length: 2000 }, (_, i) => i % 2);
  const width = (list: readonly number[], level: number): number => {
    const { low, high } = confidenceInterval(meanResult(list), { level, resamples: 500 });
    return high - low;
  };
  expect(width(few, 0.95)).toBeGreaterThan(width(few, 0.5));
  // A mean of n draws of 0 or 1 has a standard deviation of 0.5 / sqrt(n); the interval is 3.92 of them wide.
  expect(width(few, 0.95)).toBeCloseTo((3.92 * 0.5) / Math.sqrt(20), 1);
  expect(width(many, 0.95)).toBeCloseTo((3.92 * 0.5) / Math.sqrt(2000), 2);
});

test('holds the true mean about as often as it says', () => {
  const random = createRandom(7, 'coverage');
  let held = 0;
  for (let trial = 0; trial < 200; trial++) {
    const sample = Array.from({ length: 60 }, () => random.uniform());
    const { low, high } = confidenceInterval(meanResult(sample), { ...quick, seed: trial, level: 0.9 });
    if (low <= 0.5 && high >= 0.5) held += 1;
  }
  expect(held).toBeGreaterThan(200 * 0.82);
  expect(held).toBeLessThan(200 * 0.97);
});

test('draws from every group as many items as it has', () => {
  const out = new Int32Array(7);
  const random = createRandom(1, 'test');
  const seen = new Set<number>();
  for (let draw = 0; draw < 50; draw++) {
    drawItems([3, 4], random, out);
    expect(Math.max(...out.subarray(0, 3))).toBeLessThan(3);
    expect(Math.min(...out.subarray(3))).toBeGreaterThan(2);
    for (const item of out) seen.add(item);
  }
  expect(seen.size).toBe(7);
});

test('refuses results without items, unknown keys and levels that are none', async () => {
  const result = meanResult([0, 1]);
  const { items: _, ...bare } = result;
  expect(await refusal(() => confidenceInterval(bare))).toBe(
    'items-missing: Expected a result with `items`, received one without. Call `evaluate` with `withItems: true`, of an evaluator that has items.',
  );
  expect(await refusal(() => confidenceInterval(result, { metric: 'ndcg' }))).toBe(
    'metric-unknown: Expected `metric` to be a key of the result, such as `score`, received `ndcg`. Choose among the keys of `metrics`.',
  );
  expect(await refusal(() => confidenceInterval(result, { level: 95 }))).toBe(
    'level-invalid: Expected `level` to be above 0 and below 1, received 95. Give one such as 0.95.',
  );
  expect(await refusal(() => confidenceInterval(result, { resamples: 0 }))).toMatch(/^resamples-invalid: /);
});
