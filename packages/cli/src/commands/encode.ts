import { extname } from 'node:path';
import { type EncodeOptions, type Precision, StaticEmbedding } from '@embedbag/static-embedding';
import { Command, Option } from 'commander';
import { type EmbeddingFormat, type EmbeddingOutput, openEmbeddingOutput } from '../embedding-output.js';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { integerOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { batches, inputTexts, STANDARD_STREAM } from '../text-input.js';

interface EncodeCommandOptions extends KernelOptions {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly format?: EmbeddingFormat;
  readonly textColumn?: string;
  readonly normalize?: boolean;
  readonly truncateDim?: number;
  readonly precision: Precision;
  readonly prompt?: string;
  readonly promptName?: string;
}

const TEXTS_AT_ONCE = 4096;
const FORMATS: readonly EmbeddingFormat[] = ['jsonl', 'npy', 'arrow'];
const PRECISIONS: readonly Precision[] = ['float32', 'int8', 'uint8', 'binary', 'ubinary'];

const HELP_AFTER = `
Input: one text a line (.txt and others), or .jsonl with a string or an object a line; standard input is read as .jsonl.
Output: .npy and .arrow files, or .jsonl with one array a line, by the name's ending or --format. It appears when it is whole.
int8 and uint8 use the ranges the model was saved with; where it has none, the input itself is measured first.

Examples:
  $ embedbag encode --model my-model/final --input documents.txt --output embeddings.npy
  $ echo '"one text"' | embedbag encode --model my-model/final --input - --output - --normalize --truncate-dim 256`;

/** `embedbag encode`: the embeddings of texts. */
export function encodeCommand(context: ProgramContext): Command {
  const command = new Command('encode')
    .description('Turn texts into embeddings.')
    .requiredOption('--model <model>', 'the folder of a saved model, or the id of one on the Hugging Face Hub')
    .requiredOption('--input <file>', 'the texts; - for standard input')
    .requiredOption('--output <file>', 'the embeddings; - for standard output')
    .addOption(
      new Option('--format <name>', 'of the output (default: by the name, jsonl on a stream)').choices(FORMATS),
    )
    .option('--text-column <key>', 'the key of the text where a line of .jsonl is an object', 'text')
    .option('--normalize', 'divide each embedding by its Euclidean norm')
    .option('--truncate-dim <dim>', 'keep the first so many dims', integerOption(1))
    .addOption(new Option('--precision <name>', 'of each value').choices(PRECISIONS).default('float32'))
    .option('--prompt <text>', 'put this before every text')
    .option('--prompt-name <name>', 'put the model’s prompt of this name before every text')
    .addHelpText('after', HELP_AFTER);
  return addKernelOptions(command).action((options: EncodeCommandOptions) => encode(options, context));
}

async function encode(options: EncodeCommandOptions, context: ProgramContext): Promise<void> {
  const kernels = await kernelsFromOptions(options, context);
  try {
    const model = await StaticEmbedding.load(options.model, {
      kernels,
      hub: programHub(context),
      signal: context.signal,
    });
    const output = await openEmbeddingOutput(options.output, formatOf(options), context.stdout);
    try {
      await encodeInto(output, model, options, context);
      await output.close();
    } catch (error) {
      await output.discard();
      throw error;
    }
    model.dispose();
  } finally {
    kernels.dispose();
  }
}

async function encodeInto(
  output: EmbeddingOutput,
  model: StaticEmbedding,
  options: EncodeCommandOptions,
  context: ProgramContext,
): Promise<void> {
  const settings = encodeSettings(options);
  const column = options.textColumn;
  const texts = inputTexts(options.input, context, column === undefined ? {} : { column });
  let isEmpty = true;
  for await (const batch of await measuredFirst(texts, model, options)) {
    context.signal.throwIfAborted();
    await output.write(model.encode(batch, settings), batch);
    isEmpty = false;
  }
  if (isEmpty) await output.write(model.encode([], { ...settings, precision: 'float32' }), []);
}

/** The batches of `texts`; where int8 codes need ranges that the model lacks, they are measured on all texts first. */
async function measuredFirst(
  texts: AsyncIterable<string>,
  model: StaticEmbedding,
  options: EncodeCommandOptions,
): Promise<AsyncIterable<readonly string[]>> {
  const parts = batches(texts, TEXTS_AT_ONCE);
  const needsRanges = options.precision === 'int8' || options.precision === 'uint8';
  if (!needsRanges || model.storedRanges.length > 0) return parts;
  const held: (readonly string[])[] = [];
  for await (const batch of parts) held.push(batch);
  const { precision: _, ...settings } = encodeSettings(options);
  model.calibrate(held.flat(), settings);
  return (async function* () {
    yield* held;
  })();
}

function encodeSettings(options: EncodeCommandOptions): EncodeOptions<Precision> {
  const { precision, normalize, truncateDim, prompt, promptName } = options;
  return {
    precision,
    ...(normalize === undefined ? {} : { normalize }),
    ...(truncateDim === undefined ? {} : { truncateDim }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(promptName === undefined ? {} : { promptName }),
  };
}

function formatOf({ format, output }: EncodeCommandOptions): EmbeddingFormat {
  if (format !== undefined) return format;
  if (output === STANDARD_STREAM) return 'jsonl';
  return FORMATS.find((name) => extname(output).toLowerCase() === `.${name}`) ?? 'jsonl';
}
