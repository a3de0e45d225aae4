import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allItems, averageRanks, orderValues, pearsonCorrelation, spearmanCorrelation } from './correlation.js';
import { refusal } from './fixtures/refusal.js';

const few = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 30 });

test('equal values share the mean of the ranks they take', () => {
  const ranks = (values: readonly number[]): number[] => [
    ...averageRanks(orderValues(values), allItems(values.length)),
  ];
  expect(ranks([30, 10, 20, 10, 30, 30])).toEqual([5, 1.5, 3, 1.5, 5, 5]);
  fc.assert(
    fc.property(few, (values) => {
      const plain = values.map(
        (value) =>
          values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2,
      );
      expect(ranks(values)).toEqual(plain);
    }),
  );
});

test('items that were chosen have the ranks of their values by themselves', () => {
  fc.assert(
    fc.property(few, fc.array(fc.nat(), { maxLength: 40 }), (values, numbers) => {
      const items = numbers.map((number) => number % values.length);
      const alone = items.map((item) => values[item]!);
      expect(averageRanks(orderValues(values), items)).toEqual(
        averageRanks(orderValues(alone), allItems(alone.length)),
      );
    }),
  );
});

test('is 1 for a rising line, -1 for a falling one, and the same after a shift and a stretch', () => {
  expect(pearsonCorrelation([1, 2, 3], [10, 20, 30])).toBeCloseTo(1, 12);
  expect(pearsonCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  fc.assert(
    fc.property(few, fc.integer({ min: 1, max: 9 }), fc.integer(), (values, stretch, shift) => {
      const other = values.map((_, i) => (i * 7) % 5);
      const plain = pearsonCorrelation(values, other);
      fc.pre(!Number.isNaN(plain));
      expect(
        pearsonCorrelation(
          values.map((value) => value * stretch + (shift % 100)),
          other,
        ),
      ).toBeCloseTo(plain, 9);
    }),
  );
});

test('ranks do not see by how much values differ', () => {
  expect(spearmanCorrelation([1, 2, 3, 4], [0, 1, 10, 1000])).toBeCloseTo(1, 12);
  expect(pearsonCorrelation([1, 2, 3, 4], [0, 1, 10, 1000])).toBeLessThan(0.9);
  // Worked by hand: ranks 1, 2.5, 2.5 and 2, 1, 3.
  expect(spearmanCorrelation([1, 2, 2], [5, 4, 6])).toBeCloseTo(0, 12);
});

test('is not a number where a list does not vary, and refuses lists of different lengths', async () => {
  expect(spearmanCorrelation([1, 1, 1], [1, 2, 3])).toBeNaN();
  expect(await refusal(() => pearsonCorrelation([1, 2], [1]))).toBe(
    'length-mismatch: Expected two lists of the same length, received 2 and 1 numbers. Give one number of each for every pair.',
  );
});
