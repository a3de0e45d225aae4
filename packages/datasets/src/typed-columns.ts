import { EmbedbagError } from '@embedbag/core';
import type { ColumnPlan } from './column-roles.js';

/** A column of a file that knows its types. */
export interface TypedColumn {
  readonly name: string;
  /** `texts` is a list of texts a row. */
  readonly holds: 'text' | 'texts' | 'other';
  /** The type as the file names it. */
  readonly type: string;
}

/** Refuses a plan whose texts lie in columns of another type, before any row is read. */
export function checkColumnTypes(plan: ColumnPlan, columns: readonly TypedColumn[], path: string): void {
  if (plan.takesAnyType) return;
  for (const { source } of plan.texts) requireType(source, ['text'], 'texts', columns, path);
  // A list may also be written as JSON, as in a text file.
  if (plan.negatives !== undefined) requireType(plan.negatives, ['texts', 'text'], 'lists of texts', columns, path);
}

function requireType(
  name: string,
  allowed: readonly TypedColumn['holds'][],
  words: string,
  columns: readonly TypedColumn[],
  path: string,
): void {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined || allowed.includes(column.holds)) return;
  throw new EmbedbagError({
    code: 'invalid-column-type',
    message: `Expected ${words} in column \`${name}\` of ${path}, received ${column.type}. Choose another column with \`columns\`, or write this one as ${words}.`,
    details: { path, column: name, received: column.type },
  });
}
