import {
  type BatchSampler,
  type BatchStream,
  createRandom,
  hashTexts,
  type RowBlocks,
  saveStream,
} from '@embedbag/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultBatchSampler } from './default-batch-sampler.js';
import { noDuplicatesBatchSampler } from './no-duplicates-batch-sampler.js';
import { shuffleOrder } from './shuffle-order.js';
import { ascendingRows } from './stream-arguments.js';

const layout = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
    openBlocks: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(),
  })
  .map(({ sizes, ...rest }) => ({ ...rest, ...blocksOf(sizes) }));

function blocksOf(sizes: readonly number[]): { readonly firstRows: Int32Array; readonly rowCount: number } {
  const firstRows: number[] = [];
  let rowCount = 0;
  for (const size of sizes) {
    firstRows.push(rowCount);
    rowCount += size;
  }
  return { firstRows: Int32Array.from(firstRows), rowCount };
}

function shuffled(rowCount: number, blocks: RowBlocks | undefined, seed = 1): Int32Array {
  const order = ascendingRows(rowCount);
  shuffleOrder(order, createRandom(seed, 'test'), blocks);
  return order;
}

function blockOfRow({ firstRows }: RowBlocks): (row: number) => number {
  return (row) => firstRows.findLastIndex((first) => first <= row);
}

test('every row is in the order once, and the same seed gives the same order', () => {
  fc.assert(
    fc.property(layout, ({ rowCount, seed, ...blocks }) => {
      const order = shuffled(rowCount, blocks, seed);
      expect([...order].sort((a, b) => a - b)).toEqual([...ascendingRows(rowCount)]);
      expect(shuffled(rowCount, blocks, seed)).toEqual(order);
    }),
  );
});

test('holding one block more than are open, each block is read once, and those at the ends twice', () => {
  const blocks = { ...blocksOf(Array.from({ length: 24 }, (_, block) => 150 + block)), openBlocks: 5 };
  const blockOf = blockOfRow(blocks);
  for (let seed = 0; seed < 5; seed++) {
    const held: number[] = [];
    let reads = 0;
    for (const row of shuffled(blocks.rowCount, blocks, seed)) {
      const block = blockOf(row);
      const place = held.indexOf(block);
      if (place === -1) reads += 1;
      else held.splice(place, 1);
      held.push(block);
      if (held.length > blocks.openBlocks + 1) held.shift();
    }
    expect(reads).toBe(24 + 5 - 1);
  }
});

test('rows of all open blocks are mixed, at the beginning as in the middle', () => {
  const blocks = { ...blocksOf(Array.from({ length: 40 }, () => 100)), openBlocks: 8 };
  const order = shuffled(blocks.rowCount, blocks);
  const blockOf = blockOfRow(blocks);
  for (const place of [0, 1000, 2000, 3900]) {
    const found = new Set([...order.subarray(place, place + 100)].map(blockOf));
    expect(found.size).toBeGreaterThanOrEqual(7);
    expect(found.size).toBeLessThanOrEqual(10);
  }
});

test('where all blocks may be open, the order is that of rows in memory', () => {
  const blocks = { ...blocksOf([10, 20, 30]), openBlocks: 3 };
  expect(shuffled(60, blocks)).toEqual(shuffled(60, undefined));
  expect(shuffled(60, { ...blocks, openBlocks: 2 })).not.toEqual(shuffled(60, undefined));
});

test.each([
  ['begin behind row 0', [1, 5], 2, 'block 0 from row 1'],
  ['descend', [0, 5, 5], 2, 'block 2 from row 5'],
  ['begin behind the last row', [0, 5, 10], 2, '3 blocks, 2 open'],
  ['may not be open', [0, 5], 0, '2 blocks, 0 open'],
  ['are none', [], 1, '0 blocks, 1 open'],
])('blocks that %s are refused', (_, firstRows, openBlocks, received) => {
  const rows = {
    rowCount: 10,
    columns: [],
    textHashes: () => new Uint32Array(20),
    blocks: { firstRows: Int32Array.from(firstRows), openBlocks },
  };
  for (const sampler of [defaultBatchSampler(), noDuplicatesBatchSampler()]) {
    const open = (): BatchStream => sampler.open(rows, { batchSize: 2, dropLast: false, seed: 1 });
    expect(open).toThrow(
      /^Expected `blocks` to have ascending first rows from 0 below 10 and at least one open block, /,
    );
    expect(open).toThrow(received);
  }
});

test.each([defaultBatchSampler(), noDuplicatesBatchSampler()])(
  '$name refuses a place that was saved with other blocks',
  (sampler: BatchSampler) => {
    const hashes = hashTexts(Array.from({ length: 40 }, (_, row) => `text ${row}`));
    const open = (firstRows: number[], openBlocks: number): BatchStream =>
      sampler.open(
        {
          rowCount: 40,
          columns: ['anchor'],
          textHashes: () => hashes,
          blocks: { firstRows: Int32Array.from(firstRows), openBlocks },
        },
        { batchSize: 4, dropLast: false, seed: 1 },
      );
    const saved = saveStream(open([0, 10, 20], 2));
    open([0, 10, 20], 2).restore?.(saved);
    for (const other of [open([0, 10, 21], 2), open([0, 10, 20], 1)]) {
      expect(() => other.restore?.(saved)).toThrow(/^Expected the state of a stream of .*"openBlocks":/);
    }
  },
);
