import { hashTexts, isEmbedbagError, restoreStream, saveStream } from '@embedbag/core';
import { testMultiDatasetBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultBatchSampler } from './default-batch-sampler.js';
import { weightedBatchSampler } from './weighted-batch-sampler.js';

testMultiDatasetBatchSampler({ create: () => weightedBatchSampler({ weights: [2, 1, 0.5, 3] }) });

/** Batches of one row, `count` of them. */
function streamOf(count: number): ReturnType<ReturnType<typeof defaultBatchSampler>['open']> {
  const hashes = hashTexts(Array.from({ length: count }, (_, row) => `row ${row}`));
  const rows = { rowCount: count, columns: ['anchor'], textHashes: () => hashes };
  return defaultBatchSampler().open(rows, { batchSize: 1, dropLast: false, seed: 1 });
}

function datasetsOf(counts: readonly number[], weights: readonly number[], seed = 42): number[] {
  const stream = weightedBatchSampler({ weights }).open(counts.map(streamOf), { seed });
  const datasets: number[] = [];
  for (let batch = stream.next(); batch !== undefined; batch = stream.next()) datasets.push(batch.dataset);
  expect(datasets).toHaveLength(stream.count);
  return datasets;
}

const countsOf = (datasets: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, dataset) => datasets.filter((each) => each === dataset).length);

test('gives batches in the proportions of the weights, as many as there are', () => {
  expect(countsOf(datasetsOf([100, 20], [2, 1]), 2)).toEqual([40, 20]);
  expect(countsOf(datasetsOf([100, 20], [1, 1]), 2)).toEqual([20, 20]);
  expect(countsOf(datasetsOf([30, 300, 7], [0.1, 0.2, 0]), 3)).toEqual([30, 60, 0]);
});

test('the scarcest dataset gives all, no dataset more than it has, and each at least one', () => {
  const some = fc.array(fc.record({ count: fc.integer({ min: 0, max: 40 }), weight: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(some, fc.nat(), (datasets, seed) => {
      const counts = datasets.map(({ count }) => count);
      const weights = datasets.map(({ weight }) => weight);
      const given = countsOf(datasetsOf(counts, weights, seed), counts.length);
      if (Math.max(...counts) > 0)
        expect(given.some((count, dataset) => count > 0 && count === counts[dataset])).toBe(true);
      for (const [dataset, count] of given.entries()) {
        expect(count).toBeLessThanOrEqual(counts[dataset]!);
        expect(count > 0).toBe(counts[dataset]! > 0);
        for (const [other, theirs] of given.entries()) {
          // Rounding down takes less than one batch from the exact proportion.
          if (counts[dataset]! > 0 && theirs > 1) {
            expect(theirs).toBeLessThanOrEqual(((count + 1) * weights[other]!) / weights[dataset]! + 1e-6);
          }
        }
      }
    }),
  );
});

test('the first turns of a seed are the same on every platform', () => {
  expect(datasetsOf([12, 6, 6], [2, 1, 1]).join('')).toBe('020120111020021200100200');
});

test('refuses weights that cannot be followed, and the state of other weights', () => {
  const refusal = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (isEmbedbagError(error)) return `${error.code}: ${error.message}`;
    }
    return 'none';
  };
  expect(refusal(() => weightedBatchSampler({ weights: [1, -1] }))).toBe(
    'weights-invalid: Expected `weights` to be finite numbers of at least 0, one of them above 0, received -1 for dataset 1. Correct that weight.',
  );
  expect(refusal(() => weightedBatchSampler({ weights: [0, 0] }))).toMatch(/received none above 0\./);
  expect(refusal(() => datasetsOf([1, 1], [1]))).toBe(
    'weights-invalid: Expected `weights` to hold a number for each of 2 datasets, received 1. Add the missing ones.',
  );
  const open = (weights: readonly number[]) => weightedBatchSampler({ weights }).open([streamOf(3)], { seed: 1 });
  expect(refusal(() => restoreStream(open([2]), saveStream(open([1]))))).toBe(
    'stream-state-invalid: Expected the state of a stream of WEIGHTED with {"seed":1,"weights":[2],"counts":[3]}, received WEIGHTED with {"seed":1,"weights":[1],"counts":[3]}. Open the stream with the rows, options and seed it was saved with.',
  );
});
