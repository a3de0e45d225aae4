import { isUtf8 } from 'node:buffer';
import { EmbedbagError, type JsonObject } from '@embedbag/core';
import { type ColumnDataset, columnDataset } from './column-dataset.js';
import { columnNotices, type DatasetNotice } from './column-notices.js';
import {
  type ColumnMapping,
  type ColumnPlan,
  isNegativeRole,
  LIST_ROLE,
  planColumns,
  plannedColumns,
  type RoleColumn,
} from './column-roles.js';
import { describe } from './describe-value.js';
import { isLabel, LabelCollector, type Labels, parsedList } from './label-collector.js';
import { MOST_TEXTS, type RaggedColumns, RaggedColumnsBuilder } from './ragged-columns.js';
import { placeDetails, placeIn, type RowFile } from './row-file.js';
import { RowCounter, type RowSink, type SourceRow } from './row-sink.js';
import { ALL_ROWS, type RowRange } from './split-slice.js';
import { type ColumnBuilder, type TextColumn, TextColumnBuilder } from './text-column.js';

interface StartedFile {
  readonly file: RowFile;
  /** Rows of the files before. */
  readonly firstRow: number;
}

/** What the rows of one or several files came to. */
export interface CollectedRows<Column> {
  /** What was read of the files. */
  readonly plan: ColumnPlan;
  /** By text column of the plan. */
  readonly columns: readonly Column[];
  readonly ragged: RaggedColumns<Column> | undefined;
  readonly labels: Labels | undefined;
  readonly ignoredColumns: readonly string[];
}

/** Gathers the texts of the rows of `range`, counted over all files, all of them by default. */
export function textCollector(
  mapping: ColumnMapping | undefined,
  options: RowCollectorOptions = {},
): RowCollector<TextColumn> {
  return new RowCollector(mapping, () => new TextColumnBuilder(), options);
}

/** The dataset of the rows in `collector`, at least one. */
export function collectedDataset(collector: RowCollector<TextColumn>, name: string): ColumnDataset {
  const { plan, ...rows } = collector.finish();
  return columnDataset({ name, roles: plan.texts.map(({ role }) => role), ...rows });
}

/** Settings of {@link RowCollector}. */
export interface RowCollectorOptions {
  /** Keeps the rows of it, counted over all files. Default: all of them. */
  readonly range?: RowRange | undefined;
  /** Default false. */
  readonly allowEmptyTexts?: boolean | undefined;
}

/** Checks the rows of one or several files with the same columns and gathers them in columns. */
export class RowCollector<Column> implements RowSink {
  private readonly mapping: ColumnMapping | undefined;
  private readonly createColumn: () => ColumnBuilder<Column>;
  private readonly counter: RowCounter;
  private readonly allowEmptyTexts: boolean;
  private readonly files: StartedFile[] = [];
  private plan: ColumnPlan | undefined;
  private builders: readonly ColumnBuilder<Column>[] = [];
  private planned: ReadonlySet<string> = new Set();
  private readonly ignored = new Set<string>();
  private negatives: RaggedColumnsBuilder<Column> | undefined;
  private labels: LabelCollector | undefined;
  private rows = 0;

  constructor(
    mapping: ColumnMapping | undefined,
    createColumn: () => ColumnBuilder<Column>,
    { range = ALL_ROWS, allowEmptyTexts = false }: RowCollectorOptions = {},
  ) {
    this.mapping = mapping;
    this.createColumn = createColumn;
    this.counter = new RowCounter(range);
    this.allowEmptyTexts = allowEmptyTexts;
  }

  /** What is suspicious in the columns of the first file. */
  get notices(): readonly DatasetNotice[] {
    return this.plan === undefined ? [] : columnNotices(this.plan, this.files[0]?.file.path ?? '');
  }

  /** Rows of all files so far, those included that were not kept. */
  get rowCount(): number {
    return this.counter.rowCount;
  }

  /** Rows that were kept so far. */
  get keptCount(): number {
    return this.rows;
  }

  get rowsToGo(): number {
    return this.counter.rowsToGo;
  }

  passOver(count: number): boolean {
    return this.counter.passOver(count);
  }

  /**
   * Begins the rows of a file with the columns `names` and says which of them to read.
   *
   * @throws EmbedbagError `missing-column`, `invalid-columns`, `different-columns` for other columns than those of the file
   * before.
   */
  begin(file: RowFile, names: readonly string[]): ColumnPlan {
    const plan = planColumns(names, this.mapping, file.path);
    if (this.plan === undefined) {
      this.builders = plan.texts.map(this.createColumn);
      this.negatives = plan.negatives === undefined ? undefined : new RaggedColumnsBuilder(this.createColumn);
    } else {
      this.requireSame(this.plan, plan, file.path);
    }
    this.plan = plan;
    this.planned = new Set(plannedColumns(plan));
    this.files.push({ file, firstRow: this.rows });
    for (const name of names) if (!this.planned.has(name)) this.ignored.add(name);
    return plan;
  }

  /** Adds a row of the file that was begun last, if it is one to keep. */
  add({ textAt, negatives, label, at }: SourceRow): void {
    if (!this.counter.keepsNext()) return;
    const { texts } = this.currentPlan();
    for (const [index, builder] of this.builders.entries()) {
      const value = textAt(texts[index]?.source ?? '', index);
      if (!isText(value, this.allowEmptyTexts)) throw this.wrongText(index, value, at);
      builder.append(value);
    }
    this.negatives?.append(this.textList(negatives, at));
    if (this.rows === 0) this.decideLabels(label);
    this.labels?.add(label, at);
    this.rows += 1;
  }

  /** Notes the columns of a row; a negative that the first row of its file did not have is an error. */
  notice(names: readonly string[], at: number): void {
    for (const name of names) {
      if (this.planned.has(name) || this.ignored.has(name)) continue;
      if (!this.currentPlan().isMapped && (isNegativeRole(name) || name === LIST_ROLE)) {
        const place = placeIn(this.currentFile(), at);
        const message = `Expected every row to have the columns of the first one, received the new column \`${name}\`${place}. Give every row the same negatives.`;
        throw this.error('ragged-column', at, message, { column: name });
      }
      this.ignored.add(name);
    }
  }

  /** The rows; the collector is used up. At least one was kept. */
  finish(): CollectedRows<Column> {
    const ragged = this.negatives?.finish();
    const most = ragged?.columns.length ?? 0;
    return {
      plan: this.currentPlan(),
      columns: this.builders.map((builder) => builder.finish()),
      ragged,
      labels: this.labels?.finish((row) => most - (ragged?.counts[row] ?? 0)),
      ignoredColumns: [...this.ignored].sort(),
    };
  }

  private currentPlan(): ColumnPlan {
    return this.plan as ColumnPlan;
  }

  private currentFile(): RowFile {
    return (this.files.at(-1) as StartedFile).file;
  }

  private fileOfRow(row: number): RowFile {
    return (this.files.findLast(({ firstRow }) => firstRow <= row) as StartedFile).file;
  }

  private requireSame(first: ColumnPlan, plan: ColumnPlan, path: string): void {
    const expected = plannedColumns(first);
    const received = plannedColumns(plan);
    if (expected.join('\n') === received.join('\n')) return;
    const firstPath = this.files[0]?.file.path ?? '';
    const words = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
    throw new EmbedbagError({
      code: 'different-columns',
      message: `Expected the columns ${words(expected)} in ${path}, as in ${firstPath}, received ${words(received)}. Read files with different columns as datasets of their own, or choose the columns with \`columns\`.`,
      details: { path, firstPath, expected, received },
    });
  }

  /** A column that merely happens to be called `label` or `score` counts as one only if it begins with a number. */
  private decideLabels(first: unknown): void {
    const { label, isMapped } = this.currentPlan();
    if (label === undefined) return;
    if (!isMapped && !isLabel(first)) {
      this.ignored.add(label);
      return;
    }
    this.labels = new LabelCollector({
      place: (at, row) => `column \`${label}\`${placeIn(this.fileOfRow(row), at)}`,
      details: (at, row) => ({ ...placeDetails(this.fileOfRow(row), at), column: label }),
    });
  }

  private textList(value: unknown, at: number): readonly string[] {
    const list = typeof value === 'string' && value.trimStart().startsWith('[') ? parsedList(value) : value;
    if (list === undefined || list === null || list === '') return [];
    const isList = Array.isArray(list) && list.length <= MOST_TEXTS;
    if (isList && list.every((text) => typeof text === 'string' && text !== '')) return list as string[];
    const wrong = isList ? list.find((text) => typeof text !== 'string' || text === '') : list;
    const { negatives = LIST_ROLE } = this.currentPlan();
    const message = `Expected a list of at most ${MOST_TEXTS} texts in column \`${negatives}\`${placeIn(this.currentFile(), at)}, received ${isList ? `one with ${describe(wrong)}` : describe(wrong)}. Write ["...", "..."], and [] for a row without negatives.`;
    throw this.error('invalid-text', at, message, { column: negatives });
  }

  private wrongText(index: number, received: unknown, at: number): EmbedbagError {
    const value = received instanceof Uint8Array && received.length === 0 ? '' : received;
    const { role, source } = this.currentPlan().texts[index] as RoleColumn;
    const place = `column \`${source}\`${placeIn(this.currentFile(), at)}`;
    const isMissing = value === undefined || value === null || value === '';
    if (isMissing && isNegativeRole(role)) {
      const message = `Expected every row to have the same negatives, received ${describe(value)} in ${place}. Fill it in or leave out that row or column.`;
      return this.error('ragged-column', at, message, { column: source });
    }
    if (isMissing) {
      const message = `Expected a text in ${place}, received ${describe(value)}. Fill it in or remove that row.`;
      return this.error('missing-text', at, message, { column: source });
    }
    if (value instanceof Uint8Array) {
      const message = `Expected UTF-8 text in ${place}, received bytes of another encoding. Convert the column to UTF-8.`;
      return this.error('invalid-utf8', at, message, { column: source });
    }
    const remedy = Array.isArray(value)
      ? 'Write one row for each text of the list, or negatives into a column `negatives`'
      : 'Put the value in quotes';
    const message = `Expected a string in ${place}, received ${describe(value)}. ${remedy}.`;
    return this.error('invalid-text', at, message, { column: source });
  }

  private error(code: string, at: number, message: string, details: JsonObject): EmbedbagError {
    return new EmbedbagError({ code, message, details: { ...placeDetails(this.currentFile(), at), ...details } });
  }
}

/** Texts of Parquet and Arrow are not decoded: as bytes they are copied and hashed. */
function isText(value: unknown, allowEmpty: boolean): value is string | Uint8Array {
  if (typeof value === 'string') return allowEmpty || value !== '';
  return value instanceof Uint8Array && (allowEmpty || value.length > 0) && isUtf8(value);
}

/** The error for a file without rows. */
export function emptyFile(path: string): EmbedbagError {
  return new EmbedbagError({
    code: 'empty-file',
    message: `Expected at least one row in ${path}, received an empty file. Check how it was written.`,
    details: { path },
  });
}
