import { testTextDataset } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datasetFromColumns } from './dataset-from-columns.js';
import { fileWith, refusal } from './fixtures/folder.js';
import { holdOutRows } from './hold-out-rows.js';
import { openDataset } from './open-dataset.js';
import { splitRows } from './split-rows.js';

const textsOf = (count: number, letter: string): string[] =>
  Array.from({ length: count }, (_, row) => `${letter}${row}`);
const datasetOf = (count: number) =>
  datasetFromColumns({ name: 'rows', columns: { anchor: textsOf(count, 'a'), positive: textsOf(count, 'b') } });
const all = (rowCount: number): number[] => Array.from({ length: rowCount }, (_, row) => row);

testTextDataset({ name: 'holdOutRows', create: () => holdOutRows(datasetOf(40), { count: 7, seed: 3 }).train });

test('every row is on one side, in its order, and those held out are those of splitRows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(100), (rowCount, part, seed) => {
      const dataset = datasetOf(rowCount);
      const count = 1 + (part % (rowCount - 1));
      const { train, heldOut } = holdOutRows(dataset, { count, seed });
      const kept = train.texts(0, all(train.rowCount)) as string[];
      const held = heldOut.texts(0, all(heldOut.rowCount)) as string[];
      const order = new Map(textsOf(rowCount, 'a').map((text, row) => [text, row]));
      const inOrder = (texts: readonly string[]) =>
        [...texts].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
      expect(kept).toEqual(inOrder(kept));
      expect(inOrder([...kept, ...held])).toEqual(textsOf(rowCount, 'a'));
      const { test: split } = splitRows(dataset, { testSize: count, seed });
      expect(held).toEqual(inOrder(split.texts(0, all(split.rowCount))));
      const hashes = dataset.textHashes(1);
      for (const [row, text] of kept.entries()) {
        const source = order.get(text) ?? -1;
        expect(train.textHashes(1).slice(row * 2, row * 2 + 2)).toEqual(hashes.slice(source * 2, source * 2 + 2));
      }
    }),
    { numRuns: 40 },
  );
});

test('of a dataset that is read in blocks the blocks stay together, and a block without rows falls away', async () => {
  const lines = textsOf(400, 'a').map((anchor, row) => `${JSON.stringify({ anchor, positive: `b${row}` })}\n`);
  const dataset = await openDataset(fileWith('rows.jsonl', lines.join('')), { memoryBytes: 8192 });
  expect(dataset.blocks.firstRows.length).toBeGreaterThan(20);
  const { train, heldOut } = holdOutRows(dataset, { count: 390, seed: 1 });
  for (const view of [train, heldOut]) {
    const starts = [...(view.blocks?.firstRows ?? [])];
    expect(starts[0]).toBe(0);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeLessThan(view.rowCount);
    const texts = await view.texts(0, all(view.rowCount));
    const blockOf = (text: string): number =>
      dataset.blocks.firstRows.findLastIndex((first) => first <= Number(text.slice(1)));
    const blocks = texts.map(blockOf);
    for (const row of blocks.keys()) {
      expect(starts.includes(row)).toBe(row === 0 || blocks[row] !== blocks[row - 1]);
    }
  }
  expect(train.blocks?.firstRows.length).toBeLessThanOrEqual(10);
});

test('a count that leaves one side without rows is refused', async () => {
  for (const count of [0, 5, 2.5]) {
    expect(await refusal(() => holdOutRows(datasetOf(5), { count, seed: 1 }))).toEqual({
      code: 'invalid-split',
      message: `Expected \`count\` to be a number of rows that leaves some of the 5 rows of dataset \`rows\` to either side, received ${count}. Choose a value in between.`,
    });
  }
});
