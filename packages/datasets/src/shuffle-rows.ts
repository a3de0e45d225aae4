import { createRandom } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { rowView } from './select-rows.js';

/** Settings of {@link shuffleRows}. */
export interface ShuffleRowsOptions {
  /** The order is a function of it, the same on every platform. */
  readonly seed: number;
}

/**
 * The rows of `dataset` in random order, as a view. Samplers draw rows in random order themselves; this is for taking some.
 *
 * @example
 * ```ts
 * const sample = takeRows(shuffleRows(dataset, { seed: 12 }), 10_000);
 * ```
 */
export function shuffleRows(dataset: ColumnDataset, { seed }: ShuffleRowsOptions): ColumnDataset {
  return rowView(dataset, shuffledRows(dataset.rowCount, seed));
}

/** All numbers below `rowCount` in random order. */
export function shuffledRows(rowCount: number, seed: number): Int32Array {
  const rows = Int32Array.from({ length: rowCount }, (_, row) => row);
  createRandom(seed, 'datasets/shuffle').shuffle(rows);
  return rows;
}
