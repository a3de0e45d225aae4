import { join } from 'node:path';
import {
  addKernelOptions,
  columnsOption,
  EXIT_CODES,
  integerOption,
  type KernelOptions,
  kernelsFromOptions,
  type ProgramContext,
  ProgramExit,
  positiveOption,
  programHub,
  runCommand,
} from '@embedbag/cli';
import { EmbedbagError, type Kernels } from '@embedbag/core';
import { listRetrievalFolders, type RetrievalData, readDatasets, readRetrievalFolder } from '@embedbag/datasets';
import { bm25Baseline } from '@embedbag/evaluators';
import { loadTokenizer } from '@embedbag/tokenization';
import { progressReporter } from '@embedbag/trainer';
import { Command, Option } from 'commander';
import { type EmbeddedData, embeddedData } from './embedded-data.js';
import {
  answerExampleQuestions,
  answerTypedQuestions,
  loadLibrary,
  openLibrary,
  saveDocuments,
} from './question-answering.js';
import { RECIPE, type RecipeInput, type RecipeResult, runRecipe } from './recipe.js';
import { checkLossOptions, RECIPE_LOSSES, type RecipeLossOptions, recipeLoss } from './recipe-loss.js';
import { meanScore, scoreTables } from './score-report.js';

interface Options extends KernelOptions, RecipeLossOptions {
  readonly train?: string;
  readonly eval?: string;
  readonly tokenizer?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly output: string;
  readonly batchSize?: number;
  readonly seed: number;
  readonly bf16: boolean;
  readonly search?: boolean;
  readonly json?: boolean;
}

type RecipeData = Pick<RecipeInput, 'tokenizer' | 'datasets' | 'retrievalSets' | 'arguments'> &
  Partial<Pick<EmbeddedData, 'documents'>>;

/** The default data are some 10,000 pairs: smaller batches and more passes than the article's millions of rows need. */
const EMBEDDED_ARGUMENTS = { perDeviceTrainBatchSize: 512, numTrainEpochs: 4 } as const;

const HELP_AFTER = `
Without --train it needs no data: the documentation inside TypeScript's and Node.js' declaration files is trained on.

The article's settings on your own data:
  $ pnpm retrieval-en --train DIR --eval DIR --tokenizer tokenizer.json --output my-model

Exit codes: 0 done, 1 a defect, 2 wrong input, 130 stopped by Ctrl-C (the model so far is saved).`;

/** The English retrieval recipe as a program. `argv` has no program name in front. */
export function retrievalEn(argv: readonly string[], context: ProgramContext): Promise<void> {
  const command = new Command('retrieval-en')
    .description('Train, evaluate, save and search a static model for English retrieval.')
    .option(
      '--train <folder>',
      'every file of rows in it (.jsonl, .csv, .tsv, .parquet, .arrow, ...) is a dataset of its own',
    )
    .option('--eval <folder>', 'a folder in BEIR layout, or one that holds such folders')
    .option('--tokenizer <file>', 'a tokenizer.json, or the id of a model on the Hugging Face Hub')
    .option('--columns <mapping>', 'which columns to use, such as anchor=question,positive=answer', columnsOption)
    .addOption(new Option('--loss <name>', 'the loss, at every Matryoshka dim').choices(RECIPE_LOSSES).default('mnrl'))
    .option('--guide <model>', 'for `--loss gist`: a trained model, such as OUTPUT/final of an earlier run')
    .option('--temperature <number>', 'for `--loss gist`: divides the similarities (default: 0.01)', positiveOption)
    .option('--batch-size <rows>', 'rows a batch (default: 2048, or 512 without --train)', integerOption(1))
    .option('--no-bf16', 'take products of embeddings in float32: slower, with the same scores')
    .option('--output <folder>', 'the model lies in its folder `final`', 'output/retrieval-en')
    .option('--seed <number>', 'seed of the initial table and of the order of the rows', integerOption(0), 42)
    .option('--search', 'type questions to the model of the last run; trains one first if there is none')
    .option('--json', 'print one JSON object with all scores; progress still goes to stderr')
    .addHelpText('after', HELP_AFTER);
  addKernelOptions(command).action((options: Options) => main(options, context));
  return runCommand(command, argv, context);
}

async function main(options: Options, context: ProgramContext): Promise<void> {
  const kernels = await kernelsFromOptions(options, context);
  try {
    const library = options.search ? await loadLibrary(options.output, kernels) : undefined;
    if (library === undefined) await trainAndReport(options, kernels, context);
    else await answerTypedQuestions(library, context).finally(() => library.model.dispose());
  } finally {
    kernels.dispose();
  }
}

async function trainAndReport(options: Options, kernels: Kernels, context: ProgramContext): Promise<void> {
  checkOptions(options);
  const { stdout, stderr, signal } = context;
  const startedAt = performance.now();
  const data = options.train === undefined ? await defaultData(context) : await ownData(options, context);
  stderr.write(describe(data, kernels));
  const { loss, dispose } = await recipeLoss(options, kernels, programHub(context));
  const batch = options.batchSize === undefined ? {} : { perDeviceTrainBatchSize: options.batchSize };
  const result = await runRecipe({
    ...data,
    kernels,
    loss,
    seed: options.seed,
    arguments: { ...data.arguments, ...batch, bf16: options.bf16 },
    outputDir: options.output,
    signal,
    onEvent: progressReporter({ stream: stderr }),
  }).finally(dispose);
  try {
    const folder = join(options.output, 'final');
    const { after, before, summary, trainingMs, model } = result;
    if (after === undefined) {
      stderr.write(`Stopped after step ${summary.step} of ${summary.steps}; the model so far is in ${folder}\n`);
      throw new ProgramExit(EXIT_CODES.interrupted);
    }
    const bm25 = lexicalScores(data.retrievalSets);
    if (data.documents !== undefined) await saveDocuments(options.output, data.documents);
    if (options.json) {
      const totalMs = performance.now() - startedAt;
      stdout.write(`${JSON.stringify({ ...jsonReport(result, bm25), model: folder, seed: options.seed, totalMs })}\n`);
      return;
    }
    if (data.retrievalSets.length > 0) {
      stdout.write(`\n${scoreTables({ before, after, bm25 }, RECIPE.matryoshkaDims)}`);
    }
    stdout.write(`\nTrained in ${(trainingMs / 1000).toFixed(1)} s; the model is in ${folder}\n`);
    if (data.documents === undefined) return;
    const library = openLibrary(model, data.documents);
    answerExampleQuestions(library, stdout);
    if (options.search) await answerTypedQuestions(library, context);
    else stdout.write('\nAsk your own questions: npm start -- --search\n');
  } finally {
    result.model.dispose();
  }
}

/** Refuses options that would have no effect beside the others. */
function checkOptions(options: Options): void {
  checkLossOptions(options);
  const { train, search } = options;
  const unused =
    train === undefined ? (['eval', 'tokenizer', 'columns'] as const).find((name) => options[name]) : undefined;
  if (unused !== undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: `Expected \`--train\` with \`--${unused}\`, received none. Give the folder of the training data, or leave \`--${unused}\` out.`,
    });
  }
  if (train === undefined || !search) return;
  throw new EmbedbagError({
    code: 'conflicting-options',
    message:
      'Expected `--search` without `--train`, received both. Train first, then ask the model with `embedbag search --model OUTPUT/final --documents FILE`.',
  });
}

async function defaultData({ stderr, signal }: ProgramContext): Promise<RecipeData> {
  stderr.write('Reading the documentation inside the declaration files of TypeScript and Node.js ...\n');
  return { ...(await embeddedData(signal)), arguments: EMBEDDED_ARGUMENTS };
}

async function ownData(options: Options, { stderr, signal }: ProgramContext): Promise<RecipeData> {
  const { train, tokenizer } = options;
  if (train === undefined || tokenizer === undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: 'Expected `--tokenizer` with `--train`, received none. Give the path of a tokenizer.json.',
    });
  }
  const folders = options.eval === undefined ? [] : await listRetrievalFolders(options.eval);
  const retrievalSets: RetrievalData[] = [];
  for (const folder of folders) retrievalSets.push(await readRetrievalFolder(folder, { signal }));
  const place = { hub: programHub({ stderr }), signal };
  const settings = options.columns === undefined ? place : { ...place, columns: options.columns };
  return {
    tokenizer: await loadTokenizer(tokenizer, place),
    datasets: await readDatasets(train, settings),
    retrievalSets,
  };
}

function describe(data: RecipeData, kernels: Kernels): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  const lines = data.datasets.map(({ name, rowCount }) => `  train     ${name}: ${count(rowCount)} pairs\n`);
  for (const { name, queries, corpus } of data.retrievalSets) {
    lines.push(`  evaluate  ${name}: ${count(queries.size)} queries, ${count(corpus.size)} documents\n`);
  }
  lines.push(`  table     ${count(data.tokenizer.vocabularySize)} tokens x ${RECIPE.dimension} dims\n`);
  lines.push(`  compute   ${kernels.backend}, threads: ${kernels.threads}\n`);
  return lines.join('');
}

function lexicalScores(sets: readonly RetrievalData[]): Record<string, number> {
  return Object.fromEntries(sets.map((set) => [set.name, bm25Baseline(set).metrics['ndcg@10'] ?? Number.NaN]));
}

function jsonReport(result: RecipeResult, bm25: Readonly<Record<string, number>>): object {
  const { before, after, summary, trainingMs } = result;
  const mean = (scores: RecipeResult['before']): Record<string, number> =>
    Object.fromEntries(RECIPE.matryoshkaDims.map((dim) => [dim, meanScore(scores, dim)]));
  return {
    metric: 'ndcg@10',
    before,
    after,
    bm25,
    meanBefore: mean(before),
    meanAfter: after === undefined ? null : mean(after),
    steps: summary.steps,
    pairs: summary.pairs,
    trainingMs,
  };
}
