import type { TextDataset } from '@embedbag/core';
import { checkedDataset } from './checked-dataset.js';
import type { Labels } from './label-collector.js';
import type { RaggedColumns } from './ragged-columns.js';
import type { TextColumn } from './text-column.js';

/**
 * A dataset whose texts lie in memory as Arrow columns, one byte buffer and offsets each, its own or those of the dataset that it
 * was made from; a text is decoded when it is asked for.
 */
export interface ColumnDataset extends TextDataset {
  /** The columns of the file that have no role, sorted by name. */
  readonly ignoredColumns: readonly string[];
  /** Memory of the texts, offsets, hashes and labels, those of the dataset that it was made from included. */
  readonly sizeBytes: number;
  /** @throws EmbedbagError `row-out-of-range`, `column-out-of-range`. */
  texts(column: number, rows: ArrayLike<number>): readonly string[];
}

/** What a {@link ColumnDataset} is made of. */
export interface ColumnDatasetParts {
  readonly name: string;
  readonly roles: readonly string[];
  readonly columns: readonly TextColumn[];
  /** Negatives, of which every row has its own number; they become the columns `negative_1`, `negative_2`, ... */
  readonly ragged?: RaggedColumns | undefined;
  readonly labels: Labels | undefined;
  readonly ignoredColumns: readonly string[];
}

/** Makes the dataset over finished columns, which all have the same length. */
export function columnDataset(parts: ColumnDatasetParts): ColumnDataset {
  const { name, ragged, labels, ignoredColumns } = parts;
  const columns = [...parts.columns, ...(ragged?.columns ?? [])];
  const roles = [...parts.roles, ...(ragged?.columns ?? []).map((_, index) => `negative_${index + 1}`)];
  const column = (index: number): TextColumn => columns[index] as TextColumn;
  return checkedDataset({
    name,
    rowCount: columns[0]?.length ?? 0,
    columns: roles,
    ignoredColumns,
    sizeBytes: columns.reduce(
      (sum, { sizeBytes }) => sum + sizeBytes,
      (labels?.values.byteLength ?? 0) + (ragged?.counts.byteLength ?? 0),
    ),
    texts: (index, rows) => Array.from({ length: rows.length }, (_, at) => column(index).get(rows[at] as number)),
    textHashes: (index) => column(index).hashes,
    ...(labels && { labels: (rows: ArrayLike<number>) => labelsAt(labels, rows) }),
    ...(ragged &&
      !ragged.counts.every((count) => count === ragged.columns.length) && {
        valid: validAt(ragged, parts.columns.length),
      }),
  });
}

/** The labels at `rows`, `[rows, width]`. */
export function labelsAt({ values, width }: Labels, rows: ArrayLike<number>): Float32Array {
  const labels = new Float32Array(rows.length * width);
  for (let index = 0; index < rows.length; index++) {
    const start = (rows[index] as number) * width;
    labels.set(values.subarray(start, start + width), index * width);
  }
  return labels;
}

/** Whether rows have a text in the columns from `firstColumn` on, of which each row has its own number. */
export function validAt(
  { counts }: Pick<RaggedColumns, 'counts'>,
  firstColumn: number,
): NonNullable<TextDataset['valid']> {
  return (column, rows) => {
    if (column < firstColumn) return undefined;
    return Uint8Array.from({ length: rows.length }, (_, index) =>
      (counts[rows[index] as number] as number) > column - firstColumn ? 1 : 0,
    );
  };
}
