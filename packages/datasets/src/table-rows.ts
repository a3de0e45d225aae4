import type { ColumnPlan } from './column-roles.js';
import type { RowFile } from './row-file.js';
import { RowCounter, type RowSink, type SourceRow } from './row-sink.js';
import { ALL_ROWS, type RowRange } from './split-slice.js';

/** A row of a table by column: texts, numbers, lists of these, null; of .csv and .tsv texts alone. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Keeps rows as they are, by column, until they are taken. */
export class TableRows implements RowSink {
  private readonly wanted: readonly string[] | undefined;
  private readonly counter: RowCounter;
  private columns: string[] = [];
  private rows: TableRow[] = [];

  /** Keeps the columns `wanted`, all of them by default, of the rows of `range`. */
  constructor(wanted: readonly string[] | undefined, range: RowRange = ALL_ROWS) {
    this.wanted = wanted;
    this.counter = new RowCounter(range);
  }

  /** Rows so far, those included that were not kept. */
  get rowCount(): number {
    return this.counter.rowCount;
  }

  get rowsToGo(): number {
    return this.counter.rowsToGo;
  }

  begin(_: RowFile, names: readonly string[]): ColumnPlan {
    this.columns = names.filter((name) => this.wanted === undefined || this.wanted.includes(name));
    const texts = this.columns.map((name) => ({ role: name, source: name }));
    return { texts, negatives: undefined, label: undefined, isMapped: true, takesAnyType: true };
  }

  notice(names: readonly string[]): void {
    if (this.wanted !== undefined) return;
    for (const name of names) if (!this.columns.includes(name)) this.columns.push(name);
  }

  passOver(count: number): boolean {
    return this.counter.passOver(count);
  }

  add({ textAt }: SourceRow): void {
    if (!this.counter.keepsNext()) return;
    this.rows.push(Object.fromEntries(this.columns.map((name, index) => [name, textAt(name, index)])));
  }

  /** The rows since the last call. */
  take(): readonly TableRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}
