import { EmbedbagError, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';

/** A dataset whose members may rely on rows and columns that are there. */
export type UncheckedDataset = Omit<ColumnDataset, 'contract'>;

/** The same as a {@link ColumnDataset}, which refuses rows and columns that are not there. */
export function checkedDataset(dataset: UncheckedDataset): ColumnDataset {
  const { name, rowCount, columns, labels, valid } = dataset;
  const checkColumn = (column: number): void => requireColumn(dataset, column);
  const checkRows = (rows: ArrayLike<number>): void => requireRows(dataset, rows);
  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount,
    columns,
    ignoredColumns: dataset.ignoredColumns,
    get sizeBytes() {
      return dataset.sizeBytes;
    },
    texts(column, rows) {
      checkColumn(column);
      checkRows(rows);
      return dataset.texts(column, rows);
    },
    textHashes(column) {
      checkColumn(column);
      return dataset.textHashes(column);
    },
    ...(labels && {
      labels(rows: ArrayLike<number>): Float32Array {
        checkRows(rows);
        return labels(rows);
      },
    }),
    ...(valid && {
      valid(column: number, rows: ArrayLike<number>): Uint8Array | undefined {
        checkColumn(column);
        checkRows(rows);
        return valid(column, rows);
      },
    }),
  };
}

/** @throws EmbedbagError `column-out-of-range`. */
export function requireColumn({ name, columns }: Pick<TextDataset, 'name' | 'columns'>, column: number): void {
  if (columns[column] !== undefined) return;
  throw new EmbedbagError({
    code: 'column-out-of-range',
    message: `Expected a column of dataset \`${name}\` from 0 to ${columns.length - 1}, received ${column}. Its columns are ${columns.join(', ')}.`,
    details: { dataset: name, received: column, limit: columns.length },
  });
}

/** @throws EmbedbagError `row-out-of-range`. */
export function requireRows({ name, rowCount }: Pick<TextDataset, 'name' | 'rowCount'>, rows: ArrayLike<number>): void {
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    if (!Number.isInteger(row) || row < 0 || row >= rowCount) throw rowOutOfRange(name, row, rowCount);
  }
}

/** The error for a row that the dataset `name` does not have. */
export function rowOutOfRange(name: string, row: number | undefined, rowCount: number): EmbedbagError {
  return new EmbedbagError({
    code: 'row-out-of-range',
    message: `Expected a row of dataset \`${name}\` from 0 to ${rowCount - 1}, received ${row}. Draw rows below \`rowCount\`.`,
    details: { dataset: name, received: row ?? null, limit: rowCount },
  });
}
