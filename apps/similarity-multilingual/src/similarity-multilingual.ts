import { join } from 'node:path';
import {
  addRecipeOptions,
  answerTypedQuestions,
  checkRecipeOptions,
  describeRecipe,
  openTextLibrary,
  type PlannedRecipe,
  type ProgramContext,
  peakMemoryBytes,
  printPlanOfData,
  printPlanOfList,
  programHub,
  type RecipeData,
  type RecipeOptions,
  readArticleData,
  readRecipeData,
  recipeArguments,
  runCommand,
  runRecipeProgram,
  saveLibraryTexts,
  stoppedEarly,
  trainedLine,
  wasStopped,
} from '@embedbag/cli';
import type { Kernels } from '@embedbag/core';
import { progressReporter } from '@embedbag/trainer';
import { Command } from 'commander';
import { type EmbeddedData, embeddedData } from './embedded-data.js';
import { readEvaluationFolder } from './evaluation-folder.js';
import { heldOutSets } from './held-out-sets.js';
import { ARTICLE, RECIPE, type RecipeResult, recipeLoss, runRecipe, type SimilaritySet } from './recipe.js';
import {
  languageOf,
  MAIN_FIGURE,
  meanFigure,
  type ScoreReport,
  scoreTables,
  setsOfKind,
  trainedLanguages,
} from './score-report.js';
import { showTranslations } from './translation-examples.js';

interface Data extends RecipeData, Partial<Pick<EmbeddedData, 'messages' | 'heldOutMessages'>> {
  readonly sets: readonly SimilaritySet[];
}

/** The default data are some 22,000 pairs: smaller batches and more passes than the article's millions of rows need. */
const EMBEDDED_ARGUMENTS = { perDeviceTrainBatchSize: 512, numTrainEpochs: 4 } as const;

/** What a message is called is no part of it. */
const LIBRARY = { withTitle: false } as const;

const HELP_AFTER = `
Without --train it needs no data: the messages of the TypeScript compiler in English and 13 other languages are trained on.

The article's settings on your own data:
  $ pnpm similarity-multilingual --train DIR --eval DIR --tokenizer tokenizer.json --output my-model \\
      --columns anchor=english,positive=non_english --min-rows 100

The article's own 18 datasets, from the Hugging Face Hub: what it would take, and the run itself:
  $ pnpm similarity-multilingual --article --plan
  $ pnpm similarity-multilingual --article --output my-model

Exit codes: 0 done, 1 a defect, 2 wrong input, 130 stopped by Ctrl-C (the model so far is saved).`;

/** The multilingual similarity recipe as a program. `argv` has no program name in front. */
export function similarityMultilingual(argv: readonly string[], context: ProgramContext): Promise<void> {
  const command = new Command('similarity-multilingual').description(
    'Train, evaluate, save and search a static model for similarity within and across languages.',
  );
  addRecipeOptions(command, {
    eval: 'files with the columns sentence1, sentence2, score or english, non_english, also in folders inside it',
    columns: 'anchor=english,positive=non_english',
    output: 'output/similarity-multilingual',
    embeddedBatchSize: EMBEDDED_ARGUMENTS.perDeviceTrainBatchSize,
  })
    .addHelpText('after', HELP_AFTER)
    .action((options: RecipeOptions) =>
      runRecipeProgram(options, context, {
        library: LIBRARY,
        trainAndReport: (kernels) => trainAndReport(options, kernels, context),
      }),
    );
  return runCommand(command, argv, context);
}

async function trainAndReport(options: RecipeOptions, kernels: Kernels, context: ProgramContext): Promise<void> {
  checkRecipeOptions(options);
  const { stderr, signal } = context;
  const startedAt = performance.now();
  if (options.plan && options.article) {
    const { datasets, vocabularySize } = ARTICLE;
    return printPlanOfList(datasets, vocabularySize, plannedRecipe(options, {}, kernels), context);
  }
  const data = await readData(options, context);
  const planned = plannedRecipe(options, data, kernels);
  if (options.plan) return printPlanOfData(data, planned, context);
  stderr.write(describeRecipe(data, evaluationLines(data), { dimension: RECIPE.dimension, kernels }));
  const result = await runRecipe({
    ...data,
    kernels,
    seed: options.seed,
    initialTable: options.initialTable,
    arguments: planned.arguments,
    outputDir: options.output,
    signal,
    onEvent: progressReporter({ stream: stderr }),
  });
  await report(data, result, { options, startedAt, context }).finally(() => result.model.dispose());
}

/** What a run and its plan have in common. */
function plannedRecipe(options: RecipeOptions, data: Pick<RecipeData, 'arguments'>, kernels: Kernels): PlannedRecipe {
  const args = recipeArguments(RECIPE.arguments, options, data);
  return { dimension: RECIPE.dimension, loss: recipeLoss(), arguments: args, kernels, json: options.json ?? false };
}

interface ReportPlace {
  readonly options: RecipeOptions;
  readonly startedAt: number;
  readonly context: ProgramContext;
}

async function report(data: Data, result: RecipeResult, { options, startedAt, context }: ReportPlace): Promise<void> {
  const { stdout } = context;
  const { after, before, summary, trainingMs, model } = result;
  if (wasStopped(result, data.sets.length > 0)) stoppedEarly(summary, options.output, context);
  const scores = { sets: data.sets, before: before ?? {}, after: after ?? {}, trained: trainedLanguages(data) };
  const { messages, heldOutMessages } = data;
  if (messages !== undefined) await saveLibraryTexts(options.output, messages);
  if (options.json) {
    const folder = join(options.output, 'final');
    const totalMs = performance.now() - startedAt;
    stdout.write(`${JSON.stringify({ ...jsonReport(scores, result), model: folder, seed: options.seed, totalMs })}\n`);
    return;
  }
  if (data.sets.length > 0) stdout.write(`\n${scoreTables(scores)}`);
  stdout.write(`\n${trainedLine(trainingMs, options.output)}`);
  if (messages === undefined || heldOutMessages === undefined) return;
  showTranslations(model, { messages, heldOutMessages }, stdout);
  if (options.search) await answerTypedQuestions(openTextLibrary(model, messages, LIBRARY), context);
  else stdout.write('\nAsk in any of these languages: npm run start:multilingual -- --search\n');
}

async function readData(options: RecipeOptions, context: ProgramContext): Promise<Data> {
  if (options.train === undefined && !options.article) return defaultData(context);
  const place = { hub: programHub(context), signal: context.signal };
  const sets = options.eval === undefined ? [] : await readEvaluationFolder(options.eval, place);
  if (options.train !== undefined) return { ...(await readRecipeData(options, context)), sets };
  const article = await readArticleData(ARTICLE, options, context);
  return { ...article, sets: [...(await heldOutSets(article.heldOut)), ...sets] };
}

async function defaultData({ stderr, signal }: ProgramContext): Promise<Data> {
  stderr.write('Reading the messages of the TypeScript compiler in 14 languages ...\n');
  return { ...(await embeddedData(signal)), arguments: EMBEDDED_ARGUMENTS };
}

/** A line a kind and folder. */
function evaluationLines({ sets }: Data): { readonly name: string; readonly size: string }[] {
  const groups = new Map<string, SimilaritySet[]>();
  for (const set of sets) {
    const folder = set.name.includes('/') ? set.name.slice(0, set.name.lastIndexOf('/')) : 'held out';
    const group = `${folder} (${set.kind})`;
    groups.set(group, [...(groups.get(group) ?? []), set]);
  }
  return [...groups].map(([name, group]) => {
    const pairs = group.reduce((sum, { size }) => sum + size, 0).toLocaleString('en-US');
    return { name, size: `${group.length} ${group.length === 1 ? 'set' : 'sets'}, ${pairs} pairs` };
  });
}

function jsonReport(report: ScoreReport, { summary, trainingMs }: RecipeResult): object {
  const { before, after } = report;
  const means = (['similarity', 'translation'] as const).map((kind) => {
    const { shown } = setsOfKind(report, kind);
    const mean = (scores: ScoreReport['before']): Record<number, number> =>
      Object.fromEntries(
        RECIPE.matryoshkaDims.map((dim) => [dim, meanFigure(scores, shown, dim, MAIN_FIGURE[kind])] as const),
      );
    const languages = shown.map(({ name }) => languageOf(name));
    return [
      kind,
      shown.length === 0 ? null : { metric: MAIN_FIGURE[kind], languages, before: mean(before), after: mean(after) },
    ];
  });
  return {
    before,
    after,
    means: Object.fromEntries(means),
    steps: summary.steps,
    pairs: summary.pairs,
    trainingMs,
    peakMemoryBytes: peakMemoryBytes(),
  };
}
