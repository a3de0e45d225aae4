import { isEmbedbagError, type JsonObject } from '@embedbag/core';
import { checkInitialTable, INITIAL_TABLE_KINDS, type InitialTable } from '@embedbag/distillation';
import { InvalidArgumentError } from 'commander';
import { jsonObjectOption } from './option-values.js';

/** What `--initial-table` is for, in help texts. */
export const INITIAL_TABLE_HELP: string = `what a new table begins with: ${INITIAL_TABLE_KINDS.join(', ')}, or JSON such as '{"kind": "idf", "exponent": 1.5}' (default: random)`;

/** An initial table by its kind, or in JSON, for commander. */
export function initialTableOption(text: string): InitialTable {
  const value: JsonObject = text.trimStart().startsWith('{') ? jsonObjectOption(text) : { kind: text };
  try {
    return checkInitialTable(value);
  } catch (error) {
    if (isEmbedbagError(error)) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
