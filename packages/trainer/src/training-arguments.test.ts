import { readFileSync } from 'node:fs';
import { EmbedbagError } from '@embedbag/core';
import { expect, test } from 'vitest';
import { ARGUMENT_RULES } from './argument-rules.js';
import { resolveTrainingArguments, type TrainingArgumentsInput } from './training-arguments.js';

function mistakesOf(input: object): readonly string[] {
  try {
    resolveTrainingArguments(input as TrainingArgumentsInput);
  } catch (error) {
    expect(error).toBeInstanceOf(EmbedbagError);
    expect((error as EmbedbagError).code).toBe('invalid-training-arguments');
    return (error as EmbedbagError).details.mistakes as string[];
  }
  return [];
}

test('the defaults are those of static models', () => {
  expect(resolveTrainingArguments()).toEqual({
    numTrainEpochs: 1,
    perDeviceTrainBatchSize: 2048,
    perDeviceEvalBatchSize: 2048,
    gradientAccumulationSteps: 1,
    learningRate: 0.2,
    lrSchedulerType: 'linear',
    warmupRatio: 0.1,
    lrDecayRatio: 0.2,
    weightDecay: 0,
    maxGradNorm: 1,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-8,
    optimizer: 'deferred',
    seed: 42,
    dataloaderDropLast: false,
    evalStrategy: 'no',
    evalSteps: 250,
    evalOnStart: false,
    saveStrategy: 'no',
    saveSteps: 250,
    loadBestModelAtEnd: false,
    earlyStoppingThreshold: 0,
    emaSteps: 10,
    reportTo: [],
    loggingSteps: 10,
    loggingFirstStep: false,
    bf16: false,
    fp16: false,
  });
});

test('the README explains every argument', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('| argument | default |'));
  for (const name of Object.keys(ARGUMENT_RULES)) expect(table).toContain(`\`${name}\``);
});

test('given values replace defaults and undefined ones do not', () => {
  const args = resolveTrainingArguments({ learningRate: 0.05, seed: undefined } as unknown as TrainingArgumentsInput);
  expect(args.learningRate).toBe(0.05);
  expect(args.seed).toBe(42);
});

test('all mistakes are listed in one error', () => {
  const input = {
    learningRate: -1,
    warmupRatio: 1.5,
    perDeviceTrainBatchSize: 2.5,
    evalStrategy: 'always',
    learning_rate: 0.1,
    bf16: 'yes',
  };
  expect(() => resolveTrainingArguments(input as unknown as TrainingArgumentsInput)).toThrow(
    [
      'Expected valid training arguments, received 6 mistakes:',
      '- `learning_rate`: no such argument. Did you mean `learningRate`?',
      '- `perDeviceTrainBatchSize`: expected a whole number of at least 1, received 2.5.',
      '- `learningRate`: expected a finite number above 0, received -1.',
      '- `warmupRatio`: expected a number from 0 to 1, received 1.5.',
      '- `evalStrategy`: expected `no`, `steps` or `epoch`, received `always`.',
      '- `bf16`: expected true or false, received `yes`.',
    ].join('\n'),
  );
});

test('an argument that stands for no known one gets no suggestion', () => {
  expect(mistakesOf({ gpuCount: 2 })).toEqual(['`gpuCount`: no such argument. Leave it out.']);
});

test.each([
  ['batchSize', 'perDeviceTrainBatchSize'],
  ['dropLast', 'dataloaderDropLast'],
  ['lerningRate', 'learningRate'],
  ['save_total_limit', 'saveTotalLimit'],
])('`%s` is taken for `%s`', (written, meant) => {
  expect(mistakesOf({ [written]: 1 })).toEqual([`\`${written}\`: no such argument. Did you mean \`${meant}\`?`]);
});

test.each([
  ['numTrainEpochs', [0, Number.NaN, Number.POSITIVE_INFINITY, '1'], [0.5, 3]],
  ['maxSteps', [0, -1, 1.5], [1]],
  ['learningRate', [0, Number.POSITIVE_INFINITY, null], [1e-5]],
  ['warmupSteps', [-1, 0.1], [0, 7]],
  ['weightDecay', [-0.1], [0, 0.01]],
  ['maxGradNorm', [-1, Number.NaN], [0, 1, Number.POSITIVE_INFINITY]],
  ['adamBeta1', [1, -0.1], [0, 0.9]],
  ['adamBeta2', [1], [0.999]],
  ['adamEpsilon', [0], [1e-8]],
  ['seed', [-1, 1.5], [0, 2 ** 40]],
  ['optimizer', ['sgd', true], ['dense', 'lazy']],
  ['evalSteps', [0], [1]],
  ['saveSteps', [0], [1]],
  ['saveTotalLimit', [0], [1]],
  ['loggingSteps', [0], [1]],
  ['outputDir', ['', 3], ['output']],
  ['perDeviceEvalBatchSize', [0], [7]],
  ['gradientAccumulationSteps', [0, 1.5], [4]],
  ['lrSchedulerType', ['cos'], ['cosine', 'constant', 'warmup_stable_decay']],
  ['lrDecayRatio', [-1, 2], [0, 1]],
  ['lrDecaySteps', [0], [5]],
  ['metricForBestModel', [''], ['loss']],
  ['greaterIsBetter', ['yes'], [true, false]],
  ['earlyStoppingThreshold', [-1], [0.1]],
  ['emaDecay', [1, -0.5], [0.99]],
  ['emaSteps', [0], [5]],
  ['reportTo', ['tensorboard', [1], ['a', 'a']], [[], ['tensorboard']]],
  ['runName', ['', {}], ['first']],
])('`%s` refuses %j and takes %j', (name, refused, taken) => {
  for (const value of refused) expect(mistakesOf({ [name]: value })).toHaveLength(1);
  for (const value of taken) expect(mistakesOf({ [name]: value })).toEqual([]);
});

test('checkpoints without a folder to save in are a mistake', () => {
  expect(mistakesOf({ saveStrategy: 'steps' })).toEqual([
    '`saveStrategy`: expected an `outputDir` to save in, received none. Set `outputDir`.',
  ]);
});

test.each([
  [
    { loadBestModelAtEnd: true, outputDir: 'x', saveStrategy: 'steps' },
    '`loadBestModelAtEnd`: expected `evalStrategy` and `saveStrategy` to be the same and not `no`, received `no` and `steps`. Set both.',
  ],
  [
    {
      loadBestModelAtEnd: true,
      outputDir: 'x',
      saveStrategy: 'steps',
      evalStrategy: 'steps',
      saveSteps: 10,
      evalSteps: 4,
    },
    '`loadBestModelAtEnd`: expected `saveSteps` to be a multiple of `evalSteps`, received 10 and 4. Change one of them.',
  ],
  [
    { earlyStoppingPatience: 3 },
    '`earlyStoppingPatience`: expected an `evalStrategy` other than `no`, received `no`. Set `evalStrategy`.',
  ],
  [
    { averageCheckpoints: 3, outputDir: 'x', saveStrategy: 'epoch', saveTotalLimit: 2 },
    '`averageCheckpoints`: expected a `saveStrategy` that keeps 3 checkpoints, received `epoch` and a `saveTotalLimit` of 2. Save and keep more.',
  ],
  [
    { averageCheckpoints: 3, outputDir: 'x', saveStrategy: 'epoch', emaDecay: 0.9 },
    '`averageCheckpoints`: expected neither `emaDecay` nor `loadBestModelAtEnd` beside it, which also choose the last table. Keep one of them.',
  ],
])('%j is a mistake', (input, mistake) => {
  expect(mistakesOf(input)).toEqual([mistake]);
});

test('two kinds of reduced precision are a mistake', () => {
  expect(mistakesOf({ bf16: true, fp16: true })).toEqual([
    '`bf16` and `fp16`: expected at most one of them to be true, received both. Leave one out.',
  ]);
});
