import { join } from 'node:path';
import { EmbedbagError, type Evaluator, type Hub, type Kernels, type TextDataset } from '@embedbag/core';
import {
  listRetrievalFolders,
  type OpenDatasetOptions,
  openDatasets,
  readDatasets,
  readRetrievalFolder,
} from '@embedbag/datasets';
import { informationRetrievalEvaluator } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { progressReporter, type TrainingArgumentsInput, type TrainingSummary, train } from '@embedbag/trainer';
import { Command } from 'commander';
import { BUILT_IN_LOSSES, type LoadModel } from '../built-in-losses.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { type LossChoice, lossFromOptions } from '../loss-option.js';
import {
  columnsOption,
  dimsOption,
  integerOption,
  jsonObjectOption,
  numberOption,
  positiveOption,
} from '../option-values.js';
import { programHub } from '../program-hub.js';
import { readingProgress } from '../reading-progress.js';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';

interface TrainOptions extends KernelOptions, LossChoice {
  readonly train: readonly string[];
  readonly columns?: Readonly<Record<string, string>>;
  readonly streaming?: string | true;
  readonly eval?: string;
  readonly tokenizer?: string;
  readonly model?: string;
  readonly output: string;
  readonly dimension: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly maxSteps?: number;
  readonly learningRate: number;
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly bf16?: boolean;
  readonly evalSteps?: number;
  readonly saveSteps?: number;
  readonly loggingSteps?: number;
  readonly json?: boolean;
}

const HELP_AFTER = `
Files are .jsonl, .csv or .tsv, also compressed (.gz, .zst), .parquet, or Arrow (.arrow, .feather).
A row is a question and its answer, or any two texts that belong together, as columns \`anchor\` and \`positive\`;
\`negative\`, \`negative_2\`, ... are optional. Every other text of a batch serves as a negative too, so large batches help.
The loss runs at every Matryoshka dim; the defaults suit static models. --loss takes one of
${Object.keys(BUILT_IN_LOSSES).join(', ')},
or a module that exports a loss or a function that makes one from the JSON of --loss-options.

Examples:
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output my-model
  $ embedbag train --train faq.csv --columns anchor=question,positive=answer --tokenizer tokenizer.json --output faq
  $ embedbag train --train more.jsonl --model my-model/final --output my-model-2
  $ embedbag train --train pairs.jsonl --model my-model/final --output guided \\
      --loss gist --loss-options '{"guide": "my-model/final", "margin": 0.05}'
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output mine --loss ./my-loss.js

Ctrl-C stops after the step and saves; the model lies in OUTPUT/final.`;

/** `embedbag train`: a static model from files of pairs. */
export function trainCommand(context: ProgramContext): Command {
  const command = new Command('train')
    .description('Train a static embedding model from files of pairs or triplets.')
    .requiredOption(
      '--train <path...>',
      'files of rows, folders, patterns in quotes, or hf://datasets/owner/name/config/train[:1000]; each file is a dataset',
    )
    .requiredOption('--output <folder>', 'where the model, its checkpoints and its log go')
    .option('--tokenizer <file>', 'a tokenizer.json, or the id of a model on the hub; begins with a random table')
    .option('--model <model>', 'go on with a saved model, or one of the hub, instead')
    .option('--columns <mapping>', 'which columns to use, such as anchor=question,positive=answer', columnsOption)
    .option(
      '--streaming [folder]',
      'read texts from the files when they are needed, for more than fits into memory; each path or pattern is a dataset; FOLDER keeps what the first pass found',
    )
    .option('--eval <folder>', 'a folder in BEIR layout, or one that holds such folders, to evaluate on')
    .option('--dimension <dim>', 'columns of a new table', integerOption(1), 1024)
    .option(
      '--matryoshka-dims <list>',
      'train these prefixes too (default: halves of the dimension down to 32)',
      dimsOption,
    )
    .option('--loss <name>', 'a loss by name, or ./module.js, or ./module.js#export', 'multiple-negatives-ranking')
    .option('--loss-options <json>', 'the options of the loss in JSON, such as {"margin": 0.2}', jsonObjectOption)
    .option('--scale <number>', "short for the loss's option `scale` (default: the loss's own, 20)", positiveOption)
    .option('--batch-size <rows>', 'rows a batch', integerOption(1), 2048)
    .option('--epochs <count>', 'passes over the data', positiveOption, 1)
    .option('--max-steps <count>', 'stop after so many steps', integerOption(1))
    .option('--learning-rate <rate>', 'peak of the linear schedule', numberOption(0), 0.2)
    .option('--warmup-ratio <share>', 'share of the steps in which the rate rises', numberOption(0), 0.1)
    .option('--weight-decay <number>', 'decoupled decay of AdamW', numberOption(0), 0)
    .option('--bf16', 'take products of embeddings in 16 bits: faster, a little less exact')
    .option('--seed <number>', 'seed of the initial table and of the order of the rows', integerOption(0), 42)
    .option('--eval-steps <count>', 'evaluate every so many steps, too', integerOption(1))
    .option('--save-steps <count>', 'save a checkpoint every so many steps', integerOption(1))
    .option('--logging-steps <count>', 'write a line to the log every so many steps', integerOption(1))
    .option('--json', 'print one JSON object at the end; progress still goes to stderr')
    .addHelpText('after', HELP_AFTER);
  return addKernelOptions(command).action((options: TrainOptions) => trainFromOptions(options, context));
}

async function trainFromOptions(options: TrainOptions, context: ProgramContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const kernels = await kernelsFromOptions(options, context);
  try {
    const hub = programHub(context);
    const model = await modelFromOptions(options, { kernels, hub, signal });
    const loadModel: LoadModel = (source) => StaticEmbedding.load(source, { kernels, hub, signal });
    // Before the data, which may take long to read: a wrong loss is told at once.
    const loss = await lossFromOptions(options, { dimension: model.dimension, loadModel });
    const summary = await train({
      model,
      datasets: await datasetsFromOptions(options, hub, context),
      evaluators: await evaluatorsFromOptions(options, signal),
      loss,
      arguments: argumentsFromOptions(options),
      signal,
      onEvent: progressReporter({ stream: stderr }),
    });
    model.dispose();
    conclude(summary, options, { stdout, stderr });
  } finally {
    kernels.dispose();
  }
}

function conclude(
  summary: TrainingSummary,
  options: TrainOptions,
  { stdout, stderr }: Pick<ProgramContext, 'stdout' | 'stderr'>,
): void {
  const model = join(options.output, 'final');
  const { outcome, step, steps, pairs, elapsedMs } = summary;
  if (options.json) stdout.write(`${JSON.stringify({ outcome, step, steps, pairs, elapsedMs, model })}\n`);
  if (outcome === 'aborted') {
    stderr.write(`Stopped after step ${step} of ${steps}; the model so far is in ${model}\n`);
    throw new ProgramExit(EXIT_CODES.interrupted);
  }
  if (!options.json) stdout.write(`The model is in ${model}\n`);
}

async function datasetsFromOptions(
  { train, columns, streaming }: TrainOptions,
  hub: Hub,
  { stderr, signal }: ProgramContext,
): Promise<readonly TextDataset[]> {
  const settings: OpenDatasetOptions = {
    ...(columns && { columns }),
    hub,
    onNotice: ({ message }) => stderr.write(`note: ${message}\n`),
    signal,
    onProgress: readingProgress(stderr),
  };
  if (streaming === undefined) return readDatasets(train, settings);
  return openDatasets(train, { ...settings, ...(streaming !== true && { indexFolder: streaming }) });
}

async function evaluatorsFromOptions(options: TrainOptions, signal: AbortSignal): Promise<readonly Evaluator[]> {
  if (options.eval === undefined) return [];
  const evaluators: Evaluator[] = [];
  for (const folder of await listRetrievalFolders(options.eval)) {
    evaluators.push(informationRetrievalEvaluator(await readRetrievalFolder(folder, { signal })));
  }
  return evaluators;
}

async function modelFromOptions(
  options: TrainOptions,
  place: { readonly kernels: Kernels; readonly hub: Hub; readonly signal: AbortSignal },
): Promise<StaticEmbedding> {
  const { kernels, hub, signal } = place;
  const { tokenizer, model, dimension, seed } = options;
  if (model !== undefined && tokenizer === undefined) return StaticEmbedding.load(model, place);
  if (tokenizer !== undefined && model === undefined) {
    return StaticEmbedding.create({
      tokenizer: await loadTokenizer(tokenizer, { hub, signal }),
      dimension,
      seed,
      kernels,
    });
  }
  throw new EmbedbagError({
    code: 'missing-option',
    message: `Expected either \`--tokenizer\` or \`--model\`, received ${model === undefined ? 'neither' : 'both'}. Give a tokenizer.json to begin with a random table, or a model folder to go on with it.`,
  });
}

function argumentsFromOptions(options: TrainOptions): TrainingArgumentsInput {
  const { evalSteps, saveSteps, loggingSteps, maxSteps } = options;
  return {
    outputDir: options.output,
    perDeviceTrainBatchSize: options.batchSize,
    numTrainEpochs: options.epochs,
    learningRate: options.learningRate,
    warmupRatio: options.warmupRatio,
    weightDecay: options.weightDecay,
    bf16: options.bf16 ?? false,
    seed: options.seed,
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(evalSteps === undefined ? {} : { evalStrategy: 'steps' as const, evalSteps }),
    ...(saveSteps === undefined ? {} : { saveStrategy: 'steps' as const, saveSteps }),
    ...(loggingSteps === undefined ? {} : { loggingSteps }),
  };
}
