import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { TextDataset, Tokenizer } from '@embedbag/core';
import { EmbedbagError } from '@embedbag/core';
import { readDatasets } from '@embedbag/datasets';
import { type DistilledModel, distill, distilledModelCard, type TeachingProgress } from '@embedbag/distillation';
import { createWordCounter, loadTokenizer } from '@embedbag/tokenization';
import { Command } from 'commander';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { integerOption, numberOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';
import { addTeacherOptions, openTeacher, type TeacherOptions } from '../teacher-source.js';

interface DistillCommandOptions extends KernelOptions, TeacherOptions {
  readonly tokenizer: string;
  readonly output: string;
  readonly dims?: number;
  readonly pca?: number;
  readonly sif: number;
  readonly drop: string;
  readonly train?: readonly string[];
  readonly words?: number;
  readonly seed: number;
  readonly batchSize: number;
  /** False for none. */
  readonly cache: string | boolean;
  readonly json?: boolean;
}

const HELP_AFTER = `
The teacher is
  a folder with config.json, tokenizer.json and onnx/model.onnx, or the id of such a model on the hub; for both,
    npm install @huggingface/transformers, here or in the folder that EMBEDBAG_TRANSFORMERS names
  an endpoint that speaks OpenAI's /v1/embeddings: http://localhost:8080/v1
  a file of vectors made elsewhere, one for each token in the order of the ids: .npy or .safetensors
Each token goes through it once; what is done is kept, so a stopped run goes on from there.

Examples:
  $ embedbag distill --teacher all-MiniLM-L6-v2 --tokenizer tokenizer.json --output distilled --dims 1024 --pca 256
  $ embedbag distill --teacher http://localhost:8080/v1 --teacher-model bge-small --tokenizer tokenizer.json --output distilled
  $ embedbag distill --teacher vectors.npy --tokenizer tokenizer.json --output distilled --train pairs.jsonl
  $ embedbag train --train pairs.jsonl --model distilled --output my-model`;

/** `embedbag distill`: a static model out of a teacher, without training. */
export function distillCommand(context: ProgramContext): Command {
  const command = new Command('distill')
    .description(
      'Make a static model of a teacher: every token through it, principal components, weights by frequency.',
    )
    .requiredOption('--teacher <source>', 'a folder or hub id of a model in ONNX, an endpoint, or a file of vectors')
    .requiredOption('--tokenizer <file>', 'a tokenizer.json, or the id of a model on the hub')
    .requiredOption('--output <folder>', 'where the model goes')
    .option(
      '--dims <dim>',
      'columns of the table; random ones fill up what --pca leaves (default: --pca)',
      integerOption(1),
    )
    .option('--pca <dim>', "principal components to keep (default: 256, or all of the teacher's)", integerOption(1))
    .option('--sif <coefficient>', 'of the smooth inverse frequency weights; 0 for no weights', numberOption(0), 1e-4)
    .option('--drop <pattern>', 'drop tokens that begin so; an empty one for none', '\\[unused\\d+\\]')
    .option('--train <path...>', "files of rows whose texts give the tokens' frequencies, and words for --words")
    .option('--words <count>', 'add so many of the most frequent words of --train to the vocabulary', integerOption(1))
    .option('--seed <number>', 'seed of the random columns', integerOption(0), 42)
    .option('--batch-size <tokens>', 'tokens the teacher gets at a time', integerOption(1), 256)
    .option('--cache <folder>', 'where token vectors are kept (default: embedbag/token-vectors in the cache folder)')
    .option('--no-cache', 'keep none')
    .option('--json', 'print one JSON object at the end; progress still goes to stderr')
    .addHelpText('after', HELP_AFTER);
  addTeacherOptions(command);
  return addKernelOptions(command).action((options: DistillCommandOptions) => distillFromOptions(options, context));
}

async function distillFromOptions(options: DistillCommandOptions, context: ProgramContext): Promise<void> {
  const { signal, stdout, stderr } = context;
  const drop = patternOf(options.drop);
  const hub = programHub(context);
  const tokenizer = await loadTokenizer(options.tokenizer, { hub, signal });
  const datasets = options.train && (await readDatasets(options.train, { hub, signal }));
  const words = await wordsOf(options, tokenizer, datasets, signal);
  const kernels = await kernelsFromOptions(options, context);
  try {
    const { teacher, cacheName, dispose } = await openTeacher(options, tokenizer);
    const progress = teachingProgress(stderr);
    try {
      const { dims, pca, sif, seed, batchSize } = options;
      const cacheFolder = cacheName === undefined ? undefined : cacheFolderOf(options.cache);
      const made = await distill(teacher, {
        tokenizer,
        teacherName: options.teacherModel ?? basename(options.teacher),
        ...(cacheName === undefined ? {} : { cacheName }),
        ...(dims === undefined ? {} : { dimension: dims }),
        ...(pca === undefined ? {} : { pca }),
        sif: sif === 0 ? null : sif,
        ...(datasets === undefined ? {} : { datasets }),
        drop,
        words,
        seed,
        batchSize,
        ...(cacheFolder === undefined ? {} : { cacheFolder }),
        kernels,
        signal,
        onProgress: progress.onProgress,
      });
      await save(made, options.output);
      if (options.json) stdout.write(`${JSON.stringify({ ...made.report, model: options.output })}\n`);
      else stdout.write(`The model is in ${options.output}\n`);
    } catch (error) {
      if (signal.aborted && cacheName !== undefined && options.cache !== false && progress.done() > 0) {
        stderr.write(`Stopped after ${progress.done()} tokens; the same command goes on from there.\n`);
        throw new ProgramExit(EXIT_CODES.interrupted);
      }
      throw error;
    } finally {
      await dispose();
    }
  } finally {
    kernels.dispose();
  }
}

async function save({ model, report }: DistilledModel, output: string): Promise<void> {
  await model.save(output, { readme: distilledModelCard(model, report) });
  model.dispose();
}

function patternOf(pattern: string): RegExp | null {
  if (pattern === '') return null;
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new EmbedbagError({
      code: 'invalid-pattern',
      message: `Expected \`--drop\` to be a regular expression, received \`${pattern}\`. Put a backslash before signs such as [ and (.`,
      cause,
    });
  }
}

function cacheFolderOf(cache: string | boolean): string | undefined {
  if (cache === false) return undefined;
  if (typeof cache === 'string') return cache;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'embedbag', 'token-vectors');
}

const ROWS_AT_ONCE = 8192;

/** The most frequent new words of the training texts. */
async function wordsOf(
  { words }: DistillCommandOptions,
  tokenizer: Tokenizer,
  datasets: readonly TextDataset[] | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (words === undefined) return [];
  if (datasets === undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: 'Expected `--train` with `--words`, received none. Name the texts that the words are to come from.',
    });
  }
  const counter = createWordCounter(tokenizer.toJson());
  for (const dataset of datasets) {
    for (let first = 0; first < dataset.rowCount; first += ROWS_AT_ONCE) {
      signal.throwIfAborted();
      const length = Math.min(ROWS_AT_ONCE, dataset.rowCount - first);
      const rows = Int32Array.from({ length }, (_, row) => first + row);
      for (let column = 0; column < dataset.columns.length; column++) counter.add(await dataset.texts(column, rows));
    }
  }
  return counter.newWords({ limit: words });
}

const LINES_OF_PROGRESS = 10;

/** A line for every tenth of the tokens, with the time that is left; on a terminal one line that changes. */
function teachingProgress(stderr: ProgramContext['stderr']): {
  onProgress(progress: TeachingProgress): void;
  done(): number;
} {
  const startedAt = performance.now();
  let tokensAtStart: number | undefined;
  let linesWritten = 0;
  let done = 0;
  return {
    onProgress({ tokens, totalTokens }): void {
      done = tokens;
      tokensAtStart ??= tokens;
      const tenths = Math.floor((LINES_OF_PROGRESS * tokens) / totalTokens);
      const isLast = tokens === totalTokens;
      if (!stderr.isTTY && tenths < linesWritten + 1 && tokens > tokensAtStart) return;
      linesWritten = tenths;
      const elapsedMs = performance.now() - startedAt;
      const taught = tokens - tokensAtStart;
      const left =
        taught > 0 && !isLast ? `, ${Math.ceil((elapsedMs * (totalTokens - tokens)) / taught / 1000)} s left` : '';
      const line = `Teacher: ${tokens} of ${totalTokens} tokens${left}`;
      stderr.write(stderr.isTTY ? `\r${line.padEnd(60)}${isLast ? '\n' : ''}` : `${line}\n`);
    },
    done: () => done,
  };
}
