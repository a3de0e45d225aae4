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

/** Rows of a teacher's token vectors that lie in a file, the rest of the columns random. */
export interface TeacherInitialTable {
  readonly kind: 'teacher';
  /** A `.npy` or `.safetensors` file with a vector for each token, in the order of the ids. */
  readonly vectors: string;
  /** Principal components to keep, the widest first. Default: all, but no more than the table has columns. */
  readonly pca?: number;
  /** Each row is multiplied by its token's inverse document frequency to this power; 0 for none. Default 1. */
  readonly exponent?: number;
  /** Root mean square of the random columns; that of the teacher's is 1. Default 1. */
  readonly fill?: number;
}

/** Rows of a static model, found by token, the rest of the columns random. */
export interface Model2vecInitialTable {
  readonly kind: 'model2vec';
  /** A folder that model2vec, sentence-transformers or embedbag wrote, or the id of such a model on the hub. */
  readonly model: string;
  /** Principal components to keep. Default: the model's first columns as they are. */
  readonly pca?: number;
  /** Each row is multiplied by its token's inverse document frequency to this power. Default 0: the model's rows have weights. */
  readonly exponent?: number;
  /** Root mean square of the random columns; that of the model's is 1. Default 1. */
  readonly fill?: number;
}

/** What a table begins with, as plain JSON: a run's config and its model card can name it. */
export type InitialTable = RandomInitialTable | IdfInitialTable | TeacherInitialTable | Model2vecInitialTable;

/** What is allowed beside `kind`. */
type OptionRule = readonly [expected: string, accepts: (value: unknown) => boolean];

const FROM_ZERO: OptionRule = [
  'a finite number of at least 0',
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
];

const ABOVE_ZERO: OptionRule = [
  'a whole number above 0',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
];

const TEXT: OptionRule = ['a string that is not empty', (value) => typeof value === 'string' && value !== ''];

const OF_ROWS = { pca: ABOVE_ZERO, exponent: FROM_ZERO, fill: FROM_ZERO };

/** What cannot be left out. */
const REQUIRED: Readonly<Partial<Record<InitialTable['kind'], string>>> = { teacher: 'vectors', model2vec: 'model' };

const OPTIONS: Readonly<Record<InitialTable['kind'], Readonly<Record<string, OptionRule>>>> = {
  random: {},
  idf: { exponent: FROM_ZERO },
  teacher: { vectors: TEXT, ...OF_ROWS },
  model2vec: { model: TEXT, ...OF_ROWS },
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
  const required = REQUIRED[kind as InitialTable['kind']];
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
      const remedy = name === required ? 'Give one.' : 'Leave it out for the default.';
      throw invalid(`\`${name}\` ${of} to be ${expected}`, shown(option), remedy);
    }
  }
  if (required !== undefined && options[required] === undefined) {
    throw invalid(`\`${required}\` with the initial table \`${kind}\``, 'none', 'Give it beside `kind`.');
  }
  return value as InitialTable;
}
