import type { BatchStream, DatasetBatch, DatasetBatchStream } from '@embedbag/core';
import { testMultiDatasetBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { proportionalBatchSampler } from './proportional-batch-sampler.js';

testMultiDatasetBatchSampler({ create: proportionalBatchSampler });

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

const datasetsOf = (batches: readonly DatasetBatch[]): number[] => batches.map(({ dataset }) => dataset);
const counts = fc.array(fc.nat(12), { maxLength: 6 });

test('takes exactly the count of each stream, also of one that would go on, in the order of the stream', () => {
  fc.assert(
    fc.property(counts, fc.nat(), fc.nat(5), (each, seed, extra) => {
      const streams = each.map((count) => streamOf(count, count + extra));
      const mixed = proportionalBatchSampler().open(streams, { seed });
      const batches = drain(mixed);
      expect(mixed.count).toBe(each.reduce((sum, count) => sum + count, 0));
      expect(mixed.position).toBe(mixed.count);
      for (const [dataset, count] of each.entries()) {
        const own = batches.filter((batch) => batch.dataset === dataset).map(({ rows }) => rows[0]);
        expect(own).toEqual(Array.from({ length: count }, (_, batch) => batch));
      }
    }),
  );
});

test('skipping is the same as drawing, also past streams that end before their count', () => {
  fc.assert(
    fc.property(counts, fc.nat(), fc.nat(60), (each, seed, skipped) => {
      const open = (): DatasetBatchStream =>
        proportionalBatchSampler().open(
          each.map((count) => streamOf(count, Math.max(0, count - 2))),
          { seed },
        );
      const drawn = drain(open());
      const mixed = open();
      mixed.skip(skipped);
      expect(mixed.position).toBe(Math.min(skipped, drawn.length));
      expect(drain(mixed)).toEqual(drawn.slice(skipped));
    }),
  );
});

test('the same seed gives the same order, another seed gives another', () => {
  const draw = (seed: number): number[] =>
    datasetsOf(drain(proportionalBatchSampler().open([streamOf(20), streamOf(10)], { seed })));
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
});

test('mixes the datasets evenly: a small one comes early as often as late', () => {
  let early = 0;
  for (let seed = 0; seed < 400; seed++) {
    const order = datasetsOf(drain(proportionalBatchSampler().open([streamOf(19), streamOf(1)], { seed })));
    if (order.indexOf(1) < 10) early += 1;
  }
  expect(Math.abs(early - 200)).toBeLessThan(60);
});

test('goes on with the others where a stream ends before its count', () => {
  const mixed = proportionalBatchSampler().open([streamOf(5, 1), streamOf(3)], { seed: 1 });
  expect(mixed.count).toBe(8);
  expect(datasetsOf(drain(mixed)).sort()).toEqual([0, 1, 1, 1]);
  expect(mixed.position).toBe(4);
});

test('refuses to skip backwards', () => {
  expect(() =>
    proportionalBatchSampler()
      .open([streamOf(1)], { seed: 1 })
      .skip(-1),
  ).toThrow('Expected `batches` to be a whole number of at least 0, received -1.');
});
