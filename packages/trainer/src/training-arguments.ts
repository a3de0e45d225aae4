import { EmbedbagError } from '@embedbag/core';
import type { AdamWMode } from './adamw.js';
import { closestName } from './closest-name.js';

/** When something happens while training: never, every so many steps, or after each epoch. */
export type IntervalStrategy = 'no' | 'steps' | 'epoch';

/**
 * The hyper-parameters of a run, named as in transformers' `TrainingArguments`; all are optional.
 * The defaults are those that suit static models.
 */
export interface TrainingArgumentsInput {
  /** Passes over the data; may be a fraction. Default 1. */
  readonly numTrainEpochs?: number;
  /** Optimizer steps, in place of `numTrainEpochs`. */
  readonly maxSteps?: number;
  /** Rows a batch. Every other row of the batch is a negative, so this is a setting of the loss too. Default 2048. */
  readonly perDeviceTrainBatchSize?: number;
  /** The rate at the end of the warm-up. Static models want far more than transformers do. Default 0.2. */
  readonly learningRate?: number;
  /** Share of the steps in which the rate rises from 0, 0 to 1. Default 0.1. */
  readonly warmupRatio?: number;
  /** Steps of the warm-up, in place of `warmupRatio`. */
  readonly warmupSteps?: number;
  /** Decoupled weight decay. Default 0. */
  readonly weightDecay?: number;
  /** Gradients with a larger Euclidean norm are scaled down to it; 0 for no limit. Default 1. */
  readonly maxGradNorm?: number;
  /** Default 0.9. */
  readonly adamBeta1?: number;
  /** Default 0.999. */
  readonly adamBeta2?: number;
  /** Default 1e-8. */
  readonly adamEpsilon?: number;
  /**
   * Which rows of the table AdamW updates at a step. `dense`: all, as PyTorch does. `deferred`: those of the batch; the others
   * go through the steps that they missed when a batch, an evaluation or a checkpoint next reads them, which gives the same
   * bytes in less time. Until then an event handler or a loss's `prepare` that reads the table finds them behind: ask for
   * `dense` there. `lazy`: those of the batch alone, which gives other numbers. Default `deferred`.
   */
  readonly optimizer?: AdamWMode;
  /** Where all chance of the run comes from. Default 42. */
  readonly seed?: number;
  /** Leave out batches smaller than `perDeviceTrainBatchSize`. Default false. */
  readonly dataloaderDropLast?: boolean;
  /** When the evaluators run; they always run after the last step. Default `no`. */
  readonly evalStrategy?: IntervalStrategy;
  /** Steps between evaluations with `evalStrategy: 'steps'`. Default 250. */
  readonly evalSteps?: number;
  /** Run the evaluators before the first step too. Default false. */
  readonly evalOnStart?: boolean;
  /** When `outputDir/checkpoint-N` is written; the trained model is always saved in `outputDir/final`. Default `no`. */
  readonly saveStrategy?: IntervalStrategy;
  /** Steps between checkpoints with `saveStrategy: 'steps'`. Default 250. */
  readonly saveSteps?: number;
  /** How many checkpoints of this run are kept, the newest. Default: all. */
  readonly saveTotalLimit?: number;
  /** Steps between two `log` events. Default 10. */
  readonly loggingSteps?: number;
  /** Log the first step too. Default false. */
  readonly loggingFirstStep?: boolean;
  /** The folder for the model, the checkpoints and the log. Default: nothing is written. */
  readonly outputDir?: string;
  /**
   * Take products of embeddings in 16 bits where the kernels can: WebAssembly takes integers with a scale a row, a step is about
   * 1.5 times as fast on x86-64, and gradients are twenty times as exact as with bfloat16. Table, gradients and optimizer stay
   * float32. Kernels that cannot take float32, with a notice. Default false.
   */
  readonly bf16?: boolean;
  /** As `bf16`. Default false. */
  readonly fp16?: boolean;
  /** The run's name, for the model card. */
  readonly runName?: string;
}

type WithoutDefault = 'maxSteps' | 'warmupSteps' | 'saveTotalLimit' | 'outputDir' | 'runName';

/** {@link TrainingArgumentsInput} that were found valid, with the defaults filled in. */
export type TrainingArguments = Required<Omit<TrainingArgumentsInput, WithoutDefault>> &
  Pick<TrainingArgumentsInput, WithoutDefault>;

interface Rule {
  readonly default: number | boolean | string | undefined;
  /** Completes "expected ...". */
  readonly expected: string;
  accepts(value: unknown): boolean;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

function numberWhere(defaultValue: number, expected: string, accepts: (value: number) => boolean): Rule {
  return { default: defaultValue, expected, accepts: (value) => isNumber(value) && accepts(value) };
}

function count(defaultValue: number | undefined, least: 0 | 1 = 1): Rule {
  return {
    default: defaultValue,
    expected: `a whole number of at least ${least}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  };
}

function flag(): Rule {
  return { default: false, expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
}

function text(): Rule {
  return {
    default: undefined,
    expected: 'a string that is not empty',
    accepts: (value) => typeof value === 'string' && value !== '',
  };
}

function choice<Value extends string>(defaultValue: Value, values: readonly Value[]): Rule {
  const named = values.map((value) => `\`${value}\``);
  return {
    default: defaultValue,
    expected: `${named.slice(0, -1).join(', ')} or ${named.at(-1)}`,
    accepts: (value) => values.includes(value as Value),
  };
}

const strategy = (): Rule => choice<IntervalStrategy>('no', ['no', 'steps', 'epoch']);

const beta = (defaultValue: number): Rule =>
  numberWhere(defaultValue, 'a number of at least 0 and below 1', (value) => value >= 0 && value < 1);

const RULES: Readonly<Record<keyof TrainingArgumentsInput, Rule>> = {
  numTrainEpochs: numberWhere(1, 'a finite number above 0', (value) => value > 0 && Number.isFinite(value)),
  maxSteps: count(undefined),
  perDeviceTrainBatchSize: count(2048),
  learningRate: numberWhere(0.2, 'a finite number above 0', (value) => value > 0 && Number.isFinite(value)),
  warmupRatio: numberWhere(0.1, 'a number from 0 to 1', (value) => value >= 0 && value <= 1),
  warmupSteps: count(undefined, 0),
  weightDecay: numberWhere(0, 'a finite number of at least 0', (value) => value >= 0 && Number.isFinite(value)),
  maxGradNorm: numberWhere(1, 'a number of at least 0', (value) => value >= 0),
  adamBeta1: beta(0.9),
  adamBeta2: beta(0.999),
  adamEpsilon: numberWhere(1e-8, 'a finite number above 0', (value) => value > 0 && Number.isFinite(value)),
  optimizer: choice<AdamWMode>('deferred', ['dense', 'deferred', 'lazy']),
  seed: count(42, 0),
  dataloaderDropLast: flag(),
  evalStrategy: strategy(),
  evalSteps: count(250),
  evalOnStart: flag(),
  saveStrategy: strategy(),
  saveSteps: count(250),
  saveTotalLimit: count(undefined),
  loggingSteps: count(10),
  loggingFirstStep: flag(),
  outputDir: text(),
  bf16: flag(),
  fp16: flag(),
  runName: text(),
};

function shown(value: unknown): string {
  if (typeof value === 'string') return `\`${value}\``;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

function unknownArgument(key: string): string {
  const meant = closestName(key, Object.keys(RULES));
  return `\`${key}\`: no such argument. ${meant === undefined ? 'Leave it out.' : `Did you mean \`${meant}\`?`}`;
}

/** What is wrong about arguments that are each fine. */
function contradictions(resolved: TrainingArguments): string[] {
  const mistakes: string[] = [];
  if (resolved.saveStrategy !== 'no' && resolved.outputDir === undefined) {
    mistakes.push('`saveStrategy`: expected an `outputDir` to save in, received none. Set `outputDir`.');
  }
  if (resolved.bf16 && resolved.fp16) {
    mistakes.push('`bf16` and `fp16`: expected at most one of them to be true, received both. Leave one out.');
  }
  return mistakes;
}

/**
 * Checks `input` and fills in the defaults.
 *
 * @throws EmbedbagError `invalid-training-arguments`, which lists all mistakes together; a key that is no argument is one.
 *
 * @example
 * ```ts
 * const args = resolveTrainingArguments({ learningRate: 0.1, outputDir: 'output/first' });
 * ```
 */
export function resolveTrainingArguments(input: TrainingArgumentsInput = {}): TrainingArguments {
  const mistakes: string[] = [];
  const given = input as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) if (!Object.hasOwn(RULES, key)) mistakes.push(unknownArgument(key));
  const resolved: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(RULES)) {
    const value = given[key];
    if (value === undefined) {
      if (rule.default !== undefined) resolved[key] = rule.default;
    } else if (rule.accepts(value)) {
      resolved[key] = value;
    } else {
      mistakes.push(`\`${key}\`: expected ${rule.expected}, received ${shown(value)}.`);
    }
  }
  mistakes.push(...contradictions(resolved as unknown as TrainingArguments));
  if (mistakes.length > 0) throw invalidArguments(mistakes);
  return Object.freeze(resolved as unknown as TrainingArguments);
}

function invalidArguments(mistakes: readonly string[]): EmbedbagError {
  const found =
    mistakes.length === 1
      ? `a mistake in ${mistakes[0]}`
      : `${mistakes.length} mistakes:\n${mistakes.map((line) => `- ${line}`).join('\n')}`;
  return new EmbedbagError({
    code: 'invalid-training-arguments',
    message: `Expected valid training arguments, received ${found}`,
    details: { mistakes },
  });
}
