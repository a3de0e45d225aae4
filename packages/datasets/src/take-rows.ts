import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { rowView } from './select-rows.js';

/**
 * The first `count` rows of `dataset`, or all where it has fewer, as a view.
 *
 * @throws EmbedbagError `invalid-count`.
 *
 * @example
 * ```ts
 * const firstMillion = takeRows(dataset, 1_000_000);
 * ```
 */
export function takeRows(dataset: ColumnDataset, count: number): ColumnDataset {
  if (!Number.isInteger(count) || count < 0) {
    throw new EmbedbagError({
      code: 'invalid-count',
      message: `Expected \`count\` to be a whole number from 0, received ${count}. Give the number of rows to take.`,
      details: { received: count },
    });
  }
  if (count >= dataset.rowCount) return dataset;
  return rowView(
    dataset,
    Int32Array.from({ length: count }, (_, row) => row),
  );
}
