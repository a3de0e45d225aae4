import type { DatasetBatch, TextDataset } from '@embedbag/core';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { expect, test } from 'vitest';
import { type BatchReader, openBatchReader } from './batch-reader.js';
import { createPhaseClock } from './phase-clock.js';
import { pairsDataset, tinyModel, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

/** A reader of batches of two rows, in their order. */
async function readerOf(dataset: TextDataset): Promise<BatchReader> {
  const model = await tinyModel(tiny.kernels);
  const losses = [multipleNegativesRankingLoss()];
  let row = 0;
  const draw = (): DatasetBatch | undefined => {
    if (row >= dataset.rowCount) return undefined;
    row += 2;
    return { dataset: 0, rows: Int32Array.of(row - 2, row - 1) };
  };
  return openBatchReader({ model, datasets: [dataset], losses }, draw, createPhaseClock());
}

const waiting = (dataset: TextDataset): TextDataset => ({
  ...dataset,
  texts: async (column, rows) => dataset.texts(column, rows),
});

test.each([
  ['at hand', (dataset: TextDataset) => dataset],
  ['to be waited for', waiting],
])('batches that were read ahead are those that were not, with texts %s', async (_, of) => {
  const dataset = pairsDataset('pairs', 6);
  const [plain, ahead] = [await readerOf(dataset), await readerOf(of(dataset))];
  for (let batch = 0; batch < 3; batch++) {
    const expected = await plain.next();
    const received = await ahead.next();
    expect(received!.bags).toEqual(expected!.bags);
    expect(received!.textBatch.texts).toEqual(expected!.textBatch.texts);
    expect([...received!.textBatch.rows]).toEqual([batch * 2, batch * 2 + 1]);
    ahead.readAhead();
  }
  expect(await ahead.next()).toBeUndefined();
  expect(await plain.next()).toBeUndefined();
});

test.each([
  ['thrown', (texts: () => readonly string[]) => texts()],
  ['a rejection', async (texts: () => readonly string[]) => texts()],
])('what goes wrong ahead, %s, is told when the batch is asked for', async (_, give) => {
  const dataset = pairsDataset('pairs', 4);
  const failing: TextDataset = {
    ...dataset,
    texts: (column, rows) =>
      give(() => {
        if (rows[0] === 2) throw new Error('no such page');
        return dataset.texts(column, rows) as readonly string[];
      }),
  };
  const reader = await readerOf(failing);
  await reader.next();
  reader.readAhead();
  await new Promise((resolve) => setImmediate(resolve));
  await expect(reader.next()).rejects.toThrow('no such page');
});
