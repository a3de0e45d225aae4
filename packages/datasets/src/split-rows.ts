import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { rowView } from './select-rows.js';
import { shuffledRows } from './shuffle-rows.js';

/** Settings of {@link splitRows}. */
export interface SplitRowsOptions {
  /** Rows of `test`: a number of rows, or below 1 a share of all, rounded up. */
  readonly testSize: number;
  /** Which rows go where is a function of it, the same on every platform. */
  readonly seed: number;
}

/** What {@link splitRows} gives. */
export interface DatasetSplit {
  readonly train: ColumnDataset;
  readonly test: ColumnDataset;
}

/**
 * Splits `dataset` into two views in random order. No row is in both; a text may be, where several rows have it.
 *
 * @throws EmbedbagError `invalid-split` where one of them would have no row.
 *
 * @example
 * ```ts
 * const { train, test } = splitRows(dataset, { testSize: 10_000, seed: 12 });
 * ```
 */
export function splitRows(dataset: ColumnDataset, { testSize, seed }: SplitRowsOptions): DatasetSplit {
  const { name, rowCount } = dataset;
  const testRows = testSize > 0 && testSize < 1 ? Math.ceil(testSize * rowCount) : testSize;
  if (!Number.isInteger(testRows) || testRows < 1 || testRows >= rowCount) {
    throw new EmbedbagError({
      code: 'invalid-split',
      message: `Expected \`testSize\` to be a share between 0 and 1 or a number of rows that leaves some of the ${rowCount} rows of dataset \`${name}\` to either side, received ${testSize}. Choose a value in between.`,
      details: { dataset: name, limit: rowCount, received: testSize },
    });
  }
  const rows = shuffledRows(rowCount, seed);
  return { train: rowView(dataset, rows.slice(testRows)), test: rowView(dataset, rows.slice(0, testRows)) };
}
