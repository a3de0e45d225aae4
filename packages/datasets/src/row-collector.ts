import { EmbedbagError, type JsonObject } from '@embedbag/core';
import { type ColumnDataset, columnDataset } from './column-dataset.js';
import { type ColumnPlan, isNegativeRole } from './column-roles.js';
import { TextColumnBuilder } from './text-column.js';

/** Checks the rows of one file and gathers them in columns. */
export class RowCollector {
  private readonly plan: ColumnPlan;
  private readonly path: string;
  private readonly builders: readonly TextColumnBuilder[];
  private readonly ignored = new Set<string>();
  private labels: Float32Array | undefined;
  private rows = 0;

  constructor(plan: ColumnPlan, path: string) {
    this.plan = plan;
    this.path = path;
    this.builders = plan.texts.map(() => new TextColumnBuilder());
  }

  /** Adds a row; `textAt` and `label` give its values as the file has them. */
  add(textAt: (source: string, index: number) => unknown, label: unknown, line: number): void {
    for (const [index, builder] of this.builders.entries()) {
      const value = textAt(this.plan.texts[index]?.source ?? '', index);
      if (typeof value !== 'string' || value === '') throw this.wrongText(index, value, line);
      builder.append(value);
    }
    if (this.rows === 0) this.decideLabels(label);
    if (this.labels !== undefined) this.addLabel(label, line);
    this.rows += 1;
  }

  /** Notes a column that has no role; a negative the first row did not have is an error. */
  ignore(name: string, line: number): void {
    if (this.ignored.has(name)) return;
    if (this.rows > 0 && !this.plan.isMapped && isNegativeRole(name)) {
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
    return columnDataset({
      name,
      roles: this.plan.texts.map(({ role }) => role),
      columns: this.builders.map((builder) => builder.finish()),
      labels: this.labels?.slice(0, this.rows),
      ignoredColumns: [...this.ignored].sort(),
    });
  }

  /** A column that merely happens to be called `label` or `score` counts as one only if it begins with a number. */
  private decideLabels(first: unknown): void {
    const { label, isMapped } = this.plan;
    if (label === undefined) return;
    if (isMapped || Number.isFinite(labelValue(first))) this.labels = new Float32Array(256);
    else this.ignored.add(label);
  }

  private addLabel(value: unknown, line: number): void {
    const label = labelValue(value);
    if (!Number.isFinite(label)) {
      throw this.error(
        'invalid-label',
        line,
        `Expected a number in column \`${this.plan.label}\` on line ${line} of ${this.path}, received ${describe(value)}. Repair the row, or leave the column out with \`columns\`.`,
        { column: this.plan.label ?? null },
      );
    }
    let labels = this.labels as Float32Array;
    if (this.rows === labels.length) {
      labels = new Float32Array(this.rows * 2);
      labels.set(this.labels as Float32Array);
      this.labels = labels;
    }
    labels[this.rows] = label;
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
      ? 'Write one row for each text of the list, or one column for each negative'
      : 'Put the value in quotes';
    const message = `Expected a string in ${place}, received ${describe(value)}. ${remedy}.`;
    return this.error('invalid-text', line, message, { column: source });
  }

  private error(code: string, line: number, message: string, details: JsonObject): EmbedbagError {
    return new EmbedbagError({ code, message, details: { path: this.path, line, ...details } });
  }
}

/** The number of a label, also where a text file holds it as text; NaN for anything else. */
function labelValue(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

/** The error for a file without rows. */
export function emptyFile(path: string): EmbedbagError {
  return new EmbedbagError({
    code: 'empty-file',
    message: `Expected at least one row in ${path}, received an empty file. Check how it was written.`,
    details: { path },
  });
}

/** What a value is, in words for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)}`;
  return `the ${typeof value} ${String(value)}`;
}
