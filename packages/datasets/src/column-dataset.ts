import { EmbedbagError, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import type { Labels } from './label-collector.js';
import type { RaggedColumns } from './ragged-columns.js';
import type { TextColumn } from './text-column.js';

/**
 * A dataset that holds its texts in memory as Arrow columns, one byte buffer and offsets each; a text is decoded when it
 * is asked for.
 */
export interface ColumnDataset extends TextDataset {
  /** The columns of the file that have no role, sorted by name. */
  readonly ignoredColumns: readonly string[];
  /** Memory of the texts, offsets, hashes and labels. */
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
  const rowCount = columns[0]?.length ?? 0;

  const columnAt = (column: number): TextColumn => {
    const found = columns[column];
    if (found !== undefined) return found;
    throw new EmbedbagError({
      code: 'column-out-of-range',
      message: `Expected a column of dataset \`${name}\` from 0 to ${columns.length - 1}, received ${column}. Its columns are ${roles.join(', ')}.`,
      details: { dataset: name, received: column, limit: columns.length },
    });
  };
  const checked = (row: number | undefined): number => {
    if (row !== undefined && Number.isInteger(row) && row >= 0 && row < rowCount) return row;
    throw new EmbedbagError({
      code: 'row-out-of-range',
      message: `Expected a row of dataset \`${name}\` from 0 to ${rowCount - 1}, received ${row}. Draw rows below \`rowCount\`.`,
      details: { dataset: name, received: row ?? null, limit: rowCount },
    });
  };

  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount,
    columns: roles,
    ignoredColumns,
    sizeBytes: columns.reduce(
      (sum, column) => sum + column.sizeBytes,
      (labels?.values.byteLength ?? 0) + (ragged?.counts.byteLength ?? 0),
    ),
    texts(column, rows) {
      const texts = columnAt(column);
      return Array.from({ length: rows.length }, (_, index) => texts.get(checked(rows[index])));
    },
    textHashes: (column) => columnAt(column).hashes,
    ...(labels === undefined ? {} : { labels: (rows: ArrayLike<number>) => labelsAt(labels, rows, checked) }),
    ...(ragged === undefined || ragged.counts.every((count) => count === ragged.columns.length)
      ? {}
      : { valid: validAt(ragged, parts.columns.length, checked) }),
  };
}

type CheckRow = (row: number | undefined) => number;

/** `[rows, width]`. */
function labelsAt({ values, width }: Labels, rows: ArrayLike<number>, checked: CheckRow): Float32Array {
  const labels = new Float32Array(rows.length * width);
  for (let index = 0; index < rows.length; index++) {
    const start = checked(rows[index]) * width;
    labels.set(values.subarray(start, start + width), index * width);
  }
  return labels;
}

function validAt({ counts }: RaggedColumns, firstColumn: number, checked: CheckRow): NonNullable<TextDataset['valid']> {
  return (column, rows) => {
    if (column < firstColumn) return undefined;
    return Uint8Array.from({ length: rows.length }, (_, index) =>
      (counts[checked(rows[index])] as number) > column - firstColumn ? 1 : 0,
    );
  };
}
