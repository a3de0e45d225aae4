import type { RowBlocks } from './row-blocks.js';

/** The version tag of {@link TextDataset}. */
export const TEXT_DATASET_CONTRACT = 'embedbag/text-dataset@1';

/**
 * Rows of texts in columns by role, addressed by row number.
 *
 * Column 0 is the anchor, column 1 the positive, every further one a negative.
 */
export interface TextDataset {
  readonly contract: typeof TEXT_DATASET_CONTRACT;
  /** Names the dataset in logs, in the model card and where a loss is chosen by dataset. */
  readonly name: string;
  readonly rowCount: number;
  /** The roles in order, such as `['anchor', 'positive', 'negative']`. */
  readonly columns: readonly string[];
  /** The texts of column `column` at `rows`, in that order. */
  texts(column: number, rows: ArrayLike<number>): readonly string[] | Promise<readonly string[]>;
  /**
   * A 64-bit hash of each text of a column, `[rowCount * 2]`, low word first; borrowed, not to be changed.
   * Equal texts have equal hashes in all columns of all datasets. See {@link hashText}.
   */
  textHashes(column: number): Uint32Array;
  /** The labels at `rows`, where the dataset has any: one a row, or the same number of them for each, one row after the other. */
  labels?(rows: ArrayLike<number>): Float32Array;
  /** For columns of ragged negatives: 1 where the row has a text in that column, 0 where it has none. */
  valid?(column: number, rows: ArrayLike<number>): Uint8Array | undefined;
  /** Which rows are read together, where the texts do not lie in memory. */
  readonly blocks?: RowBlocks;
}
