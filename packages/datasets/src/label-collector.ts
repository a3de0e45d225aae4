import { EmbedbagError, type JsonObject } from '@embedbag/core';
import { describe } from './describe-value.js';

/** The labels of all rows. */
export interface Labels {
  /** `[rows, width]`, row-major. */
  readonly values: Float32Array;
  /** Labels a row. */
  readonly width: number;
}

/** Where the labels of row `row` come from, in words and as fields of errors. */
export interface LabelSource {
  /** Such as `column \`label\` on line 3 of pairs.jsonl`. */
  place(at: number, row: number): string;
  details(at: number, row: number): JsonObject;
}

/** Gathers the labels of rows: a number, or a list of numbers, one for each negative, score or dimension. */
export class LabelCollector {
  private values = new Float32Array(1 << 8);
  private count = 0;
  /** By row, where its labels end in `values`. */
  private ends = new Int32Array(1 << 8);
  /** By row, its line or number in the source. */
  private places = new Int32Array(1 << 8);
  private rows = 0;
  private readonly source: LabelSource;

  constructor(source: LabelSource) {
    this.source = source;
  }

  /** Adds the labels of the next row, which stands at `at` in the source. @throws EmbedbagError `invalid-label`. */
  add(value: unknown, at: number): void {
    const numbers = labelNumbers(value);
    const wrong = numbers.find((label) => !Number.isFinite(label));
    if (wrong !== undefined) throw this.wrongLabel(value, at, this.rows);
    if (this.count + numbers.length > this.values.length) {
      this.values = grown(this.values, new Float32Array((this.count + numbers.length) * 2));
    }
    this.values.set(numbers, this.count);
    this.count += numbers.length;
    if (this.rows === this.ends.length) {
      this.ends = grown(this.ends, new Int32Array(this.rows * 2));
      this.places = grown(this.places, new Int32Array(this.rows * 2));
    }
    this.ends[this.rows] = this.count;
    this.places[this.rows] = at;
    this.rows += 1;
  }

  /**
   * The labels, equally many a row. A row that lacks texts of ragged negatives may have that many labels fewer than the others:
   * zeros are put behind them, for negatives that are none. `missing` is how many texts each row lacks.
   *
   * @throws EmbedbagError `invalid-label`.
   */
  finish(missing: (row: number) => number): Labels {
    const counts = Int32Array.from({ length: this.rows }, (_, row) => this.countAt(row));
    if (counts.every((count) => count === counts[0])) {
      return { values: this.values.slice(0, this.count), width: counts[0] ?? 1 };
    }
    const width = counts.reduce((most, count, row) => Math.max(most, count + missing(row)), 0);
    const row = counts.findIndex((count, at) => count + missing(at) !== width);
    if (row >= 0) throw this.wrongCount(row, width - missing(row));
    const values = new Float32Array(this.rows * width);
    for (let at = 0; at < this.rows; at++) {
      const end = this.ends[at] as number;
      values.set(this.values.subarray(end - this.countAt(at), end), at * width);
    }
    return { values, width };
  }

  private countAt(row: number): number {
    return (this.ends[row] as number) - (row === 0 ? 0 : (this.ends[row - 1] as number));
  }

  private wrongLabel(value: unknown, at: number, row: number): EmbedbagError {
    return new EmbedbagError({
      code: 'invalid-label',
      message: `Expected a number in ${this.source.place(at, row)}, received ${describe(value)}. Repair the row, or leave the labels out.`,
      details: this.source.details(at, row),
    });
  }

  private wrongCount(row: number, expected: number): EmbedbagError {
    const at = this.places[row] as number;
    const received = this.countAt(row);
    return new EmbedbagError({
      code: 'invalid-label',
      message: `Expected ${expected} labels in ${this.source.place(at, row)}, as other rows have for as many texts, received ${received}. Give each row one label a negative, or one more.`,
      details: { ...this.source.details(at, row), expected, received },
    });
  }
}

function grown<T extends Float32Array | Int32Array>(values: T, larger: T): T {
  larger.set(values);
  return larger;
}

/** Whether a value can be the labels of a row. */
export function isLabel(value: unknown): boolean {
  return labelNumbers(value).every((label) => Number.isFinite(label));
}

/** The numbers of a label, also where a text file holds them as text; NaN for anything else. A list of lists is one list. */
function labelNumbers(value: unknown): readonly number[] {
  const parsed = typeof value === 'string' && value.trimStart().startsWith('[') ? parsedList(value) : value;
  if (!Array.isArray(parsed)) return [labelNumber(parsed)];
  return parsed.flatMap((entry: unknown) => (Array.isArray(entry) ? entry.map(labelNumber) : [labelNumber(entry)]));
}

function labelNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

/** The list that `text` holds as JSON, or the text itself. */
export function parsedList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
