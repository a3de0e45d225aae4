import { EmbedbagError, type TextDataset } from '@embedbag/core';
import { describeGuideFolder, type GuideProgress, writeGuideEmbeddings } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command, InvalidArgumentError } from 'commander';
import { guideProgress } from '../guide-progress.js';
import { type OpenedGuide, openGuide } from '../guide-source.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { columnsOption, integerOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import { readTrainingData } from '../read-training-data.js';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';
import { addTeacherOptions, type TeacherOptions } from '../teacher-source.js';

interface GuideCommandOptions extends KernelOptions, TeacherOptions {
  readonly train: readonly string[];
  readonly output: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly streaming?: string | true;
  readonly evalData?: readonly string[];
  readonly name?: string;
  readonly batchSize: number;
  readonly json?: boolean;
}

const HELP_AFTER = `
GISTEmbedLoss asks a guide which texts are too similar to be negatives, EmbedDistillLoss pulls a model to a teacher. Either may be
far slower than what is trained; here it embeds every text once, and training reads that.

The teacher is
  a folder with config.json, tokenizer.json and onnx/model.onnx, or the id of such a model on the hub; for both,
    npm install @huggingface/transformers, here or in the folder that EMBEDBAG_TRANSFORMERS names
  an endpoint that speaks OpenAI's /v1/embeddings: http://localhost:8080/v1
  a folder with a static model: my-model/final
Rows are named and read as \`embedbag train\` does it: give both the same --train, --columns, --streaming and --eval-data.
Equal texts are embedded once. OUTPUT has an Arrow file a column, rows x dimension x 4 bytes each, and guide.json.

Examples:
  $ embedbag guide --teacher all-MiniLM-L6-v2-onnx --train pairs.jsonl --output guide
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output my-model \\
      --loss gist --loss-options '{"guide": "guide"}'
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output other --dimension 384 \\
      --loss embedding-distillation --loss-options '{"teacher": "guide", "truncateTeacher": true}'
  $ embedbag guide --teacher http://localhost:8080/v1 --teacher-model bge-small --train data/train --output guide --batch-size 32

Until all is done OUTPUT's name ends in .partial. Ctrl-C keeps what is done; the same command goes on from there.`;

/** `embedbag guide`: a teacher's embeddings of the training texts, for the losses that ask for them. */
export function guideCommand(context: ProgramContext): Command {
  const command = new Command('guide')
    .description('Embed the training texts once by a guide or teacher, for --loss gist and embedding-distillation.')
    .requiredOption('--teacher <source>', 'a folder or hub id of a model in ONNX, an endpoint, or a static model')
    .requiredOption(
      '--train <path...>',
      'what `embedbag train --train` gets: files, folders, patterns, hf://datasets/...',
    )
    .requiredOption('--output <folder>', 'where the embeddings go')
    .option('--columns <mapping>', 'which columns to use, such as anchor=question,positive=answer', columnsOption)
    .option(
      '--streaming [folder]',
      'read texts from the files when they are needed, each path or pattern a dataset; FOLDER keeps what the first pass found',
    )
    .option('--eval-data <path...>', 'held-out rows, where `embedbag train --eval-data` is to have them')
    .option('--name <name>', "the guide's name on the model card (default: the teacher's)")
    .option('--batch-size <texts>', 'texts the teacher gets at a time, at most 512', batchSizeOption, 256)
    .option(
      '--max-tokens <count>',
      'a transformer cuts texts to so many tokens (default: what it takes)',
      integerOption(3),
    )
    .option('--json', 'print one JSON object at the end; progress still goes to stderr')
    .addHelpText('after', HELP_AFTER);
  addTeacherOptions(command);
  return addKernelOptions(command).action((options: GuideCommandOptions) => embedFromOptions(options, context));
}

const MOST_TEXTS = 512;

function batchSizeOption(text: string): number {
  const size = integerOption(1)(text);
  if (size <= MOST_TEXTS) return size;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_TEXTS}.`);
}

async function embedFromOptions(options: GuideCommandOptions, context: ProgramContext): Promise<void> {
  const { signal } = context;
  const kernels = await kernelsFromOptions(options, context);
  try {
    const hub = programHub(context);
    // Before the data, which may take long to read: a wrong teacher is told at once.
    const opened = await openGuide(options, (folder) => StaticEmbedding.load(folder, { kernels, hub, signal }), signal);
    try {
      const settings = { ...(options.columns && { columns: options.columns }), streaming: options.streaming ?? false };
      const train = await readTrainingData(options.train, settings, hub, context);
      const heldOut = await readTrainingData(options.evalData ?? [], settings, hub, context);
      checkNames(train, heldOut);
      await embed([...train, ...heldOut], opened, options, context);
    } finally {
      await opened.dispose();
    }
  } finally {
    kernels.dispose();
  }
}

/** Rows are found by the name of their dataset, so training and held-out ones need other names. */
function checkNames(train: readonly TextDataset[], heldOut: readonly TextDataset[]): void {
  const both = heldOut.find(({ name }) => train.some((dataset) => dataset.name === name));
  if (both === undefined) return;
  throw new EmbedbagError({
    code: 'duplicate-dataset-name',
    message: `Expected \`--eval-data\` to have other names than \`--train\`, received dataset \`${both.name}\` in both. Rename a file.`,
    details: { dataset: both.name },
  });
}

async function embed(
  datasets: readonly TextDataset[],
  { guide, name, version }: OpenedGuide,
  options: GuideCommandOptions,
  { stdout, stderr, signal }: ProgramContext,
): Promise<void> {
  const { output, batchSize, json } = options;
  const startedAt = performance.now();
  const report = guideProgress(stderr);
  let last: GuideProgress | undefined;
  const onProgress = (progress: GuideProgress): void => {
    last = progress;
    report(progress);
  };
  const names = { guideName: options.name ?? name, guideVersion: version };
  try {
    await writeGuideEmbeddings(output, { datasets, guide, ...names, batchSize, signal, onProgress });
  } catch (error) {
    if (last !== undefined) {
      stderr.write(`Stopped after ${last.texts} of ${last.totalTexts} texts; the same command goes on from there.\n`);
      if (signal.aborted) throw new ProgramExit(EXIT_CODES.interrupted);
    }
    throw error;
  }
  const elapsedMs = Math.round(performance.now() - startedAt);
  const { guideName, dimension } = (await describeGuideFolder(output))!;
  const texts = datasets.reduce((sum, { rowCount, columns }) => sum + rowCount * columns.length, 0);
  const { keptTexts = texts, askedTexts = 0 } = last ?? {};
  const summary = { guide: guideName, dimension, texts, keptTexts, askedTexts, elapsedMs, output };
  if (json) stdout.write(`${JSON.stringify(summary)}\n`);
  else stdout.write(`${texts} embeddings of ${dimension} dims by \`${guideName}\` are in ${output}\n`);
}
