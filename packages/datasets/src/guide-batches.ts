import type { GuideDataset } from './guide-folder.js';

/** Some rows of a text column, whose embeddings are made, written and kept together. */
export interface GuideBatch {
  /** By number, in the order of the datasets. */
  readonly dataset: number;
  readonly column: number;
  readonly file: string;
  readonly firstRow: number;
  readonly rows: number;
  /** The number of the first row among the rows of all columns, one column after the other. */
  readonly position: number;
}

/** A row, and the file with its column's embeddings. */
export interface GuidePlace {
  readonly file: string;
  readonly row: number;
}

/** The work of a guide, in the order in which it is done. */
export function* guideBatches(datasets: readonly GuideDataset[], rowsPerBatch: number): Generator<GuideBatch> {
  let position = 0;
  for (const [dataset, { rows, columns }] of datasets.entries()) {
    for (const [column, { file }] of columns.entries()) {
      for (let firstRow = 0; firstRow < rows; firstRow += rowsPerBatch) {
        const count = Math.min(rowsPerBatch, rows - firstRow);
        yield { dataset, column, file, firstRow, rows: count, position };
        position += count;
      }
    }
  }
}

/** Texts of all columns of all datasets. */
export function textCount(datasets: readonly GuideDataset[]): number {
  return datasets.reduce((sum, { rows, columns }) => sum + rows * columns.length, 0);
}

/** Finds the row of a position. */
export function guidePlaces(datasets: readonly GuideDataset[]): (position: number) => GuidePlace {
  const starts: { readonly file: string; readonly position: number }[] = [];
  let next = 0;
  for (const { rows, columns } of datasets) {
    for (const { file } of columns) {
      starts.push({ file, position: next });
      next += rows;
    }
  }
  return (position) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]!.position <= position) low = middle;
      else high = middle - 1;
    }
    const { file, position: start } = starts[low]!;
    return { file, row: position - start };
  };
}
