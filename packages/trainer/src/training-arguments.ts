import { EmbedbagError } from '@embedbag/core';
import type { AdamWMode } from './adamw.js';
import { ARGUMENT_RULES } from './argument-rules.js';
import { closestName } from './closest-name.js';
import type { LrSchedulerType } from './learning-rate-schedule.js';

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
  /** Rows a batch of held-out data; their loss depends on it. Default: `perDeviceTrainBatchSize`. */
  readonly perDeviceEvalBatchSize?: number;
  /**
   * Batches whose gradients are averaged for one step. The loss of each still sees the negatives of its own batch alone: for more
   * negatives raise `perDeviceTrainBatchSize`, with a cached loss where memory ends. Default 1.
   */
  readonly gradientAccumulationSteps?: number;
  /** The rate at the end of the warm-up. Static models want far more than transformers do. Default 0.2. */
  readonly learningRate?: number;
  /** How the rate goes on after the warm-up: see `learningRateSchedule`. Default `linear`. */
  readonly lrSchedulerType?: LrSchedulerType;
  /** Share of the steps in which the rate rises from 0, 0 to 1. Default 0.1. */
  readonly warmupRatio?: number;
  /** Steps of the warm-up, in place of `warmupRatio`. */
  readonly warmupSteps?: number;
  /** Share of the steps in which `warmup_stable_decay` falls, rounded up, 0 to 1. Default 0.2. */
  readonly lrDecayRatio?: number;
  /** Steps of that decay, in place of `lrDecayRatio`. */
  readonly lrDecaySteps?: number;
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
  /** How many checkpoints of this run are kept: the newest, and the best by `metricForBestModel` always. Default: all. */
  readonly saveTotalLimit?: number;
  /** End with the table of the best checkpoint. Needs both strategies to be the same. Default false. */
  readonly loadBestModelAtEnd?: boolean;
  /**
   * The key of the figure that tells the best checkpoint and when to stop early, also with `eval_` before it.
   * Default: `loss` with `evalDatasets`, else the primary metric of the first evaluator.
   */
  readonly metricForBestModel?: string;
  /** Default: true, unless the name of the metric ends in `loss`. */
  readonly greaterIsBetter?: boolean;
  /** Stop after so many evaluations in a row that are no better than the best before. Default: never. */
  readonly earlyStoppingPatience?: number;
  /** An evaluation is better by more than this. Default 0. */
  readonly earlyStoppingThreshold?: number;
  /**
   * Keep a running average of the table, evaluate it and end with it. It forgets by this factor at each of its updates, at first
   * faster: `min(emaDecay, (1 + n) / (10 + n))` at update n, as TensorFlow does. Default: none.
   */
  readonly emaDecay?: number;
  /** Steps between two updates of the average. Each reads the whole table. Default 10. */
  readonly emaSteps?: number;
  /** End with the mean of the tables of so many last checkpoints, the one after the last step among them. Default: none. */
  readonly averageCheckpoints?: number;
  /** Steps between two `log` events. Default 10. */
  readonly loggingSteps?: number;
  /** Log the first step too. Default false. */
  readonly loggingFirstStep?: boolean;
  /**
   * The names of loggers, each of `callbacks` or one of `jsonl`, `tensorboard` and `wandb`, which are made with their defaults.
   * Default: none.
   */
  readonly reportTo?: readonly string[];
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
  /** The name that the model is to have on the hub, `owner/name`: what the model card tells to load. Default: a path. */
  readonly hubModelId?: string;
}

type WithoutDefault =
  | 'maxSteps'
  | 'warmupSteps'
  | 'lrDecaySteps'
  | 'saveTotalLimit'
  | 'metricForBestModel'
  | 'greaterIsBetter'
  | 'earlyStoppingPatience'
  | 'emaDecay'
  | 'averageCheckpoints'
  | 'outputDir'
  | 'hubModelId'
  | 'runName';

/** {@link TrainingArgumentsInput} that were found valid, with the defaults filled in. */
export type TrainingArguments = Required<Omit<TrainingArgumentsInput, WithoutDefault>> &
  Pick<TrainingArgumentsInput, WithoutDefault>;

function shown(value: unknown): string {
  if (typeof value === 'string') return `\`${value}\``;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

function unknownArgument(key: string): string {
  const meant = closestName(key, Object.keys(ARGUMENT_RULES));
  return `\`${key}\`: no such argument. ${meant === undefined ? 'Leave it out.' : `Did you mean \`${meant}\`?`}`;
}

/** What is wrong about arguments that are each fine. */
function contradictions(resolved: TrainingArguments): string[] {
  const { saveStrategy, evalStrategy, averageCheckpoints, saveTotalLimit } = resolved;
  const mistakes: string[] = [];
  const expect = (isFine: boolean, mistake: string): void => {
    if (!isFine) mistakes.push(mistake);
  };
  expect(
    saveStrategy === 'no' || resolved.outputDir !== undefined,
    '`saveStrategy`: expected an `outputDir` to save in, received none. Set `outputDir`.',
  );
  expect(
    !(resolved.bf16 && resolved.fp16),
    '`bf16` and `fp16`: expected at most one of them to be true, received both. Leave one out.',
  );
  if (resolved.loadBestModelAtEnd) {
    expect(
      saveStrategy !== 'no' && saveStrategy === evalStrategy,
      `\`loadBestModelAtEnd\`: expected \`evalStrategy\` and \`saveStrategy\` to be the same and not \`no\`, received \`${evalStrategy}\` and \`${saveStrategy}\`. Set both.`,
    );
    expect(
      saveStrategy !== 'steps' || resolved.saveSteps % resolved.evalSteps === 0,
      `\`loadBestModelAtEnd\`: expected \`saveSteps\` to be a multiple of \`evalSteps\`, received ${resolved.saveSteps} and ${resolved.evalSteps}. Change one of them.`,
    );
  }
  expect(
    resolved.earlyStoppingPatience === undefined || evalStrategy !== 'no',
    '`earlyStoppingPatience`: expected an `evalStrategy` other than `no`, received `no`. Set `evalStrategy`.',
  );
  if (averageCheckpoints !== undefined) {
    expect(
      saveStrategy !== 'no' && (saveTotalLimit ?? averageCheckpoints) >= averageCheckpoints,
      `\`averageCheckpoints\`: expected a \`saveStrategy\` that keeps ${averageCheckpoints} checkpoints, received \`${saveStrategy}\`${saveTotalLimit === undefined ? '' : ` and a \`saveTotalLimit\` of ${saveTotalLimit}`}. Save and keep more.`,
    );
    expect(
      resolved.emaDecay === undefined && !resolved.loadBestModelAtEnd,
      '`averageCheckpoints`: expected neither `emaDecay` nor `loadBestModelAtEnd` beside it, which also choose the last table. Keep one of them.',
    );
  }
  return mistakes;
}

/** The default of an argument that is that of another. */
function derivedDefaults(resolved: Record<string, unknown>): void {
  resolved.perDeviceEvalBatchSize ??= resolved.perDeviceTrainBatchSize;
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
  for (const key of Object.keys(given)) if (!Object.hasOwn(ARGUMENT_RULES, key)) mistakes.push(unknownArgument(key));
  const resolved: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(ARGUMENT_RULES)) {
    const value = given[key];
    if (value === undefined) {
      if (rule.default !== undefined) resolved[key] = rule.default;
    } else if (rule.accepts(value)) {
      resolved[key] = value;
    } else {
      mistakes.push(`\`${key}\`: expected ${rule.expected}, received ${shown(value)}.`);
    }
  }
  derivedDefaults(resolved);
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
