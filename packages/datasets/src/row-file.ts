import type { JsonObject } from '@embedbag/core';

/** A file that rows come from, and how its rows are counted in messages. */
export interface RowFile {
  readonly path: string;
  /** Lines of a text file are counted from 1, rows of any other from 0. */
  readonly unit: 'line' | 'row';
}

/** Where row `at` of `file` stands, to be put behind the name of a column. */
export function placeIn({ path, unit }: RowFile, at: number): string {
  return unit === 'line' ? ` on line ${at} of ${path}` : `, row ${at} of ${path}`;
}

/** The same as fields of an error. */
export function placeDetails({ path, unit }: RowFile, at: number): JsonObject {
  return { path, [unit]: at };
}
