import type { ColumnMapping, ColumnPlan } from './column-roles.js';
import { HashColumnBuilder } from './hash-column.js';
import { type CollectedRows, RowCollector } from './row-collector.js';
import type { RowFile } from './row-file.js';
import type { BlockPlace, RowSink, SourceRow } from './row-sink.js';
import type { RowRange } from './split-slice.js';

/** Memory of a text beside its bytes: an offset and a hash. */
const BYTES_BESIDE_TEXT = 12;

/** Rows of a file that are read together. */
export interface IndexedBlock {
  /** The number of its file. */
  readonly file: number;
  readonly place: BlockPlace;
  /** Rows at its begin that the dataset leaves out. */
  readonly skipped: number;
  /** Rows of the dataset, at least one. */
  readonly rows: number;
  /** The number of the first of them in the dataset. */
  readonly firstRow: number;
  /** Memory of their texts, about. */
  readonly sizeBytes: number;
}

/** Settings of {@link IndexCollector}. */
export interface IndexCollectorOptions {
  readonly mapping: ColumnMapping | undefined;
  readonly range: RowRange;
  readonly allowEmptyTexts?: boolean | undefined;
  readonly blockBytes: number;
  /** May throw where a block is not to be taken. */
  readonly onBlock: (block: IndexedBlock) => void;
}

/** Checks the rows of files as {@link RowCollector} does, and keeps the hashes of their texts and the places of their blocks. */
export class IndexCollector implements RowSink {
  readonly blockBytes: number;
  private readonly rows: RowCollector<Uint32Array>;
  private readonly onBlock: (block: IndexedBlock) => void;
  private file = -1;
  private readonly counted = { texts: 0, bytes: 0 };
  /** Where the present block began: rows of all, rows kept, and what was counted. */
  private begun = { row: 0, kept: 0, texts: 0, bytes: 0 };

  constructor({ mapping, range, allowEmptyTexts, blockBytes, onBlock }: IndexCollectorOptions) {
    const { counted } = this;
    const createColumn = (): HashColumnBuilder =>
      new HashColumnBuilder((bytes) => {
        counted.texts += 1;
        counted.bytes += bytes;
      });
    this.rows = new RowCollector(mapping, createColumn, { range, allowEmptyTexts });
    this.blockBytes = blockBytes;
    this.onBlock = onBlock;
  }

  get rowsToGo(): number {
    return this.rows.rowsToGo;
  }

  /** Rows of all files so far, those included that were not kept. */
  get rowCount(): number {
    return this.rows.rowCount;
  }

  begin(file: RowFile, names: readonly string[]): ColumnPlan {
    this.file += 1;
    return this.rows.begin(file, names);
  }

  notice(names: readonly string[], at: number): void {
    this.rows.notice(names, at);
  }

  passOver(count: number): boolean {
    const isPassed = this.rows.passOver(count);
    if (isPassed) this.beginBlock();
    return isPassed;
  }

  add(row: SourceRow): void {
    this.rows.add(row);
  }

  endBlock(place: BlockPlace): void {
    const { row, kept, texts, bytes } = this.begun;
    const rows = this.rows.keptCount - kept;
    if (rows > 0) {
      const sizeBytes = this.counted.bytes - bytes + (this.counted.texts - texts) * BYTES_BESIDE_TEXT;
      const skipped = this.rows.rowCount - row - rows;
      this.onBlock({ file: this.file, place, skipped, rows, firstRow: kept, sizeBytes });
    }
    this.beginBlock();
  }

  /** What the rows came to, at least one. */
  finish(): CollectedRows<Uint32Array> {
    return this.rows.finish();
  }

  private beginBlock(): void {
    this.begun = { row: this.rows.rowCount, kept: this.rows.keptCount, ...this.counted };
  }
}

/** The columns that are read of a block again: all of `plan` but the labels, which are kept. */
export function blockMapping(plan: Pick<ColumnPlan, 'texts' | 'negatives'>): ColumnMapping {
  const texts = Object.fromEntries(plan.texts.map(({ role, source }) => [role, source]));
  return plan.negatives === undefined ? texts : { ...texts, negatives: plan.negatives };
}
