import { join } from 'node:path';
import { EmbedbagError, type Evaluator, type Hub, type Kernels, type TextDataset } from '@embedbag/core';
import { listRetrievalFolders, readRetrievalFolder } from '@embedbag/datasets';
import { createInitialModel, type InitialTable } from '@embedbag/distillation';
import { informationRetrievalEvaluator } from '@embedbag/evaluators';
import type { UploadedModel } from '@embedbag/hub';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { progressReporter, type TrainingSummary, train } from '@embedbag/trainer';
import { Command, Option } from 'commander';
import { BUILT_IN_LOSSES } from '../built-in-losses.js';
import { createGuideLoader } from '../guide-loader.js';
import { INITIAL_TABLE_HELP, initialTableOption } from '../initial-table-option.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { type LossChoice, lossFromOptions } from '../loss-option.js';
import { columnsOption, dimsOption, integerOption, jsonObjectOption, positiveOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import { type HubPush, openHubPush } from '../push-to-hub.js';
import { readTrainingData } from '../read-training-data.js';
import { type ResolvedTrainConfig, resolveTrainConfig, type TrainFlags } from '../resolve-train-config.js';
import { runConfigSaver } from '../run-config-saver.js';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';
import { addTrainingArgumentOptions, argumentsFromFlags } from '../training-argument-options.js';
import { RECIPE_HELP, RECIPE_NAMES, type RecipeName } from '../training-recipes.js';

/** Parsed options, the training arguments aside. */
interface TrainOptions extends KernelOptions, Partial<LossChoice> {
  readonly config?: string;
  readonly resume?: string | true;
  readonly train?: readonly string[];
  readonly columns?: Readonly<Record<string, string>>;
  readonly streaming?: string | true;
  readonly evalData?: readonly string[];
  readonly eval?: string;
  readonly tokenizer?: string;
  readonly model?: string;
  readonly dimension?: number;
  readonly recipe?: RecipeName;
  readonly initialTable?: InitialTable;
  readonly pushToHub?: string;
  readonly private?: boolean;
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
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output better --recipe best
  $ embedbag train --train more.jsonl --model my-model/final --output my-model-2
  $ embedbag train --train pairs.jsonl --model my-model/final --output guided \\
      --loss gist --loss-options '{"guide": "my-model/final", "margin": 0.05}'
  $ embedbag guide --teacher all-MiniLM-L6-v2-onnx --train pairs.jsonl --output guide
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output taught --loss gist --loss-options '{"guide": "guide"}'
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output mine --loss ./my-loss.js

  $ HF_TOKEN=hf_... embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output mine \\
      --report-to tensorboard --push-to-hub my-name/my-model --private
  $ embedbag train --config run.json --learning-rate 0.1 --output other
  $ embedbag train --config my-model/run.json --resume

Settings may also come from --config: JSON, or a .js or .ts module that exports \`config\`. Flags replace them. OUTPUT/run.json keeps all
settings of a run, can be run again, and with --resume goes on from the newest whole checkpoint, to the byte.
Ctrl-C stops after the step and saves; the model lies in OUTPUT/final.`;

/** `embedbag train`: a static model from files of pairs. */
export function trainCommand(context: ProgramContext): Command {
  const command = new Command('train')
    .description('Train a static embedding model from files of pairs or triplets.')
    .option('--config <file>', 'settings in JSON, JavaScript or TypeScript; flags replace them')
    .option('--resume [checkpoint]', 'go on from a checkpoint, by default from the newest whole one in the output')
    .option(
      '--train <path...>',
      'files of rows, folders, patterns in quotes, or hf://datasets/owner/name/config/train[:1000]; each file is a dataset',
    )
    .option('--tokenizer <file>', 'a tokenizer.json, or the id of a model on the hub; begins with a new table')
    .option('--model <model>', 'go on with a saved model, or one of the hub, instead')
    .option('--columns <mapping>', 'which columns to use, such as anchor=question,positive=answer', columnsOption)
    .option(
      '--streaming [folder]',
      'read texts from the files when they are needed, for more than fits into memory; each path or pattern is a dataset; FOLDER keeps what the first pass found',
    )
    .option('--eval <folder>', 'a folder in BEIR layout, or one that holds such folders, to evaluate on')
    .option('--eval-data <path...>', 'held-out rows, whose loss is an evaluation')
    .addOption(new Option('--recipe <name>', `${RECIPE_HELP}; other flags replace its settings`).choices(RECIPE_NAMES))
    .option('--dimension <dim>', 'columns of a new table (default: 1024)', integerOption(1))
    .option('--initial-table <kind>', INITIAL_TABLE_HELP, initialTableOption)
    .option(
      '--matryoshka-dims <list>',
      'train these prefixes too (default: halves of the dimension down to 32)',
      dimsOption,
    )
    .option(
      '--loss <name>',
      'a loss by name, or ./module.js, or ./module.js#export (default: multiple-negatives-ranking)',
    )
    .option('--loss-options <json>', 'the options of the loss in JSON, such as {"margin": 0.2}', jsonObjectOption)
    .option('--scale <number>', "short for the loss's option `scale` (default: the loss's own, 20)", positiveOption)
    .option('--push-to-hub <owner/name>', 'upload the model to the hub afterwards; needs HF_TOKEN')
    .option('--private', 'the repository of --push-to-hub is to be private')
    .option('--json', 'print one JSON object at the end; progress still goes to stderr')
    .addHelpText('after', HELP_AFTER);
  addTrainingArgumentOptions(command);
  return addKernelOptions(command).action((options: TrainOptions) => {
    const hasBackend = command.getOptionValueSource('backend') !== 'default';
    return trainFromOptions(options, hasBackend ? { backend: options.backend } : {}, context);
  });
}

async function trainFromOptions(
  options: TrainOptions,
  backend: Pick<TrainFlags, 'backend'>,
  context: ProgramContext,
): Promise<void> {
  const { stderr, signal } = context;
  const config = await resolveTrainConfig({ ...flagsOf(options), ...backend });
  const threads = config.threads === undefined ? {} : { threads: config.threads };
  const kernels = await kernelsFromOptions({ backend: config.backend ?? 'auto', ...threads }, context);
  try {
    const hub = programHub(context);
    const push = await hubPushFromOptions(options, context);
    const guides = createGuideLoader((source) => StaticEmbedding.load(source, { kernels, hub, signal }));
    // Before the data, which may take long to read: a wrong loss is told at once.
    const start = await startOf(config, { kernels, hub, signal });
    const loss = await lossFromOptions(config, { dimension: start.dimension, loadGuide: guides.load });
    const datasets = await readTrainingData(config.train, config, hub, context);
    const evalDatasets = await readTrainingData(config.evalData ?? [], config, hub, context);
    await guides.open(datasets, evalDatasets);
    const model = await start.model(datasets);
    const summary = await train({
      model,
      datasets,
      ...(config.initialTable && { initialTable: { ...config.initialTable } }),
      evaluators: await evaluatorsOf(config, signal),
      evalDatasets,
      loss,
      arguments: config.arguments,
      signal,
      onEvent: progressReporter({ stream: stderr }),
      callbacks: [runConfigSaver(config, kernels)],
      ...(options.resume === undefined ? {} : { resumeFromCheckpoint: options.resume }),
    });
    model.dispose();
    const folder = join(config.arguments.outputDir, 'final');
    const uploaded = summary.outcome === 'aborted' ? undefined : await push?.upload(folder);
    conclude(summary, { folder, uploaded }, options.json === true, context);
  } finally {
    kernels.dispose();
  }
}

/** Where the model is to be uploaded; its repository is made before the training. */
async function hubPushFromOptions(options: TrainOptions, context: ProgramContext): Promise<HubPush | undefined> {
  const { pushToHub: name, private: isPrivate = false } = options;
  if (name !== undefined) return openHubPush({ name, isPrivate }, context);
  if (!isPrivate) return undefined;
  throw new EmbedbagError({
    code: 'missing-option',
    message:
      'Expected `--push-to-hub` beside `--private`, received none. Add `--push-to-hub owner/name`, or leave `--private` out.',
  });
}

/** The settings among parsed options. */
function flagsOf(options: TrainOptions): TrainFlags {
  const { config, train, columns, streaming, evalData, tokenizer, model, dimension, threads } = options;
  const { matryoshkaDims, loss, lossOptions, scale, eval: retrieval } = options;
  const settings = {
    config,
    train,
    columns,
    streaming,
    evalData,
    eval: retrieval,
    tokenizer,
    model,
    dimension,
    recipe: options.recipe,
    initialTable: options.initialTable,
    threads,
  };
  const all = { ...settings, matryoshkaDims, loss, lossOptions, scale };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  // The card tells to load what is uploaded, unless another name is given.
  const hubModelId = options.pushToHub === undefined ? {} : { hubModelId: options.pushToHub };
  return { ...given, arguments: { ...hubModelId, ...argumentsFromFlags({ ...options }) } };
}

function conclude(
  { outcome, step, steps, pairs, elapsedMs, reason }: TrainingSummary,
  { folder: model, uploaded }: { readonly folder: string; readonly uploaded: UploadedModel | undefined },
  isJson: boolean,
  { stdout, stderr }: Pick<ProgramContext, 'stdout' | 'stderr'>,
): void {
  const hub = uploaded && { hub: { url: uploaded.url, commit: uploaded.commit } };
  if (isJson) stdout.write(`${JSON.stringify({ outcome, step, steps, pairs, elapsedMs, model, ...hub })}\n`);
  if (outcome === 'aborted') {
    stderr.write(`Stopped after step ${step} of ${steps}; the model so far is in ${model}\n`);
    throw new ProgramExit(EXIT_CODES.interrupted);
  }
  if (outcome === 'stopped') stderr.write(`Stopped after step ${step} of ${steps}: ${reason}\n`);
  if (isJson) return;
  stdout.write(`The model is in ${model}\n`);
  if (uploaded !== undefined) stdout.write(`It is on the hub at ${uploaded.url}\n`);
}

async function evaluatorsOf(config: ResolvedTrainConfig, signal: AbortSignal): Promise<readonly Evaluator[]> {
  if (config.eval === undefined) return [];
  const evaluators: Evaluator[] = [];
  for (const folder of await listRetrievalFolders(config.eval)) {
    evaluators.push(informationRetrievalEvaluator(await readRetrievalFolder(folder, { signal })));
  }
  return evaluators;
}

/** What a run begins with: a model, or a new table, which may depend on the training texts. */
interface TrainingStart {
  readonly dimension: number;
  model(datasets: readonly TextDataset[]): Promise<StaticEmbedding>;
}

async function startOf(
  {
    tokenizer: source,
    model: saved,
    dimension,
    initialTable = { kind: 'random' },
    arguments: args,
  }: ResolvedTrainConfig,
  place: { readonly kernels: Kernels; readonly hub: Hub; readonly signal: AbortSignal },
): Promise<TrainingStart> {
  if (saved !== undefined) {
    const model = await StaticEmbedding.load(saved, place);
    return { dimension: model.dimension, model: async () => model };
  }
  const tokenizer = await loadTokenizer(source!, place);
  return {
    dimension,
    model: (datasets) =>
      createInitialModel(initialTable, { ...place, tokenizer, dimension, seed: args.seed, datasets }),
  };
}
