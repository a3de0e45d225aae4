import { checkedDataset, rowOutOfRange } from './checked-dataset.js';
import type { ColumnDataset } from './column-dataset.js';

/**
 * The rows `rows` of `dataset` in that order, a row as often as it is named: a view, which takes 4 bytes a row, and 8 a row and
 * column once its hashes are asked for.
 *
 * @throws EmbedbagError `row-out-of-range`.
 *
 * @example
 * ```ts
 * const shortOnes = selectRows(dataset, [0, 5, 7]);
 * ```
 */
export function selectRows(dataset: ColumnDataset, rows: ArrayLike<number>): ColumnDataset {
  const { name, rowCount } = dataset;
  const chosen = Int32Array.from({ length: rows.length }, (_, index) => {
    const row = rows[index];
    if (row !== undefined && Number.isInteger(row) && row >= 0 && row < rowCount) return row;
    throw rowOutOfRange(name, row, rowCount);
  });
  return rowView(dataset, chosen);
}

/** The view; `chosen` is kept and holds rows of `dataset`. */
export function rowView(dataset: ColumnDataset, chosen: Int32Array): ColumnDataset {
  const hashes = new Map<number, Uint32Array>();
  const sources = (rows: ArrayLike<number>): Int32Array =>
    Int32Array.from({ length: rows.length }, (_, index) => chosen[rows[index] as number] as number);
  return checkedDataset({
    name: dataset.name,
    rowCount: chosen.length,
    columns: dataset.columns,
    ignoredColumns: dataset.ignoredColumns,
    get sizeBytes() {
      return dataset.sizeBytes + chosen.byteLength + hashes.size * chosen.length * 8;
    },
    texts: (column, rows) => dataset.texts(column, sources(rows)),
    textHashes(column) {
      const known = hashes.get(column);
      if (known !== undefined) return known;
      const gathered = gatheredHashes(dataset.textHashes(column), chosen);
      hashes.set(column, gathered);
      return gathered;
    },
    ...(dataset.labels && { labels: (rows) => dataset.labels?.(sources(rows)) ?? new Float32Array(0) }),
    ...(dataset.valid && { valid: (column, rows) => dataset.valid?.(column, sources(rows)) }),
  });
}

function gatheredHashes(hashes: Uint32Array, rows: Int32Array): Uint32Array {
  const gathered = new Uint32Array(rows.length * 2);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    gathered[index * 2] = hashes[row * 2] as number;
    gathered[index * 2 + 1] = hashes[row * 2 + 1] as number;
  }
  return gathered;
}
