import {
  type BatchSampler,
  type BatchStreamState,
  type DatasetBatchStream,
  hashTexts,
  isEmbedbagError,
  type MultiDatasetBatchSampler,
  type RowBlocks,
  restoreStream,
  type SampledRows,
  saveStream,
} from '@embedbag/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultBatchSampler } from './default-batch-sampler.js';
import { groupByLabelBatchSampler } from './group-by-label-batch-sampler.js';
import { noDuplicatesBatchSampler } from './no-duplicates-batch-sampler.js';
import { proportionalBatchSampler } from './proportional-batch-sampler.js';
import { roundRobinBatchSampler } from './round-robin-batch-sampler.js';
import { weightedBatchSampler } from './weighted-batch-sampler.js';

/** Rows of two columns; `repeats` of them share a text. With `blockRows` they are read in blocks of so many. */
function rowsOf(rowCount: number, repeats: number, blockRows?: number): SampledRows {
  const columns = [0, 1].map((column) =>
    hashTexts(Array.from({ length: rowCount }, (_, row) => (row < repeats ? `shared ${row % 3}` : `${column}/${row}`))),
  );
  return {
    rowCount,
    columns: ['anchor', 'positive'],
    textHashes: (column) => columns[column]!,
    labels: (rows) => Float32Array.from(rows, (row) => row % 3),
    ...(blockRows !== undefined && { blocks: blocksOf(rowCount, blockRows) }),
  };
}

function blocksOf(rowCount: number, blockRows: number): RowBlocks {
  const firstRows = Int32Array.from({ length: Math.ceil(rowCount / blockRows) }, (_, block) => block * blockRows);
  return { firstRows, openBlocks: 2 };
}

const SAMPLERS: readonly BatchSampler[] = [
  defaultBatchSampler(),
  noDuplicatesBatchSampler(),
  groupByLabelBatchSampler(),
];
const MIXERS: readonly MultiDatasetBatchSampler[] = [
  proportionalBatchSampler(),
  roundRobinBatchSampler(),
  weightedBatchSampler({ weights: [3, 1, 2] }),
];

const run = fc.record({
  sizes: fc.array(
    fc.record({
      rows: fc.integer({ min: 6, max: 60 }),
      repeats: fc.nat(30),
      blockRows: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  sampler: fc.constantFrom(...SAMPLERS),
  mixer: fc.constantFrom(...MIXERS),
  batchSize: fc.constantFrom(4, 6, 10),
  dropLast: fc.boolean(),
  seed: fc.nat(),
  given: fc.nat(40),
});

test('every sampler under every other goes on from a saved place as it would have', () => {
  fc.assert(
    fc.property(run, ({ sizes, sampler, mixer, given, seed, ...options }) => {
      const open = (): DatasetBatchStream => {
        const streams = sizes.map(({ rows, repeats, blockRows }) =>
          sampler.open(rowsOf(rows, repeats, blockRows), { ...options, seed }),
        );
        return mixer.open(streams, { seed });
      };
      const first = open();
      for (let batch = 0; batch < given; batch++) first.next();
      const saved: BatchStreamState = JSON.parse(JSON.stringify(saveStream(first)));
      const [restored, skipped] = [open(), open()];
      restoreStream(restored, saved);
      skipped.skip(given);
      expect(restored.position).toBe(skipped.position);
      for (let rest = 0; rest < 100; rest++) {
        const batch = first.next();
        expect(restored.next()).toEqual(batch);
        expect(skipped.next()).toEqual(batch);
        expect(restored.position).toBe(first.position);
      }
    }),
    { numRuns: 300 },
  );
});

test('NO_DUPLICATES also goes on counting the rows that it has not drawn', () => {
  const size = fc.record({ rows: fc.integer({ min: 1, max: 60 }), repeats: fc.nat(60), given: fc.nat(20) });
  fc.assert(
    fc.property(
      size,
      fc.boolean(),
      fc.integer({ min: 2, max: 9 }),
      fc.nat(),
      ({ rows, repeats, given }, dropLast, batchSize, seed) => {
        const open = () => noDuplicatesBatchSampler().open(rowsOf(rows, repeats), { batchSize, dropLast, seed });
        const stream = open();
        for (let batch = 0; batch < given; batch++) stream.next();
        const restored = open();
        restoreStream(restored, saveStream(stream));
        expect(restored.undrawnRows).toBe(stream.undrawnRows);
        while (stream.next() !== undefined) {
          restored.next();
          expect(restored.undrawnRows).toBe(stream.undrawnRows);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a saved place is small: it lists only the rows that wait', () => {
  const stream = noDuplicatesBatchSampler().open(rowsOf(3000, 30), { batchSize: 100, dropLast: false, seed: 1 });
  stream.skip(10);
  expect(JSON.stringify(saveStream(stream)).length).toBeLessThan(400);
});

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isEmbedbagError(error)) return `${error.code}: ${error.message}`;
  }
  return 'none';
}

test('refuses the state of other rows, of another sampler, and of nothing', () => {
  const options = { batchSize: 4, dropLast: false, seed: 1 };
  const of = (rows: number): BatchStreamState => saveStream(defaultBatchSampler().open(rowsOf(rows, 0), options));
  const restore = (state: BatchStreamState): string =>
    refusal(() => restoreStream(noDuplicatesBatchSampler().open(rowsOf(9, 0), options), state));
  expect(restore(of(9))).toBe(
    'stream-state-invalid: Expected the state of a stream of NO_DUPLICATES with {"rowCount":9,"batchSize":4,"dropLast":false,"seed":1}, received BATCH_SAMPLER with {"rowCount":9,"batchSize":4,"dropLast":false,"seed":1}. Open the stream with the rows, options and seed it was saved with.',
  );
  expect(restore({ position: 3 })).toMatch(/^stream-state-invalid: .*received \{"position":3\}\./);
  const own = saveStream(noDuplicatesBatchSampler().open(rowsOf(9, 0), options));
  expect(restore({ ...own, waiting: [99] })).toBe(
    'stream-state-invalid: Expected the state of a stream of `waiting` with whole numbers below 9, received [99]. Open the stream with the rows, options and seed it was saved with.',
  );
  expect(restore(own)).toBe('none');
  const late = defaultBatchSampler().open(rowsOf(9, 0), options);
  late.next();
  expect(refusal(() => restoreStream(late, of(9)))).toBe(
    'stream-state-invalid: Expected to restore a stream that has given nothing yet, received one at 1. Open a new one.',
  );
});

test('the first batches of a seed are the same on every platform', () => {
  const firstOf = (sampler: BatchSampler): number[][] => {
    const stream = sampler.open(rowsOf(40, 12), { batchSize: 6, dropLast: false, seed: 42 });
    return [0, 1, 2].map(() => [...stream.next()!]);
  };
  expect(firstOf(defaultBatchSampler()).join(' | ')).toBe('1,19,4,39,24,29 | 6,7,9,26,14,11 | 38,17,25,30,2,21');
  expect(firstOf(noDuplicatesBatchSampler()).join(' | ')).toBe(
    '17,14,27,30,10,5 | 22,26,39,28,29,37 | 9,34,2,20,13,18',
  );
  const streams = [30, 18, 12].map((rows) =>
    defaultBatchSampler().open(rowsOf(rows, 0), { batchSize: 6, dropLast: false, seed: 42 }),
  );
  const turns = proportionalBatchSampler().open(streams, { seed: 42 });
  expect(Array.from({ length: 10 }, () => turns.next()!.dataset).join('')).toBe('0012200101');
});
