import { type BatchSamplerOptions, EmbedbagError, type SampledRows } from '@embedbag/core';

/** Throws `batch-size-invalid` unless `options.batchSize` is a whole number of at least 1. */
export function checkBatchSize({ batchSize }: BatchSamplerOptions): void {
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return;
  throw new EmbedbagError({
    code: 'batch-size-invalid',
    message: `Expected \`batchSize\` to be a whole number of at least 1, received ${batchSize}. Give the rows of a batch.`,
    details: { received: String(batchSize) },
  });
}

/** Throws `skip-invalid` unless `batches` is a whole number of at least 0. */
export function checkSkip(batches: number): void {
  if (Number.isSafeInteger(batches) && batches >= 0) return;
  throw new EmbedbagError({
    code: 'skip-invalid',
    message: `Expected \`batches\` to be a whole number of at least 0, received ${batches}. A stream only goes forward; open a new one to go back.`,
    details: { received: String(batches) },
  });
}

/**
 * The number of batches that a pass of the samplers counts over `rowCount` rows: all rows rounded up, or down with `dropLast`.
 *
 * @example
 * ```ts
 * countBatches({ rowCount: 5000 }, { batchSize: 2048, dropLast: false }); // 3
 * ```
 */
export function countBatches(
  { rowCount }: Pick<SampledRows, 'rowCount'>,
  { batchSize, dropLast }: Pick<BatchSamplerOptions, 'batchSize' | 'dropLast'>,
): number {
  return dropLast ? Math.floor(rowCount / batchSize) : Math.ceil(rowCount / batchSize);
}

/** The row numbers `0 .. rowCount - 1`, ascending. */
export function ascendingRows(rowCount: number): Int32Array {
  const rows = new Int32Array(rowCount);
  for (let row = 0; row < rowCount; row++) rows[row] = row;
  return rows;
}
