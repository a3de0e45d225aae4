import type { BatchStream, SampledRows } from '@embedbag/core';
import { testBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultBatchSampler } from './default-batch-sampler.js';

testBatchSampler({ create: defaultBatchSampler });

function rowsWithoutTexts(rowCount: number): SampledRows {
  return {
    rowCount,
    columns: [],
    textHashes: () => {
      throw new Error('not asked for');
    },
  };
}

function drain(stream: BatchStream): number[][] {
  const batches: number[][] = [];
  for (let rows = stream.next(); rows !== undefined; rows = stream.next()) batches.push([...rows]);
  return batches;
}

const sizes = fc.record({
  rowCount: fc.nat(200),
  batchSize: fc.integer({ min: 1, max: 50 }),
  dropLast: fc.boolean(),
  seed: fc.nat(),
});

test('hands out every row exactly once in batches of the size, the last one with the rest', () => {
  fc.assert(
    fc.property(sizes, ({ rowCount, batchSize, seed }) => {
      const stream = defaultBatchSampler().open(rowsWithoutTexts(rowCount), { batchSize, dropLast: false, seed });
      const batches = drain(stream);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: rowCount }, (_, row) => row));
      for (const batch of batches.slice(0, -1)) expect(batch).toHaveLength(batchSize);
      expect(batches).toHaveLength(Math.ceil(rowCount / batchSize));
      expect(stream.count).toBe(batches.length);
      expect(stream.position).toBe(batches.length);
    }),
  );
});

test('with `dropLast` hands out only full batches, each row at most once', () => {
  fc.assert(
    fc.property(sizes, ({ rowCount, batchSize, seed }) => {
      const stream = defaultBatchSampler().open(rowsWithoutTexts(rowCount), { batchSize, dropLast: true, seed });
      const batches = drain(stream);
      expect(batches).toHaveLength(Math.floor(rowCount / batchSize));
      expect(stream.count).toBe(batches.length);
      for (const batch of batches) expect(batch).toHaveLength(batchSize);
      expect(new Set(batches.flat()).size).toBe(batches.flat().length);
    }),
  );
});

test('skipping is the same as drawing', () => {
  fc.assert(
    fc.property(sizes, fc.nat(60), ({ rowCount, ...options }, skipped) => {
      const drawn = drain(defaultBatchSampler().open(rowsWithoutTexts(rowCount), options));
      const stream = defaultBatchSampler().open(rowsWithoutTexts(rowCount), options);
      stream.skip(skipped);
      expect(stream.position).toBe(Math.min(skipped, drawn.length));
      expect(drain(stream)).toEqual(drawn.slice(skipped));
    }),
  );
});

test('the same seed gives the same batches, another seed gives others', () => {
  const draw = (seed: number): number[][] =>
    drain(defaultBatchSampler().open(rowsWithoutTexts(100), { batchSize: 16, dropLast: false, seed }));
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
  expect(draw(42).flat()).not.toEqual(Array.from({ length: 100 }, (_, row) => row));
});

test('a batch belongs to the caller', () => {
  const options = { batchSize: 4, dropLast: false, seed: 1 };
  const stream = defaultBatchSampler().open(rowsWithoutTexts(8), options);
  stream.next()!.fill(-1);
  expect([...stream.next()!]).toEqual(drain(defaultBatchSampler().open(rowsWithoutTexts(8), options))[1]);
});

test('refuses a batch size that is not a whole number of at least 1, and skips backwards', () => {
  const open = (batchSize: number): BatchStream =>
    defaultBatchSampler().open(rowsWithoutTexts(8), { batchSize, dropLast: false, seed: 1 });
  for (const batchSize of [0, -1, 2.5, Number.NaN]) {
    expect(() => open(batchSize)).toThrow(
      `Expected \`batchSize\` to be a whole number of at least 1, received ${batchSize}. Give the rows of a batch.`,
    );
  }
  expect(() => open(4).skip(-1)).toThrow(
    'Expected `batches` to be a whole number of at least 0, received -1. A stream only goes forward; open a new one to go back.',
  );
});
