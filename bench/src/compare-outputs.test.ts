import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compareOutputs, largestDifference } from './compare-outputs.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'embedbag-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(side: string, values: readonly number[]): string {
  const at = path.join(folder, side);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'values'), new Uint8Array(Float64Array.from(values).buffer));
  return at;
}

function compare(ours: readonly number[], theirs: readonly number[], tolerance: number) {
  const types = { values: 'float64' } as const;
  return compareOutputs(
    [
      { name: 'values', tolerance },
      { name: 'what the peer lacks', tolerance: 0 },
    ],
    { folder: written('ours', ours), types },
    { folder: written('theirs', theirs), types, side: 'peer' },
  );
}

test('values within the tolerance are the same, and the largest difference is told', () => {
  expect(compare([1, 2, 3], [1, 2.25, 3], 0.5)).toEqual([{ name: 'values', length: 3, largestDifference: 0.25 }]);
});

test('a difference above the tolerance is an error that names both values and the place', () => {
  expect(() => compare([1, 2], [1, 2.5], 0.1)).toThrow(
    'Expected `values` of embedbag and peer to differ by at most 0.1, received 2 and 2.5 at 1 of 2. They did not compute the same.',
  );
});

test('arrays of different lengths are an error', () => {
  expect(() => compare([1, 2], [1], 1)).toThrow('to be of one length, received 2 and 1 values');
});

test('a value that is no number is never the same', () => {
  expect(largestDifference([Number.NaN], [Number.NaN], false).largest).toBe(Number.POSITIVE_INFINITY);
  expect(largestDifference([1], [Number.NaN], true).largest).toBe(Number.POSITIVE_INFINITY);
});

test('a relative difference is relative to our value', () => {
  expect(largestDifference([200], [202], true).largest).toBeCloseTo(0.01);
});
