import type { ColumnBuilder, TextColumn } from './text-column.js';

/** Texts of which every row has its own number, as columns. */
export interface RaggedColumns<Column = TextColumn> {
  /** Column `k` holds the rows' texts `k`, an empty one where a row has fewer. */
  readonly columns: readonly Column[];
  /** By row, how many texts it has. */
  readonly counts: Uint16Array;
}

/** The most texts of a row. */
export const MOST_TEXTS = 1000;

/** Appends lists of texts row by row and ends as {@link RaggedColumns}. */
export class RaggedColumnsBuilder<Column> {
  private readonly createColumn: () => ColumnBuilder<Column>;
  private readonly builders: ColumnBuilder<Column>[] = [];
  private counts = new Uint16Array(1 << 8);
  private rows = 0;

  constructor(createColumn: () => ColumnBuilder<Column>) {
    this.createColumn = createColumn;
  }

  append(texts: readonly string[]): void {
    while (this.builders.length < texts.length) this.builders.push(this.emptyRows());
    for (const [index, builder] of this.builders.entries()) builder.append(texts[index] ?? '');
    if (this.rows === this.counts.length) {
      const larger = new Uint16Array(this.rows * 2);
      larger.set(this.counts);
      this.counts = larger;
    }
    this.counts[this.rows] = texts.length;
    this.rows += 1;
  }

  /** The columns; the builder is used up. */
  finish(): RaggedColumns<Column> {
    return { columns: this.builders.map((builder) => builder.finish()), counts: this.counts.slice(0, this.rows) };
  }

  private emptyRows(): ColumnBuilder<Column> {
    const builder = this.createColumn();
    for (let row = 0; row < this.rows; row++) builder.append('');
    return builder;
  }
}
