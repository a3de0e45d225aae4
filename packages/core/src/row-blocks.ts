/**
 * How the rows of a dataset that does not lie in memory are read: in blocks of rows that follow each other, some of which are held.
 * A sampler that draws the rows of only `openBlocks` blocks at a time has every block read once; any other order is right too, and
 * slow.
 */
export interface RowBlocks {
  /** The first row of each block, ascending from 0. A block ends where the next one begins, the last one at the last row. Borrowed. */
  readonly firstRows: Int32Array;
  /** How many blocks are held at a time; at least 1. */
  readonly openBlocks: number;
}
