import type { JsonObject, JsonValue } from '@embedbag/core';
import type { RunIdentity } from './run-identity.js';
import type { TrainingArguments } from './training-arguments.js';

type Name = keyof TrainingArguments;

/** What may change when a run goes on: it decides what is told and kept, not what the table becomes. */
const FREE: readonly Name[] = [
  'outputDir',
  'runName',
  'hubModelId',
  'reportTo',
  'loggingSteps',
  'loggingFirstStep',
  'saveStrategy',
  'saveSteps',
  'saveTotalLimit',
];

/** What decides the last table only where evaluations choose it. */
const EVALUATION: readonly Name[] = [
  'evalStrategy',
  'evalSteps',
  'evalOnStart',
  'perDeviceEvalBatchSize',
  'metricForBestModel',
  'greaterIsBetter',
  'earlyStoppingThreshold',
];

/** Those of {@link FREE} that decide which checkpoints the last table is made of. */
const CHOOSING: readonly Name[] = ['saveStrategy', 'saveSteps', 'saveTotalLimit'];

const EXACT_OPTIMIZERS: readonly JsonValue[] = ['dense', 'deferred'];

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const shown = (value: JsonValue | undefined): string => (value === undefined ? 'not given' : JSON.stringify(value));

/** One phrase for each leaf in which two values differ. */
function differences(path: string, was: JsonValue | undefined, is: JsonValue | undefined): string[] {
  if (isObject(was) && isObject(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...keys].flatMap((key) => differences(path === '' ? key : `${path}.${key}`, was[key], is[key]));
  }
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  return [`\`${path}\` is ${shown(is)} and was ${shown(was)}`];
}

function isFree(name: string, was: JsonObject, is: JsonObject): boolean {
  const choosesByScore = [was, is].some((args) => args.loadBestModelAtEnd === true || 'earlyStoppingPatience' in args);
  const choosesSaved = [was, is].some((args) => args.loadBestModelAtEnd === true || 'averageCheckpoints' in args);
  if (name === 'optimizer') return [was.optimizer, is.optimizer].every((mode) => EXACT_OPTIMIZERS.includes(mode!));
  if (EVALUATION.includes(name as Name)) return !choosesByScore;
  return FREE.includes(name as Name) && !(choosesSaved && CHOOSING.includes(name as Name));
}

function argumentDifferences(was: JsonObject, is: JsonObject): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.filter((name) => !isFree(name, was, is)).flatMap((name) => differences(name, was[name], is[name]));
}

function setupDifferences(was: JsonObject, is: JsonObject): string[] {
  const { datasets: wereAll, ...wasRest } = was;
  const { datasets: areAll, ...isRest } = is;
  const were = wereAll as readonly JsonObject[];
  const are = areAll as readonly JsonObject[];
  const names = (all: readonly JsonObject[]): string => all.map(({ name }) => `\`${name}\``).join(', ');
  if (names(were) !== names(are)) return [`the datasets are ${names(are)} and were ${names(were)}`];
  const found = differences('', wasRest, isRest);
  for (const [i, dataset] of are.entries()) {
    const parts = differences('', were[i], dataset).map((part) => `of dataset \`${dataset.name}\` ${part}`);
    found.push(...parts);
  }
  return found;
}

function dataDifferences(was: RunIdentity['data'], is: RunIdentity['data']): string[] {
  return is.flatMap((dataset, i) => {
    const before = was[i];
    if (before === undefined || before.name !== dataset.name) return [];
    const columns = Object.keys(dataset.texts).filter((column) => {
      return column in before.texts && before.texts[column] !== dataset.texts[column];
    });
    const texts = columns.map((column) => `dataset \`${dataset.name}\` has other texts in column \`${column}\``);
    if (texts.length > 0) return texts;
    if (before.labels !== dataset.labels) return [`dataset \`${dataset.name}\` has other labels`];
    return before.tokens === dataset.tokens ? [] : [`the tokenizer cuts dataset \`${dataset.name}\` differently`];
  });
}

/**
 * In what a run differs from the one that a checkpoint was saved by, one phrase for each difference that matters; none where it
 * may go on. `tableSums` are those of the tables that the model may have: the first one, and the checkpoint's.
 */
export function resumeDifferences(was: RunIdentity, is: RunIdentity, tableSums: readonly string[]): string[] {
  const found = [
    ...argumentDifferences(was.arguments, is.arguments),
    ...setupDifferences(was.setup, is.setup),
    ...dataDifferences(was.data, is.data),
  ];
  if (tableSums.includes(is.initial_table)) return found;
  // A table of another shape was told of with the setup.
  const isSameShape = differences('', was.setup.model, is.setup.model).length === 0;
  return isSameShape
    ? [...found, 'the model has another table than the run began with: another seed, or another model']
    : found;
}
