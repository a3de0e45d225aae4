import { isEmbedbagError, type JsonObject } from '@embedbag/core';
import { checkInitialTable, INITIAL_TABLE_KINDS } from '@embedbag/distillation';
import { BACKEND_NAMES } from './kernel-options.js';
import type { TrainConfig } from './train-config.js';
import { RECIPE_NAMES } from './training-recipes.js';

/** What a setting of a config may be. */
interface SettingRule {
  /** Completes "expected ...". */
  readonly expected: string;
  accepts(value: unknown): boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInitialTable(value: Readonly<Record<string, unknown>>): boolean {
  try {
    checkInitialTable(value as JsonObject);
    return true;
  } catch (error) {
    if (isEmbedbagError(error)) return false;
    throw error;
  }
}

const text: SettingRule = { expected: 'a string that is not empty', accepts: isText };
const object: SettingRule = { expected: 'an object', accepts: isObject };
const count: SettingRule = { expected: 'a whole number of at least 1', accepts: isCount };
const paths: SettingRule = {
  expected: 'a path or a list of paths',
  accepts: (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
};

/** One of `names`. */
function oneOf(names: readonly string[]): SettingRule {
  return {
    expected: `one of ${names.map((name) => `\`${name}\``).join(', ')}`,
    accepts: (value) => (names as readonly unknown[]).includes(value),
  };
}

const RULES: Readonly<Record<keyof TrainConfig, SettingRule>> = {
  train: paths,
  columns: {
    expected: 'an object of column names by role',
    accepts: (value) => isObject(value) && Object.values(value).every(isText),
  },
  streaming: {
    expected: 'true, false or the path of a folder',
    accepts: (value) => typeof value === 'boolean' || isText(value),
  },
  evalData: paths,
  eval: text,
  tokenizer: text,
  model: text,
  recipe: oneOf(RECIPE_NAMES),
  dimension: count,
  initialTable: {
    expected: `an object with a \`kind\` of ${INITIAL_TABLE_KINDS.map((kind) => `\`${kind}\``).join(', ')} and its options`,
    accepts: (value) => isObject(value) && isInitialTable(value),
  },
  matryoshkaDims: {
    expected: 'a list of distinct whole numbers of at least 1',
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && value.every(isCount) && new Set(value).size === value.length,
  },
  loss: text,
  lossOptions: object,
  scale: { expected: 'a number above 0', accepts: (value) => typeof value === 'number' && value > 0 },
  backend: oneOf(BACKEND_NAMES),
  threads: count,
  arguments: object,
};

function shown(value: unknown): string {
  return isText(value) ? `\`${value}\`` : (JSON.stringify(value) ?? String(value));
}

/** What is wrong about the settings of a config, a sentence each; its `arguments` are not looked into. */
export function configMistakes(config: unknown): string[] {
  if (!isObject(config)) return [`the config: expected an object, received ${shown(config)}.`];
  const names = Object.keys(RULES);
  return Object.entries(config).flatMap(([name, value]) => {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof TrainConfig] : undefined;
    if (rule === undefined) {
      return [`\`${name}\`: no such setting. There are ${names.map((each) => `\`${each}\``).join(', ')}.`];
    }
    return value === undefined || rule.accepts(value)
      ? []
      : [`\`${name}\`: expected ${rule.expected}, received ${shown(value)}.`];
  });
}
