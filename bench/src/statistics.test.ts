import { expect, test } from 'vitest';
import { median, percentile, spread } from './statistics.mjs';

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([9, 1, 3, 5])).toBe(4);
  expect(median([9, 1, 3])).toBe(3);
});

test('a spread has the least, the middle and the most', () => {
  expect(spread([2, 8, 4])).toEqual({ median: 4, min: 2, max: 8 });
});

test('a percentile is the value of the nearest rank', () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
});
