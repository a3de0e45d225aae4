import { EmbedbagError, type JsonObject } from '@embedbag/core';
import { type ColumnDataset, columnDataset } from './column-dataset.js';
import { type ColumnPlan, isNegativeRole, LIST_ROLE } from './column-roles.js';
import { describe } from './describe-value.js';
import { isLabel, LabelCollector, parsedList } from './label-collector.js';
import { MOST_TEXTS, RaggedColumnsBuilder } from './ragged-columns.js';
import { TextColumnBuilder } from './text-column.js';

/** The values of one row as the file has them. */
export interface SourceRow {
  /** The value of the text column `source`, the `index`-th of the plan. */
  textAt(source: string, index: number): unknown;
  /** The value of the column of negatives. */
  readonly negatives: unknown;
  readonly label: unknown;
  readonly line: number;
}

/** Checks the rows of one file and gathers them in columns. */
export class RowCollector {
  private readonly plan: ColumnPlan;
  private readonly path: string;
  private readonly builders: readonly TextColumnBuilder[];
  private readonly ignored = new Set<string>();
  private readonly negatives: RaggedColumnsBuilder | undefined;
  private labels: LabelCollector | undefined;
  private rows = 0;

  constructor(plan: ColumnPlan, path: string) {
    this.plan = plan;
    this.path = path;
    this.builders = plan.texts.map(() => new TextColumnBuilder());
    this.negatives = plan.negatives === undefined ? undefined : new RaggedColumnsBuilder();
  }

  add({ textAt, negatives, label, line }: SourceRow): void {
    for (const [index, builder] of this.builders.entries()) {
      const value = textAt(this.plan.texts[index]?.source ?? '', index);
      if (typeof value !== 'string' || value === '') throw this.wrongText(index, value, line);
      builder.append(value);
    }
    this.negatives?.append(this.textList(negatives, line));
    if (this.rows === 0) this.decideLabels(label);
    this.labels?.add(label, line);
    this.rows += 1;
  }

  /** Notes a column that has no role; a negative the first row did not have is an error. */
  ignore(name: string, line: number): void {
    if (this.ignored.has(name)) return;
    if (this.rows > 0 && !this.plan.isMapped && (isNegativeRole(name) || name === LIST_ROLE)) {
      throw this.error(
        'ragged-column',
        line,
        `Expected every row to have the columns of the first one, received the new column \`${name}\` on line ${line} of ${this.path}. Give every row the same negatives.`,
        { column: name },
      );
    }
    this.ignored.add(name);
  }

  /** @throws EmbedbagError `empty-file` when no row was added. */
  finish(name: string): ColumnDataset {
    if (this.rows === 0) throw emptyFile(this.path);
    const ragged = this.negatives?.finish();
    const most = ragged?.columns.length ?? 0;
    return columnDataset({
      name,
      roles: this.plan.texts.map(({ role }) => role),
      columns: this.builders.map((builder) => builder.finish()),
      ragged,
      labels: this.labels?.finish((row) => most - (ragged?.counts[row] ?? 0)),
      ignoredColumns: [...this.ignored].sort(),
    });
  }

  /** A column that merely happens to be called `label` or `score` counts as one only if it begins with a number. */
  private decideLabels(first: unknown): void {
    const { label, isMapped } = this.plan;
    if (label === undefined) return;
    if (!isMapped && !isLabel(first)) {
      this.ignored.add(label);
      return;
    }
    this.labels = new LabelCollector({
      place: (line) => `column \`${label}\` on line ${line} of ${this.path}`,
      details: (line) => ({ path: this.path, line, column: label }),
    });
  }

  private textList(value: unknown, line: number): readonly string[] {
    const list = typeof value === 'string' && value.trimStart().startsWith('[') ? parsedList(value) : value;
    if (list === undefined || list === null || list === '') return [];
    const isList = Array.isArray(list) && list.length <= MOST_TEXTS;
    if (isList && list.every((text) => typeof text === 'string' && text !== '')) return list as string[];
    const wrong = isList ? list.find((text) => typeof text !== 'string' || text === '') : list;
    const { negatives = LIST_ROLE } = this.plan;
    const message = `Expected a list of at most ${MOST_TEXTS} texts in column \`${negatives}\` on line ${line} of ${this.path}, received ${isList ? `one with ${describe(wrong)}` : describe(wrong)}. Write ["...", "..."], and [] for a row without negatives.`;
    throw this.error('invalid-text', line, message, { column: negatives });
  }

  private wrongText(index: number, value: unknown, line: number): EmbedbagError {
    const { role, source } = this.plan.texts[index] as { role: string; source: string };
    const place = `column \`${source}\` on line ${line} of ${this.path}`;
    const isMissing = value === undefined || value === null || value === '';
    if (isMissing && isNegativeRole(role)) {
      const message = `Expected every row to have the same negatives, received ${describe(value)} in ${place}. Fill it in or leave out that row or column.`;
      return this.error('ragged-column', line, message, { column: source });
    }
    if (isMissing) {
      const message = `Expected a text in ${place}, received ${describe(value)}. Fill it in or remove that row.`;
      return this.error('missing-text', line, message, { column: source });
    }
    const remedy = Array.isArray(value)
      ? 'Write one row for each text of the list, or negatives into a column `negatives`'
      : 'Put the value in quotes';
    const message = `Expected a string in ${place}, received ${describe(value)}. ${remedy}.`;
    return this.error('invalid-text', line, message, { column: source });
  }

  private error(code: string, line: number, message: string, details: JsonObject): EmbedbagError {
    return new EmbedbagError({ code, message, details: { path: this.path, line, ...details } });
  }
}

/** The error for a file without rows. */
export function emptyFile(path: string): EmbedbagError {
  return new EmbedbagError({
    code: 'empty-file',
    message: `Expected at least one row in ${path}, received an empty file. Check how it was written.`,
    details: { path },
  });
}
