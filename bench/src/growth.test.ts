import { expect, test } from 'vitest';
import { bendOfMemory, growthMarks, laterOverEarlier, steepestStretch } from './growth.mjs';

const MIB = 2 ** 20;

test('time that grows as the work does stands at 1, and a fixed part makes it less', () => {
  const square = (size: number) => size ** 2;
  expect(
    steepestStretch(
      [1, 2, 4].map((size) => [size, 3 * size ** 2] as const),
      square,
    ).factor,
  ).toBeCloseTo(1);
  expect(
    steepestStretch(
      [1, 2, 4].map((size) => [size, 10 + size ** 2] as const),
      square,
    ).factor,
  ).toBeLessThan(1);
});

test('the stretch that is named is where the time grows fastest', () => {
  const points = [
    [1, 1],
    [2, 2],
    [4, 12],
    [8, 20],
  ] as const;
  expect(steepestStretch(points, (size) => size)).toEqual({ factor: 3, from: 1, to: 4 });
});

test('memory on a straight line bends by 1, whatever it begins with, and the square of the size bends it up', () => {
  const sizes = [100, 400, 1600];
  expect(bendOfMemory(sizes.map((size) => [size, 700 * MIB + size * MIB] as const))).toBeCloseTo(1);
  expect(bendOfMemory(sizes.map((size) => [size, 700 * MIB + size ** 2 * MIB] as const))).toBeCloseTo(4);
});

test('memory that stays within the noise does not grow', () => {
  const points = [500, 501, 510].map((mib, i) => [2 ** i, mib * MIB] as const);
  expect(bendOfMemory(points)).toBe(0);
});

test('values that stay flat stand at 1 and those that climb above it', () => {
  expect(laterOverEarlier([5, 5, 6, 5, 5])).toBe(1);
  expect(laterOverEarlier([100, 110, 120, 130])).toBeCloseTo(125 / 105);
});

test('the marks name the stretch, and two sizes are too few', () => {
  const growth = { name: 'rows', of: (size: number) => size };
  const time = [
    [1, 1],
    [2, 2],
    [4000, 8000],
  ] as const;
  const memory = time.map(([size]) => [size, size * MIB] as const);
  const marks = growthMarks({ time, memory }, { sizes: 'rows', growth });
  expect(marks.map(({ label, value }) => [label, value])).toEqual([
    ['time, steepest from 1 to 4,000 rows, over the growth of rows', 2],
    ['memory added over the larger half of the sizes, over a straight line', expect.any(Number)],
  ]);
  expect(growthMarks({ time: time.slice(1), memory }, { sizes: 'rows', growth })).toEqual([]);
});
