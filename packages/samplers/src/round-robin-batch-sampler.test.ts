import type { BatchStream, DatasetBatch, DatasetBatchStream } from '@embedbag/core';
import { testMultiDatasetBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roundRobinBatchSampler } from './round-robin-batch-sampler.js';

testMultiDatasetBatchSampler({ create: roundRobinBatchSampler, isShuffled: false });

/** A stream of `length` batches that counts `count`; batch `b` is the row number `b`. */
function streamOf(count: number, length = count): BatchStream {
  let position = 0;
  return {
    count,
    get position() {
      return position;
    },
    next: () => (position < length ? Int32Array.of(position++) : undefined),
    skip: (batches) => {
      position = Math.min(position + batches, length);
    },
  };
}

function drain(stream: DatasetBatchStream): DatasetBatch[] {
  const batches: DatasetBatch[] = [];
  for (let batch = stream.next(); batch !== undefined; batch = stream.next()) batches.push(batch);
  return batches;
}

const counts = fc.array(fc.nat(12), { maxLength: 6 });

test('takes one batch of each in turn and stops with the lowest count', () => {
  const mixed = roundRobinBatchSampler().open([streamOf(3, 9), streamOf(2, 9), streamOf(5)], { seed: 1 });
  expect(mixed.count).toBe(6);
  expect(drain(mixed).map(({ dataset, rows }) => [dataset, rows[0]])).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
  expect(mixed.position).toBe(6);
});

test('gives as many batches as it counts', () => {
  fc.assert(
    fc.property(counts, (each) => {
      const mixed = roundRobinBatchSampler().open(
        each.map((count) => streamOf(count)),
        { seed: 1 },
      );
      expect(drain(mixed)).toHaveLength(mixed.count);
      expect(mixed.count).toBe(each.length === 0 ? 0 : Math.min(...each) * each.length);
    }),
  );
});

test('skipping is the same as drawing, also past a stream that ends before its count', () => {
  fc.assert(
    fc.property(counts, fc.nat(60), fc.nat(2), (each, skipped, missing) => {
      const open = (): DatasetBatchStream =>
        roundRobinBatchSampler().open(
          each.map((count) => streamOf(count, Math.max(0, count - missing))),
          { seed: 1 },
        );
      const drawn = drain(open());
      const mixed = open();
      mixed.skip(skipped);
      expect(mixed.position).toBe(Math.min(skipped, drawn.length));
      expect(drain(mixed)).toEqual(drawn.slice(skipped));
    }),
  );
});

test('hands out whole rounds only where a stream ends before its count', () => {
  const mixed = roundRobinBatchSampler().open([streamOf(3), streamOf(3, 1)], { seed: 1 });
  expect(drain(mixed).map(({ dataset }) => dataset)).toEqual([0, 1]);
  expect(mixed.next()).toBeUndefined();
});

test('refuses to skip backwards', () => {
  expect(() =>
    roundRobinBatchSampler()
      .open([streamOf(1)], { seed: 1 })
      .skip(-1),
  ).toThrow('Expected `batches` to be a whole number of at least 0, received -1.');
});
