import { join } from 'node:path';
import {
  addRecipeOptions,
  answerTypedQuestions,
  checkRecipeOptions,
  describeRecipe,
  nanoBeirSource,
  openTextLibrary,
  type PlannedRecipe,
  type ProgramContext,
  peakMemoryBytes,
  positiveOption,
  printPlanOfData,
  printPlanOfList,
  programHub,
  RECIPE_HELP,
  RECIPE_NAMES,
  type RecipeData,
  type RecipeOptions,
  readArticleData,
  readRecipeData,
  recipeArguments,
  runCommand,
  runRecipeProgram,
  saveLibraryTexts,
  stoppedEarly,
  TRAINING_RECIPES,
  trainedLine,
  wasStopped,
} from '@embedbag/cli';
import type { Kernels, Loss } from '@embedbag/core';
import { listRetrievalFolders, readRetrievalFolder } from '@embedbag/datasets';
import { bm25Baseline, type TextsById } from '@embedbag/evaluators';
import { progressReporter } from '@embedbag/trainer';
import { Command, Option } from 'commander';
import { type EmbeddedData, embeddedData } from './embedded-data.js';
import { answerExampleQuestions } from './question-answering.js';
import {
  ARTICLE,
  ARTICLE_EVALUATION,
  atEveryDim,
  type NamedRetrievalSet,
  RECIPE,
  type RecipeResult,
  runRecipe,
} from './recipe.js';
import { checkLossOptions, RECIPE_LOSSES, type RecipeLossOptions, recipeLoss } from './recipe-loss.js';
import { meanScore, scoreTables } from './score-report.js';

interface Options extends RecipeOptions, RecipeLossOptions {}

interface Data extends RecipeData, Partial<Pick<EmbeddedData, 'documents'>> {
  readonly retrievalSets: readonly NamedRetrievalSet[];
}

/** The default data are some 10,000 pairs: smaller batches and more passes than the article's millions of rows need. */
const EMBEDDED_ARGUMENTS = { perDeviceTrainBatchSize: 512, numTrainEpochs: 4 } as const;

/** A symbol's name is searched with its description. */
const LIBRARY = { withTitle: true } as const;

const HELP_AFTER = `
Without --train it needs no data: the documentation inside TypeScript's and Node.js' declaration files is trained on.

The article's settings on your own data, and better ones:
  $ pnpm retrieval-en --train DIR --eval DIR --tokenizer tokenizer.json --output my-model
  $ pnpm retrieval-en --train DIR --eval DIR --tokenizer tokenizer.json --output my-model --recipe best

The article's own 13 datasets, from the Hugging Face Hub: what it would take, and the run itself:
  $ pnpm retrieval-en --article --plan
  $ pnpm retrieval-en --article --output my-model

Exit codes: 0 done, 1 a defect, 2 wrong input, 130 stopped by Ctrl-C (the model so far is saved).`;

/** The English retrieval recipe as a program. `argv` has no program name in front. */
export function retrievalEn(argv: readonly string[], context: ProgramContext): Promise<void> {
  const command = new Command('retrieval-en').description(
    'Train, evaluate, save and search a static model for English retrieval.',
  );
  addRecipeOptions(command, {
    eval: 'a folder in BEIR layout, or one that holds such folders',
    columns: 'anchor=question,positive=answer',
    output: 'output/retrieval-en',
    embeddedBatchSize: EMBEDDED_ARGUMENTS.perDeviceTrainBatchSize,
  })
    .addOption(new Option('--recipe <name>', RECIPE_HELP).choices(RECIPE_NAMES).default('article'))
    .addOption(new Option('--loss <name>', 'the loss, at every Matryoshka dim').choices(RECIPE_LOSSES).default('mnrl'))
    .option(
      '--guide <model>',
      'for `--loss gist`: a trained model, such as OUTPUT/final of an earlier run, or a folder of `embedbag guide`',
    )
    .option('--temperature <number>', 'for `--loss gist`: divides the similarities (default: 0.01)', positiveOption)
    .addHelpText('after', HELP_AFTER)
    .action((options: Options) =>
      runRecipeProgram(options, context, {
        library: LIBRARY,
        trainAndReport: (kernels) => trainAndReport(options, kernels, context),
      }),
    );
  return runCommand(command, argv, context);
}

async function trainAndReport(options: Options, kernels: Kernels, context: ProgramContext): Promise<void> {
  checkLossOptions(options);
  checkRecipeOptions(options);
  const { stderr, signal } = context;
  const startedAt = performance.now();
  const { loss, open, dispose } = await recipeLoss(options, kernels, programHub(context));
  try {
    if (options.plan && options.article) {
      const { datasets, vocabularySize } = ARTICLE;
      return await printPlanOfList(datasets, vocabularySize, plannedRecipe(options, {}, { loss, kernels }), context);
    }
    const data = await readData(options, context);
    await open(data.datasets, []);
    const planned = plannedRecipe(options, data, { loss, kernels });
    if (options.plan) return await printPlanOfData(data, planned, context);
    stderr.write(describeRecipe(data, evaluationLines(data), { dimension: RECIPE.dimension, kernels }));
    const result = await runRecipe({
      ...data,
      kernels,
      loss,
      seed: options.seed,
      initialTable: options.initialTable ?? TRAINING_RECIPES[options.recipe].initialTable,
      arguments: planned.arguments,
      outputDir: options.output,
      signal,
      onEvent: progressReporter({ stream: stderr }),
    });
    await report(data, result, { options, startedAt, context }).finally(() => result.model.dispose());
  } finally {
    dispose();
  }
}

/** What a run and its plan have in common. */
function plannedRecipe(
  options: Options,
  data: Pick<RecipeData, 'arguments'>,
  { loss, kernels }: { readonly loss: Loss; readonly kernels: Kernels },
): PlannedRecipe {
  const recipe = { ...RECIPE.arguments, ...TRAINING_RECIPES[options.recipe].arguments };
  const args = recipeArguments(recipe, options, data);
  return { dimension: RECIPE.dimension, loss: atEveryDim(loss), arguments: args, kernels, json: options.json ?? false };
}

interface ReportPlace {
  readonly options: Options;
  readonly startedAt: number;
  readonly context: ProgramContext;
}

async function report(data: Data, result: RecipeResult, { options, startedAt, context }: ReportPlace): Promise<void> {
  const { stdout } = context;
  const { after, before, summary, trainingMs, model } = result;
  if (wasStopped(result, data.retrievalSets.length > 0)) stoppedEarly(summary, options.output, context);
  const bm25 = lexicalScores(data.retrievalSets);
  if (data.documents !== undefined) await saveLibraryTexts(options.output, data.documents);
  if (options.json) {
    const folder = join(options.output, 'final');
    const totalMs = performance.now() - startedAt;
    stdout.write(`${JSON.stringify({ ...jsonReport(result, bm25), model: folder, seed: options.seed, totalMs })}\n`);
    return;
  }
  if (before !== undefined && after !== undefined) {
    stdout.write(`\n${scoreTables({ before, after, bm25 }, RECIPE.matryoshkaDims)}`);
  }
  stdout.write(`\n${trainedLine(trainingMs, options.output)}`);
  if (data.documents === undefined) return;
  const library = openTextLibrary(model, data.documents, LIBRARY);
  answerExampleQuestions(library, stdout);
  if (options.search) await answerTypedQuestions(library, context);
  else stdout.write('\nAsk your own questions: npm start -- --search\n');
}

async function readData(options: Options, context: ProgramContext): Promise<Data> {
  if (options.train === undefined && !options.article) return defaultData(context);
  const retrievalSets: NamedRetrievalSet[] = [];
  const folders = options.eval === undefined ? [] : await listRetrievalFolders(options.eval);
  for (const folder of folders) retrievalSets.push(await readRetrievalFolder(folder, { signal: context.signal }));
  if (options.train !== undefined) return { ...(await readRecipeData(options, context)), retrievalSets };
  const article = await readArticleData(ARTICLE, options, context);
  return { ...article, retrievalSets: [...(await articleSets(context)), ...retrievalSets] };
}

/** The 13 datasets that the article measures on. */
async function articleSets(context: ProgramContext): Promise<NamedRetrievalSet[]> {
  const { signal } = context;
  const { datasetNames, load } = await nanoBeirSource(ARTICLE_EVALUATION, { hub: programHub(context), signal });
  const sets: NamedRetrievalSet[] = [];
  for (const name of datasetNames) sets.push({ ...(await load(name, { signal })), name });
  return sets;
}

async function defaultData({ stderr, signal }: ProgramContext): Promise<Data> {
  stderr.write('Reading the documentation inside the declaration files of TypeScript and Node.js ...\n');
  return { ...(await embeddedData(signal)), arguments: EMBEDDED_ARGUMENTS };
}

function evaluationLines({ retrievalSets }: Data): { readonly name: string; readonly size: string }[] {
  const count = (value: number): string => value.toLocaleString('en-US');
  return retrievalSets.map(({ name, queries, corpus }) => ({
    name,
    size: `${count(textCount(queries))} queries, ${count(textCount(corpus))} documents`,
  }));
}

function textCount(texts: TextsById): number {
  return texts instanceof Map ? texts.size : Object.keys(texts).length;
}

function lexicalScores(sets: readonly NamedRetrievalSet[]): Record<string, number> {
  return Object.fromEntries(sets.map((set) => [set.name, bm25Baseline(set).metrics['ndcg@10'] ?? Number.NaN]));
}

function jsonReport(result: RecipeResult, bm25: Readonly<Record<string, number>>): object {
  const { before, after, summary, trainingMs } = result;
  const mean = (scores: RecipeResult['before']): Record<string, number> =>
    Object.fromEntries(RECIPE.matryoshkaDims.map((dim) => [dim, meanScore(scores ?? {}, dim)]));
  return {
    metric: 'ndcg@10',
    before,
    after,
    bm25,
    meanBefore: mean(before),
    meanAfter: mean(after),
    steps: summary.steps,
    pairs: summary.pairs,
    trainingMs,
    peakMemoryBytes: peakMemoryBytes(),
  };
}
