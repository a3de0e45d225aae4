import { ADAMW_MODES } from './adamw.js';
import { LR_SCHEDULER_TYPES } from './learning-rate-schedule.js';
import type { TrainingArgumentsInput } from './training-arguments.js';

/** What one training argument may be. Made for programs that read arguments from text, and print what there is. */
export interface ArgumentRule {
  /** How a text becomes a value: as it is, by `Number`, as true or false, or cut at commas. */
  readonly kind: 'text' | 'number' | 'flag' | 'list';
  /** Undefined where there is none. */
  readonly default: number | boolean | string | readonly string[] | undefined;
  /** Completes "expected ...". */
  readonly expected: string;
  /** One line, without the default. */
  readonly description: string;
  /** What happens without a value, where that is no constant. */
  readonly otherwise?: string;
  accepts(value: unknown): boolean;
}

type Wording = Pick<ArgumentRule, 'description'> & Partial<Pick<ArgumentRule, 'otherwise'>>;

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

function wording(description: string, otherwise: string | undefined): Wording {
  return { description, ...(otherwise === undefined ? {} : { otherwise }) };
}

function number(
  defaultValue: number | undefined,
  expected: string,
  accepts: (value: number) => boolean,
  description: string,
  otherwise?: string,
): ArgumentRule {
  const words = wording(description, otherwise);
  return { kind: 'number', default: defaultValue, expected, accepts: (v) => isNumber(v) && accepts(v), ...words };
}

function count(
  defaultValue: number | undefined,
  least: 0 | 1 | 2,
  description: string,
  otherwise?: string,
): ArgumentRule {
  const accepts = (value: number): boolean => Number.isSafeInteger(value) && value >= least;
  return number(defaultValue, `a whole number of at least ${least}`, accepts, description, otherwise);
}

const positive = (defaultValue: number, description: string): ArgumentRule =>
  number(defaultValue, 'a finite number above 0', (value) => value > 0 && Number.isFinite(value), description);

const notNegative = (defaultValue: number, description: string): ArgumentRule => {
  const accepts = (value: number): boolean => value >= 0 && Number.isFinite(value);
  return number(defaultValue, 'a finite number of at least 0', accepts, description);
};

const share = (defaultValue: number, description: string): ArgumentRule =>
  number(defaultValue, 'a number from 0 to 1', (value) => value >= 0 && value <= 1, description);

const beta = (defaultValue: number | undefined, description: string, otherwise?: string): ArgumentRule => {
  const accepts = (value: number): boolean => value >= 0 && value < 1;
  return number(defaultValue, 'a number of at least 0 and below 1', accepts, description, otherwise);
};

function flag(description: string, otherwise?: string): ArgumentRule {
  const defaultValue = otherwise === undefined ? false : undefined;
  const accepts = (value: unknown): boolean => typeof value === 'boolean';
  return {
    kind: 'flag',
    default: defaultValue,
    expected: 'true or false',
    accepts,
    ...wording(description, otherwise),
  };
}

function text(description: string, otherwise: string): ArgumentRule {
  const accepts = (value: unknown): boolean => typeof value === 'string' && value !== '';
  return { kind: 'text', default: undefined, expected: 'a string that is not empty', accepts, description, otherwise };
}

function names(description: string): ArgumentRule {
  const accepts = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.every((name) => typeof name === 'string' && name !== '') &&
    new Set(value).size === value.length;
  return { kind: 'list', default: [], expected: 'a list of distinct names', accepts, ...wording(description, 'none') };
}

function choice<Value extends string>(
  defaultValue: Value,
  values: readonly Value[],
  description: string,
): ArgumentRule {
  const named = values.map((value) => `\`${value}\``);
  return {
    kind: 'text',
    default: defaultValue,
    expected: `${named.slice(0, -1).join(', ')} or ${named.at(-1)}`,
    description: `${description}: ${values.join(', ')}`,
    accepts: (value) => values.includes(value as Value),
  };
}

const strategy = (description: string): ArgumentRule => choice('no', ['no', 'steps', 'epoch'], description);

/**
 * All training arguments, in the order in which they are explained.
 *
 * @example
 * ```ts
 * import { ARGUMENT_RULES } from '@embedbag/trainer';
 *
 * ARGUMENT_RULES.learningRate.default; // => 0.2
 * ```
 */
export const ARGUMENT_RULES: Readonly<Record<keyof TrainingArgumentsInput, ArgumentRule>> = {
  numTrainEpochs: positive(1, 'passes over the data; may be a fraction'),
  maxSteps: count(undefined, 1, 'optimizer steps, in place of epochs', 'as many as the epochs have'),
  perDeviceTrainBatchSize: count(2048, 1, 'rows a batch; all other rows of a batch are negatives'),
  perDeviceEvalBatchSize: count(undefined, 1, 'rows a batch of held-out data', 'as many as in training'),
  gradientAccumulationSteps: count(1, 1, 'batches whose gradients are averaged for a step; adds no negatives'),
  learningRate: positive(0.2, 'the highest learning rate, at the end of the warm-up'),
  lrSchedulerType: choice('linear', LR_SCHEDULER_TYPES, 'how the rate goes on after the warm-up'),
  warmupRatio: share(0.1, 'share of the steps in which the rate rises from 0'),
  warmupSteps: count(undefined, 0, 'steps of the warm-up, in place of its ratio', 'as the ratio says'),
  lrDecayRatio: share(0.2, 'share of the steps in which `warmup_stable_decay` falls'),
  lrDecaySteps: count(undefined, 1, 'steps of that decay, in place of its ratio', 'as the ratio says'),
  weightDecay: notNegative(0, 'decoupled weight decay of AdamW'),
  maxGradNorm: number(1, 'a number of at least 0', (value) => value >= 0, 'longest gradient, 0 for no limit'),
  adamBeta1: beta(0.9, 'how slowly the first moment forgets'),
  adamBeta2: beta(0.999, 'how slowly the second moment forgets'),
  adamEpsilon: positive(1e-8, 'added to the root of the second moment'),
  optimizer: choice('deferred', ADAMW_MODES, 'which rows a step updates'),
  seed: count(42, 0, 'where all chance of the run comes from'),
  dataloaderDropLast: flag('leave out batches that are not full'),
  evalStrategy: strategy('when to evaluate before the end'),
  evalSteps: count(250, 1, 'steps between evaluations'),
  evalOnStart: flag('evaluate before the first step too'),
  saveStrategy: strategy('when to save checkpoints'),
  saveSteps: count(250, 1, 'steps between checkpoints'),
  saveTotalLimit: count(undefined, 1, 'checkpoints that are kept: the newest, and the best', 'all'),
  loadBestModelAtEnd: flag('end with the best checkpoint, not the last step'),
  metricForBestModel: text(
    'the figure that tells the best',
    '`loss` with held-out data, else that of the first evaluator',
  ),
  greaterIsBetter: flag('whether a higher figure is better', 'unless its name ends in `loss`'),
  earlyStoppingPatience: count(undefined, 1, 'evaluations without progress that stop the run', 'any number'),
  earlyStoppingThreshold: notNegative(0, 'what counts as progress: more than this'),
  emaDecay: beta(undefined, 'evaluate and keep a running average of the table, that forgets so slowly', 'no average'),
  emaSteps: count(10, 1, 'steps between two updates of the running average'),
  averageCheckpoints: count(undefined, 2, 'end with the average of so many last checkpoints', 'no average'),
  loggingSteps: count(10, 1, 'steps between two lines of the log'),
  loggingFirstStep: flag('log the first step too'),
  reportTo: names('loggers that follow the run, by name'),
  outputDir: text('where the model, its checkpoints and its log go', 'nothing is written'),
  bf16: flag('products of embeddings in 16 bits: faster, a little less exact'),
  fp16: flag('the same'),
  hubModelId: text('the name on the hub that the model card tells to load, `owner/name`', 'none'),
  runName: text("the run's name, for loggers and the model card", 'none'),
};
