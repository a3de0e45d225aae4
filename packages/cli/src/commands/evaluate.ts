import { EmbedbagError, type Kernels, type SimilarityFunctionName } from '@embedbag/core';
import { compareResults, confidenceInterval, nanoBeirEvaluator, type ResultByDim } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command, Option } from 'commander';
import { writeEvaluationFiles } from '../evaluation-files.js';
import { type EvaluationKindName, type EvaluatorSettings, FILE_KINDS } from '../evaluation-kinds.js';
import { type EvaluatedSet, evaluationTables } from '../evaluation-report.js';
import { type EvaluationSet, evaluationSets } from '../evaluation-sets.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { nanoBeirSource } from '../nano-beir-source.js';
import { columnsOption, dimsOption, nanoBeirOption, similaritiesOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';

interface EvaluateOptions extends KernelOptions {
  readonly model: string;
  readonly baseline?: string;
  readonly retrieval?: string;
  readonly nanobeir?: string;
  readonly nanobeirDatasets?: readonly string[];
  readonly data?: readonly string[];
  readonly kind?: EvaluationKindName;
  readonly columns?: Readonly<Record<string, string>>;
  readonly dims?: readonly number[];
  readonly similarity: readonly SimilarityFunctionName[];
  readonly csv?: string;
  readonly svg?: string;
  readonly png?: string;
  readonly items?: string;
  readonly intervals?: boolean;
  readonly json?: boolean;
}

const KINDS: readonly EvaluationKindName[] = ['retrieval', ...FILE_KINDS.map(({ name }) => name)];
const KIND_LINES = FILE_KINDS.map(
  ({ name, columns }) => `  ${name.padEnd(12)} ${columns.map(([column]) => column).join(', ')}`,
).join('\n');

const HELP_AFTER = `
The columns of a --data file tell its kind; of a folder, every file is a set:
${KIND_LINES}
  retrieval    a folder with corpus.jsonl, queries.jsonl and qrels/, or one that holds such folders

--items holds metrics that are means, so none of similarity and pairs. --intervals says where the primary metric would lie
on other items of the same kind, 95 times of 100. With --baseline each set also says by how much the model is better and how
likely chance alone is to make such a difference.

Examples:
  $ embedbag evaluate --model my-model/final --retrieval data/scifact --dims 1024,256,64 --png scores.png
  $ embedbag evaluate --model my-model/final --data data/stsb data/tatoeba --csv my-model/eval
  $ embedbag evaluate --model new/final --baseline old/final --nanobeir sentence-transformers/NanoBEIR-en`;

/** `embedbag evaluate`: scores of a model on retrieval sets and on files of pairs and triplets. */
export function evaluateCommand(context: ProgramContext): Command {
  const command = new Command('evaluate')
    .description('Measure how well a model retrieves, compares, ranks and matches texts.')
    .requiredOption('--model <model>', 'the folder of a saved model, or the id of one on the Hugging Face Hub')
    .option('--retrieval <folder>', 'a folder in BEIR layout, or one that holds such folders')
    .option('--nanobeir <source>', 'NanoBEIR: a folder of its datasets, or the id of a dataset on the Hugging Face Hub')
    .option(
      '--nanobeir-datasets <list>',
      'some of its datasets, such as msmarco,scifact (default: all)',
      nanoBeirOption,
    )
    .option('--data <paths...>', 'files, folders or hf://datasets/owner/name of evaluation data; see below')
    .addOption(new Option('--kind <name>', 'of the data of --data (default: by their columns)').choices(KINDS))
    .option('--columns <mapping>', 'other names of columns, such as sentence1=first,score=gold', columnsOption)
    .option('--dims <list>', 'evaluate the first so many dims, such as 1024,256 (default: all)', dimsOption)
    .option('--similarity <list>', 'cosine, dot, euclidean or manhattan, or several', similaritiesOption, ['cosine'])
    .option('--baseline <model>', 'another model to compare with, by a paired test')
    .option('--csv <folder>', 'add a row to the CSV files of sentence-transformers in this folder')
    .option('--svg <file>', 'draw score against dimension, as a picture of lines and letters')
    .option('--png <file>', 'the same as a picture of pixels')
    .option('--items <file>', 'write the metrics of every query, triplet or sentence, a JSON object a line')
    .option('--intervals', 'add a bootstrap interval of the primary metric')
    .option('--json', 'print one JSON object with every metric')
    .addHelpText('after', HELP_AFTER);
  return addKernelOptions(command).action((options: EvaluateOptions) => evaluate(options, context));
}

function checkOptions({ retrieval, nanobeir, nanobeirDatasets, data, dims, svg, png }: EvaluateOptions): void {
  if (retrieval === undefined && nanobeir === undefined && data === undefined) {
    throw new EmbedbagError({
      code: 'no-data',
      message: 'Expected `--retrieval`, `--nanobeir` or `--data`, received none of them. Name what to evaluate on.',
    });
  }
  if (nanobeirDatasets !== undefined && nanobeir === undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: 'Expected `--nanobeir` beside `--nanobeir-datasets`, received none. Say where the datasets lie.',
    });
  }
  if ((svg ?? png) === undefined || (dims !== undefined && dims.length > 1)) return;
  throw new EmbedbagError({
    code: 'too-few-dims',
    message: `Expected \`--dims\` with at least two dims for \`${svg === undefined ? '--png' : '--svg'}\`, received ${dims?.[0] ?? 'none'}. Name some, such as --dims 1024,512,256.`,
  });
}

/** Later sets of a name that was there get a number. */
function withUniqueNames(sets: readonly EvaluationSet[]): EvaluationSet[] {
  const seen = new Map<string, number>();
  return sets.map((set) => {
    const count = (seen.get(set.name) ?? 0) + 1;
    seen.set(set.name, count);
    return count === 1 ? set : { ...set, name: `${set.name} (${count})` };
  });
}

async function findSets(options: EvaluateOptions, context: ProgramContext): Promise<EvaluationSet[]> {
  const { dims, similarity, retrieval, nanobeir, nanobeirDatasets, data = [], kind, columns } = options;
  const place = { hub: programHub(context), signal: context.signal };
  const settings: EvaluatorSettings = {
    similarityFunctions: similarity,
    ...(dims !== undefined && { truncateDims: dims }),
  };
  const sets: EvaluationSet[] = [];
  if (retrieval !== undefined)
    sets.push(...(await evaluationSets({ path: retrieval, kind: 'retrieval' }, settings, place)));
  if (nanobeir !== undefined) {
    const { datasetNames, load } = await nanoBeirSource(nanobeir, place, nanobeirDatasets);
    const evaluator = nanoBeirEvaluator({ ...settings, datasetNames, load });
    sets.push({
      kind: 'retrieval',
      name: 'NanoBEIR',
      size: `${datasetNames.length} ${datasetNames.length === 1 ? 'dataset' : 'datasets'}`,
      evaluator,
    });
  }
  for (const path of data) {
    const source = { path, ...(kind !== undefined && { kind }), ...(columns !== undefined && { columns }) };
    sets.push(...(await evaluationSets(source, settings, place)));
  }
  return withUniqueNames(sets);
}

async function evaluateSets(
  sets: readonly EvaluationSet[],
  models: { readonly model: StaticEmbedding; readonly baseline: StaticEmbedding | undefined },
  { json, items, intervals }: EvaluateOptions,
  { stderr, signal }: ProgramContext,
): Promise<EvaluatedSet[]> {
  const { model, baseline } = models;
  const withItems = items !== undefined || baseline !== undefined || intervals === true;
  const evaluated: EvaluatedSet[] = [];
  for (const { kind, name, size, evaluator } of sets) {
    if (!json) stderr.write(`${name}: ${size}\n`);
    const result = await evaluator.evaluate(model, { signal, withItems });
    const before = baseline && (await evaluator.evaluate(baseline, { signal, withItems }));
    evaluated.push({
      kind,
      name,
      result,
      ...(intervals === true && { interval: confidenceInterval(result) }),
      ...(before !== undefined && { comparison: compareResults({ baseline: before, candidate: result }) }),
    });
  }
  return evaluated;
}

/** A result without what is only for programs in this process. */
function printedResult({ result, interval, comparison }: EvaluatedSet): object {
  const { metrics, primaryMetric, byDim }: ResultByDim = result;
  return {
    metrics,
    primaryMetric,
    byDim,
    ...(interval && { interval }),
    ...(comparison !== undefined && { comparison }),
  };
}

async function loadModel(id: string, kernels: Kernels, context: ProgramContext): Promise<StaticEmbedding> {
  return StaticEmbedding.load(id, { kernels, hub: programHub(context), signal: context.signal });
}

async function evaluate(options: EvaluateOptions, context: ProgramContext): Promise<void> {
  checkOptions(options);
  const kernels = await kernelsFromOptions(options, context);
  try {
    const sets = await findSets(options, context);
    const model = await loadModel(options.model, kernels, context);
    const baseline = options.baseline === undefined ? undefined : await loadModel(options.baseline, kernels, context);
    const evaluated = await evaluateSets(sets, { model, baseline }, options, context);
    await report(evaluated, options.dims ?? [model.dimension], options, context);
    model.dispose();
    baseline?.dispose();
  } finally {
    kernels.dispose();
  }
}

async function report(
  sets: readonly EvaluatedSet[],
  dims: readonly number[],
  options: EvaluateOptions,
  { stdout }: ProgramContext,
): Promise<void> {
  const { model, similarity, json } = options;
  const results = Object.fromEntries(sets.map((set) => [set.name, printedResult(set)]));
  if (json) stdout.write(`${JSON.stringify({ model, dims, results })}\n`);
  else stdout.write(evaluationTables(sets, { dims, similarities: similarity }));
  // Printed first: a file that cannot be written must not cost what was measured.
  await writeEvaluationFiles(sets, { ...options, title: model, dims });
}
