import { EmbedbagError, type Hub, type TextDataset } from '@embedbag/core';
import {
  type MinedRows,
  type MineHardNegativesOptions,
  type MiningFormat,
  type MiningSummary,
  mineHardNegatives,
  type OpenDatasetOptions,
  openDataset,
  readDataset,
  readTexts,
} from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command, Option } from 'commander';
import { type ByteSink, byteSink } from '../byte-sink.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { miningReport, miningReporter } from '../mining-report.js';
import { columnsOption, integerOption, numberOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { STANDARD_STREAM } from '../text-input.js';

interface MineOptions extends KernelOptions {
  readonly model: string;
  readonly train: readonly string[];
  readonly output: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly streaming?: string | true;
  readonly corpus?: string;
  readonly textColumn: string;
  readonly numNegatives: number;
  readonly rangeMin: number;
  readonly rangeMax?: number;
  readonly maxScore?: number;
  readonly minScore?: number;
  readonly absoluteMargin?: number;
  readonly relativeMargin?: number;
  readonly sampling: 'top' | 'random';
  readonly seed: number;
  readonly format?: MiningFormat;
  readonly scores?: boolean;
  readonly includePositives?: boolean;
  readonly truncateDim?: number;
  readonly memory: number;
  readonly json?: boolean;
}

const FORMATS: readonly MiningFormat[] = ['triplet', 'n-tuple', 'n-tuple-scores', 'labeled-pair', 'labeled-list'];
const MIB = 2 ** 20;
/** Rows are written when they make so many letters. */
const CHUNK_LETTERS = 1 << 16;

const HELP_AFTER = `
Negatives are the texts nearest to a question that do not answer it: a model that is trained on them learns the difference.
They come from all answers, and from --corpus. A near text may be an answer that nobody marked: a margin leaves out what is
almost as near as the answer itself. --relative-margin 0.05 is what NV-Retriever found best.

A row of each format, as a JSON object a line:
  triplet       anchor, positive, negative
  n-tuple       anchor, positive, negative_1, negative_2, ...; n-tuple-scores has their scores too
  labeled-pair  anchor, positive, label: 1 for an answer, 0 for a negative
  labeled-list  anchor, positive: a list of an answer and negatives, labels; for rerankers of other programs

Examples:
  $ embedbag mine --model my-model/final --train pairs.jsonl --output mined.jsonl --relative-margin 0.05
  $ embedbag mine --model my-model/final --train faq.csv --columns anchor=question,positive=answer --output mined.jsonl \\
      --corpus documents.txt --format n-tuple --num-negatives 5 --range-min 10 --range-max 50 --sampling random
  $ embedbag train --train mined.jsonl --model my-model/final --output my-model-2

Ctrl-C stops and leaves nothing behind.`;

/** `embedbag mine`: hard negatives for a file of pairs. */
export function mineCommand(context: ProgramContext): Command {
  const command = new Command('mine')
    .description('Add hard negatives to pairs: texts that are near a question and do not answer it.')
    .requiredOption('--model <model>', 'the folder of a saved model, or the id of one on the Hugging Face Hub')
    .requiredOption('--train <path...>', 'files of pairs, folders, patterns in quotes, or hf://datasets/owner/name')
    .requiredOption('--output <file>', 'the rows with negatives, .jsonl; - for standard output')
    .option('--columns <mapping>', 'which columns to use, such as anchor=question,positive=answer', columnsOption)
    .option(
      '--streaming [folder]',
      'leave the texts in their files, for more than fits into memory, which takes longer; FOLDER keeps what the first pass found',
    )
    .option('--corpus <file>', 'further texts that negatives may come from, one a line or .jsonl')
    .option('--text-column <key>', 'the key of the text where a line of a .jsonl corpus is an object', 'text')
    .option('--num-negatives <count>', 'negatives a question', integerOption(1), 3)
    .option('--range-min <rank>', 'pass over the nearest so many texts that keep the rules', integerOption(0), 0)
    .option('--range-max <rank>', 'look at the nearest so many texts (default: as many as it takes)', integerOption(1))
    .option('--max-score <cosine>', 'pass over texts with a higher score', numberOption(-1))
    .option('--min-score <cosine>', 'pass over texts with a lower score', numberOption(-1))
    .option('--absolute-margin <cosine>', 'be so much below the score of the answer', numberOption(-2))
    .option('--relative-margin <share>', 'be below the score of the answer by this share of it', numberOption(-2))
    .addOption(new Option('--sampling <name>', 'the nearest, or by chance').choices(['top', 'random']).default('top'))
    .option('--seed <number>', 'seed of --sampling random', integerOption(0), 42)
    .addOption(new Option('--format <name>', 'of the rows (default: triplet)').choices(FORMATS))
    .option('--scores', 'add the scores')
    .option('--include-positives', 'let answers be among the texts of an n-tuple, to test a reranker')
    .option('--truncate-dim <dim>', 'compare the first so many dims only', integerOption(1))
    .option(
      '--memory <MiB>',
      'most memory for embeddings; with less than all need, it takes longer',
      integerOption(1),
      2048,
    )
    .option('--json', 'print one JSON object with the statistics')
    .addHelpText('after', HELP_AFTER);
  return addKernelOptions(command).action((options: MineOptions) => mine(options, context));
}

async function mine(options: MineOptions, context: ProgramContext): Promise<void> {
  const { stderr, signal } = context;
  const kernels = await kernelsFromOptions(options, context);
  try {
    const hub = programHub(context);
    const model = await StaticEmbedding.load(options.model, { kernels, hub, signal });
    const dataset = await datasetFromOptions(options, hub, context);
    const rows = mineHardNegatives(dataset, {
      ...settingsOf(options, model, context),
      onEvent: miningReporter(stderr),
    });
    conclude(await writtenRows(rows, await byteSink(options.output, context.stdout)), options, context);
    model.dispose();
  } finally {
    kernels.dispose();
  }
}

function datasetFromOptions(
  { train, columns, streaming }: MineOptions,
  hub: Hub,
  { stderr, signal }: ProgramContext,
): Promise<TextDataset> {
  const settings: OpenDatasetOptions = {
    ...(columns && { columns }),
    hub,
    signal,
    onNotice: ({ message }) => stderr.write(`note: ${message}\n`),
  };
  if (streaming === undefined) return readDataset(train, settings);
  return openDataset(train, { ...settings, ...(streaming !== true && { indexFolder: streaming }) });
}

function settingsOf(
  options: MineOptions,
  model: StaticEmbedding,
  { signal }: ProgramContext,
): MineHardNegativesOptions {
  const { corpus, textColumn, truncateDim, memory, sampling, format, scores, includePositives } = options;
  const { rangeMax, maxScore, minScore, absoluteMargin, relativeMargin } = options;
  return {
    encode: (texts, settings) => model.embed(texts, { ...settings, ...(truncateDim !== undefined && { truncateDim }) }),
    kernels: model.kernels,
    ...(corpus !== undefined && { corpus: readTexts(corpus, { column: textColumn, signal }) }),
    numNegatives: options.numNegatives,
    rangeMin: options.rangeMin,
    ...(rangeMax !== undefined && { rangeMax }),
    ...(maxScore !== undefined && { maxScore }),
    ...(minScore !== undefined && { minScore }),
    ...(absoluteMargin !== undefined && { absoluteMargin }),
    ...(relativeMargin !== undefined && { relativeMargin }),
    samplingStrategy: sampling,
    seed: options.seed,
    ...(format !== undefined && { outputFormat: format }),
    ...(scores !== undefined && { outputScores: scores }),
    ...(includePositives !== undefined && { includePositives }),
    embeddingBytes: memory * MIB,
    signal,
  };
}

/** Writes the rows as JSON Lines while they come; the file appears when there are all, and some. */
async function writtenRows(rows: MinedRows, output: ByteSink): Promise<MiningSummary> {
  try {
    const summary = await writeRows(rows, output);
    if (summary.rows === 0) throw nothingFound(summary.anchors);
    await output.close();
    return summary;
  } catch (error) {
    await output.discard();
    throw error;
  }
}

async function writeRows(rows: MinedRows, output: ByteSink): Promise<MiningSummary> {
  let lines = '';
  for (;;) {
    const next = await rows.next();
    if (!next.done) lines += `${JSON.stringify(next.value)}\n`;
    if (next.done || lines.length >= CHUNK_LETTERS) {
      await output.write(lines);
      lines = '';
    }
    if (next.done) return next.value;
  }
}

function nothingFound(anchors: number): EmbedbagError {
  return new EmbedbagError({
    code: 'no-negatives',
    message: `Expected to find negatives for at least one of ${anchors} questions, received none that keep the rules. Raise \`--range-max\`, loosen a margin or a score, give a \`--corpus\`, or ask for fewer \`--num-negatives\`.`,
    details: { anchors },
  });
}

function conclude(summary: MiningSummary, options: MineOptions, { stdout, stderr }: ProgramContext): void {
  const { output, json, numNegatives } = options;
  const print = output === STANDARD_STREAM ? stderr : stdout;
  if (json) print.write(`${JSON.stringify({ output, ...summary })}\n`);
  else print.write(`${miningReport(summary, numNegatives)}The rows are in ${output}\n`);
}
