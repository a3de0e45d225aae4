import { hashTexts } from '@embedbag/core';
import { noDuplicatesBatchSampler } from '@embedbag/samplers';
import { readJsonFile } from './work.mjs';

/**
 * How many different rows there are in `batches`. Throws when a batch holds a text twice.
 *
 * @param {readonly Int32Array[]} batches
 * @param {readonly (readonly string[])[]} columns
 */
function countRows(batches, columns) {
  const seen = new Set();
  for (const batch of batches) {
    // Two equal texts in one row are one text.
    const texts = Array.from(batch, (row) => new Set(columns.map((column) => column[row])));
    const expected = texts.reduce((sum, { size }) => sum + size, 0);
    if (new Set(texts.flatMap((of) => [...of])).size !== expected)
      throw new Error('Expected no text twice in a batch.');
    for (const row of batch) seen.add(row);
  }
  return seen.size;
}

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {string[][]} */
  let columns = [];
  /** @type {Uint32Array[]} */
  let hashes = [];
  let withHashing = true;
  let batchSize = 0;
  let seed = 0;
  /** @type {Int32Array[]} */
  let batches = [];
  return {
    async prepare(settings) {
      ({ withHashing, batchSize } = settings);
      const { anchors, positives } = readJsonFile(settings.pairs);
      columns = [anchors, positives];
      hashes = columns.map(hashTexts);
    },
    async round() {
      batches = [];
      seed += 1;
      const rowCount = columns[0]?.length ?? 0;
      const started = performance.now();
      const ofRound = withHashing ? columns.map(hashTexts) : hashes;
      const textHashes = (/** @type {number} */ column) => /** @type {Uint32Array} */ (ofRound[column]);
      const rows = { rowCount, columns: ['anchor', 'positive'], textHashes };
      const stream = noDuplicatesBatchSampler().open(rows, { batchSize, dropLast: false, seed });
      for (let batch = stream.next(); batch !== undefined; batch = stream.next()) batches.push(batch);
      return { seconds: (performance.now() - started) / 1000, count: rowCount };
    },
    async output() {
      return {
        rowsSeen: Int32Array.of(countRows(batches, columns)),
        batches: Float64Array.of(batches.length),
      };
    },
  };
}
