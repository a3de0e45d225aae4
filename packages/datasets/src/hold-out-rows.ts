import { EmbedbagError, type RowBlocks, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import { requireColumn, requireRows } from './checked-dataset.js';
import { shuffledRows } from './shuffle-rows.js';

/** Settings of {@link holdOutRows}. */
export interface HoldOutRowsOptions {
  /** Rows to hold out. */
  readonly count: number;
  /** Which rows they are is a function of it and the number of rows, the same on every platform: those of `splitRows`. */
  readonly seed: number;
}

/** What {@link holdOutRows} gives. */
export interface HeldOutRows {
  readonly train: TextDataset;
  readonly heldOut: TextDataset;
}

/**
 * Splits `dataset` into views of the random rows that are held out and of all others, both in the order of `dataset`. Unlike those of
 * `splitRows` they are for any dataset, also one whose texts stay in their files: blocks stay together. A view takes 8 bytes a row
 * and column once its hashes are asked for.
 *
 * @throws EmbedbagError `invalid-split` where one of them would have no row.
 *
 * @example
 * ```ts
 * const { train, heldOut } = holdOutRows(await openDataset('corpus/*.parquet'), { count: 10_000, seed: 12 });
 * ```
 */
export function holdOutRows(dataset: TextDataset, { count, seed }: HoldOutRowsOptions): HeldOutRows {
  const { name, rowCount, blocks } = dataset;
  if (!Number.isInteger(count) || count < 1 || count >= rowCount) {
    throw new EmbedbagError({
      code: 'invalid-split',
      message: `Expected \`count\` to be a number of rows that leaves some of the ${rowCount} rows of dataset \`${name}\` to either side, received ${count}. Choose a value in between.`,
      details: { dataset: name, limit: rowCount, received: count },
    });
  }
  const held = shuffledRows(rowCount, seed).slice(0, count).sort();
  // Before a row of the others stand all held-out rows that have at most as many others before them.
  const trainRow = (row: number): number => row + countWhile(held, (heldRow, index) => heldRow - index <= row);
  return {
    train: viewOf(dataset, rowCount - count, trainRow, blocks && trainBlocks(blocks, held, rowCount)),
    heldOut: viewOf(dataset, count, (row) => held[row] as number, blocks && heldBlocks(blocks, held)),
  };
}

/** How many of the first of `held` rows `isBefore` is true for; of those behind them it is for none. */
function countWhile(held: Int32Array, isBefore: (row: number, index: number) => boolean): number {
  let low = 0;
  let high = held.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(held[middle] as number, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many held-out rows are below `row` of the dataset. */
function heldBelow(held: Int32Array, row: number): number {
  return countWhile(held, (heldRow) => heldRow < row);
}

/** The blocks that have rows of a view: `before` is how many of its rows stand before a row of the dataset. */
function blocksBy({ firstRows, openBlocks }: RowBlocks, before: (row: number) => number, rowCount: number): RowBlocks {
  const starts = [...new Set(Array.from(firstRows, before))].filter((start) => start < rowCount);
  return { firstRows: Int32Array.from(starts), openBlocks };
}

function trainBlocks(blocks: RowBlocks, held: Int32Array, rowCount: number): RowBlocks {
  return blocksBy(blocks, (row) => row - heldBelow(held, row), rowCount - held.length);
}

function heldBlocks(blocks: RowBlocks, held: Int32Array): RowBlocks {
  return blocksBy(blocks, (row) => heldBelow(held, row), held.length);
}

function viewOf(
  dataset: TextDataset,
  rowCount: number,
  sourceOf: (row: number) => number,
  blocks: RowBlocks | undefined,
): TextDataset {
  const { name, columns } = dataset;
  const hashes = new Map<number, Uint32Array>();
  const sources = (rows: ArrayLike<number>): Int32Array => {
    requireRows({ name, rowCount }, rows);
    return Int32Array.from({ length: rows.length }, (_, index) => sourceOf(rows[index] as number));
  };
  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount,
    columns,
    texts(column, rows) {
      requireColumn({ name, columns }, column);
      return dataset.texts(column, sources(rows));
    },
    textHashes(column) {
      requireColumn({ name, columns }, column);
      const known = hashes.get(column) ?? gathered(dataset.textHashes(column), rowCount, sourceOf);
      hashes.set(column, known);
      return known;
    },
    ...(dataset.labels && { labels: (rows) => dataset.labels?.(sources(rows)) ?? new Float32Array(0) }),
    ...(dataset.valid && { valid: (column, rows) => dataset.valid?.(column, sources(rows)) }),
    ...(blocks && { blocks }),
  };
}

function gathered(hashes: Uint32Array, rowCount: number, sourceOf: (row: number) => number): Uint32Array {
  const kept = new Uint32Array(rowCount * 2);
  for (let row = 0; row < rowCount; row++) {
    const source = sourceOf(row);
    kept[row * 2] = hashes[source * 2] as number;
    kept[row * 2 + 1] = hashes[source * 2 + 1] as number;
  }
  return kept;
}
