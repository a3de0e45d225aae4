import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '@embedbag/core';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ARROW_FILE_START,
  type ArrowEmbeddingLayout,
  arrowEmbeddingLayout,
  arrowFileEnd,
  batchesEnd,
  recordBatchBytes,
} from './arrow-embedding-file.js';
import { fileWith, folderWith } from './fixtures/folder.js';
import { openRandomAccessFile, type RandomAccessFile } from './random-access-file.js';
import { readEmbeddingRows } from './read-embedding-rows.js';

/** A whole file of `rows` rows that count up. */
async function fileBytes(layout: ArrowEmbeddingLayout, rows: number): Promise<Buffer> {
  const { dimension, rowsPerBatch } = layout;
  const parts: Uint8Array[] = [ARROW_FILE_START];
  for (let first = 0; first < rows; first += rowsPerBatch) {
    const count = Math.min(rowsPerBatch, rows - first);
    const data = Float32Array.from({ length: count * dimension }, (_, index) => first * dimension + index);
    parts.push(recordBatchBytes({ data, rows: count, columns: dimension }, layout));
  }
  expect(Buffer.concat(parts)).toHaveLength(batchesEnd(layout, rows));
  return Buffer.concat([...parts, await arrowFileEnd(layout, rows)]);
}

const sizes = fc.record({
  rows: fc.oneof(fc.integer({ min: 1, max: 1600 }), fc.constantFrom(511, 512, 513, 1024, 1025)),
  dimension: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer(),
});

test('a file made a record batch at a time is one that Arrow reads, in batches of 512 rows', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async ({ rows, dimension }) => {
      const bytes = await fileBytes(arrowEmbeddingLayout(dimension), rows);
      const table = tableFromIPC(bytes);
      expect(table.batches.map(({ numRows }) => numRows)).toEqual([
        ...Array<number>(Math.floor(rows / 512)).fill(512),
        ...(rows % 512 === 0 ? [] : [rows % 512]),
      ]);
      expect(table.schema.toString()).toBe(`Schema<{ 0: embedding: FixedSizeList[${dimension}]<Float32> }>`);
      const values = table.batches.flatMap((batch) => {
        const { length, values: padded } = batch.getChildAt(0)!.data[0]!.children[0]!;
        return [...(padded as Float32Array).subarray(0, length)];
      });
      expect(values).toEqual(Array.from({ length: rows * dimension }, (_, index) => index));
    }),
    { numRuns: 40 },
  );
});

test('rows are read from their places, in any order, also several times', async () => {
  const folder = folderWith({});
  await fc.assert(
    fc.asyncProperty(sizes, async ({ rows, dimension, seed }) => {
      const layout = arrowEmbeddingLayout(dimension);
      const path = join(folder, 'rows.arrow');
      writeFileSync(path, await fileBytes(layout, rows));
      const random = createRandom(seed);
      const asked = Array.from({ length: 100 }, () => random.uint32() % rows);
      const out = new Float32Array(asked.length * dimension);
      const file = await openRandomAccessFile(path);
      await readEmbeddingRows(file, { layout, rows: asked, out });
      await file.close();
      expect([...out]).toEqual(
        asked.flatMap((row) => Array.from({ length: dimension }, (_, index) => row * dimension + index)),
      );
    }),
    { numRuns: 40 },
  );
});

test('rows that are far from each other are read each by itself', async () => {
  const layout = arrowEmbeddingLayout(2048);
  const path = fileWith('wide.arrow', await fileBytes(layout, 600));
  const file = await openRandomAccessFile(path);
  const reads: number[] = [];
  const counting: RandomAccessFile = {
    ...file,
    read(start, end) {
      reads.push(end - start);
      return file.read(start, end);
    },
  };
  const out = new Float32Array(4 * 2048);
  await readEmbeddingRows(counting, { layout, rows: [599, 0, 300, 301], out });
  await file.close();
  expect([0, 1, 2, 3].map((row) => out[row * 2048]! / 2048)).toEqual([599, 0, 300, 301]);
  expect(reads).toEqual([8192, 16384, 8192]);
});
