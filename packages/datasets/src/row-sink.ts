import type { ColumnPlan } from './column-roles.js';
import type { RowFile } from './row-file.js';
import type { RowRange } from './split-slice.js';

/** The values of one row as the file has them. */
export interface SourceRow {
  /**
   * The value of the text column `source`, the `index`-th of the plan. Parquet and Arrow give the bytes of a text, which may not be
   * UTF-8, unless the plan takes any type.
   */
  textAt(source: string, index: number): unknown;
  /** The value of the column of negatives. */
  readonly negatives: unknown;
  readonly label: unknown;
  /** Its line or number in the file. */
  readonly at: number;
}

/** What the readers of files hand rows to. */
export interface RowSink {
  /** Rows until the last one that is kept; a reader may stop at 0. */
  readonly rowsToGo: number;
  /** Begins the rows of a file with the columns `names` and says which of them to read. */
  begin(file: RowFile, names: readonly string[]): ColumnPlan;
  /** Notes the columns of a row, where rows have their own. */
  notice(names: readonly string[], at: number): void;
  /** Counts the next `count` rows where none of them is kept; false, and nothing is counted, where one is. */
  passOver(count: number): boolean;
  /** Adds a row of the file that was begun last, if it is one to keep. */
  add(row: SourceRow): void;
  /** About how many bytes of texts a block should have. */
  readonly blockBytes?: number;
  /** Ends a block of rows, those since the one before, that can be read again alone; see `addBlockRows`. */
  endBlock?(place: BlockPlace): void;
}

/** Where a block of rows lies in its file. */
export interface BlockPlace {
  /** Rows of Parquet, record batches of Arrow, bytes of text files. */
  readonly start: number;
  readonly end: number;
  /** The line, or the number, of the first row. */
  readonly first: number;
}

/** Counts rows and tells which of them lie in a range. */
export class RowCounter {
  private readonly range: RowRange;
  /** Rows so far, those included that were not kept. */
  rowCount = 0;

  constructor(range: RowRange) {
    this.range = range;
  }

  get rowsToGo(): number {
    return Math.max(0, this.range.to - this.rowCount);
  }

  passOver(count: number): boolean {
    const isBefore = this.rowCount + count <= this.range.from;
    if (isBefore) this.rowCount += count;
    return isBefore;
  }

  /** Counts the next row; whether it is kept. */
  keepsNext(): boolean {
    if (this.rowsToGo === 0 || this.passOver(1)) return false;
    this.rowCount += 1;
    return true;
  }
}
