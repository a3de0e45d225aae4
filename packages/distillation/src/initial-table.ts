import { EmbedbagError, type JsonObject } from '@embedbag/core';

/** Standard normal numbers, as the article begins. */
export interface RandomInitialTable {
  readonly kind: 'random';
}

/** Standard normal rows, each times its token's inverse document frequency in the training texts. */
export interface IdfInitialTable {
  readonly kind: 'idf';
  /** The power of the inverse document frequency; 0 is as `random`. Default 1. */
  readonly exponent?: number;
}

/** What a table begins with, as plain JSON: a run's config and its model card can name it. */
export type InitialTable = RandomInitialTable | IdfInitialTable;

/** What is allowed beside `kind`. */
type OptionRule = readonly [expected: string, accepts: (value: unknown) => boolean];

const FROM_ZERO: OptionRule = [
  'a finite number of at least 0',
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
];

const OPTIONS: Readonly<Record<InitialTable['kind'], Readonly<Record<string, OptionRule>>>> = {
  random: {},
  idf: { exponent: FROM_ZERO },
};

/** Every kind of initial table. */
export const INITIAL_TABLE_KINDS = Object.keys(OPTIONS) as readonly InitialTable['kind'][];

function invalid(expected: string, received: string, remedy: string): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-initial-table',
    message: `Expected ${expected}, received ${received}. ${remedy}`,
  });
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : `\`${JSON.stringify(value)}\``;
}

/**
 * Returns `value` as an {@link InitialTable} when it is one.
 *
 * @throws EmbedbagError `invalid-initial-table` for an unknown kind, an unknown option or one with a wrong value.
 *
 * @example
 * ```ts
 * checkInitialTable({ kind: 'idf', exponent: 0.5 }).kind; // => 'idf'
 * ```
 */
export function checkInitialTable(value: JsonObject | InitialTable): InitialTable {
  const { kind, ...options } = value as JsonObject;
  const kinds: readonly unknown[] = INITIAL_TABLE_KINDS;
  if (!kinds.includes(kind)) {
    throw invalid(`the initial table to be one of ${list(INITIAL_TABLE_KINDS)}`, shown(kind), 'Name one of them.');
  }
  const rules = OPTIONS[kind as InitialTable['kind']];
  for (const [name, option] of Object.entries(options)) {
    if (option === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const of = `of the initial table \`${kind}\``;
    if (rule === undefined) {
      const names = Object.keys(rules);
      const options = names.length === 0 ? 'none' : list(names);
      throw invalid(`the options ${of} to be ${options}`, `\`${name}\``, 'Leave it out.');
    }
    const [expected, accepts] = rule;
    if (!accepts(option)) {
      throw invalid(`\`${name}\` ${of} to be ${expected}`, shown(option), 'Leave it out for the default.');
    }
  }
  return value as InitialTable;
}
