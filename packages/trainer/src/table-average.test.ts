import { expect, test } from 'vitest';
import { TableAverage } from './table-average.js';

test('the first table is the average, later ones weigh as the formula says', () => {
  const average = new TableAverage(2, 0.9);
  let expected = [1, -4];
  average.update(Float32Array.from(expected));
  expect([...average.values]).toEqual(expected);
  for (let n = 1; n < 200; n++) {
    const table = [Math.sin(n), n];
    const decay = Math.min(0.9, (1 + n) / (10 + n));
    expected = expected.map((value, i) => decay * value + (1 - decay) * table[i]!);
    average.update(Float32Array.from(table));
  }
  expect(average.updates).toBe(200);
  expect(average.values[0]).toBeCloseTo(expected[0]!, 5);
  expect(average.values[1]! / expected[1]!).toBeCloseTo(1, 5);
});

test('a swap exchanges all values, of a table longer than one piece too', () => {
  const average = new TableAverage(150_001, 0.5);
  average.update(Float32Array.from({ length: 150_001 }, (_, i) => i));
  const table = Float32Array.from({ length: 150_001 }, (_, i) => -i);
  average.swap(table);
  expect([table[0], table[65_536], table[150_000]]).toEqual([0, 65_536, 150_000]);
  expect([average.values[65_535], average.values[150_000]]).toEqual([-65_535, -150_000]);
});
