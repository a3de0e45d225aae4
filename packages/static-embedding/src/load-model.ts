import { EmbedbagError, type Kernels, type Tokenizer } from '@embedbag/core';
import { type KernelsLease, leaseKernels } from './kernels-lease.js';
import { FILE_NAMES, type ModelConfig, type ModelMode, readJson, readModelConfig } from './model-config.js';
import { type ModelFiles, type ModelSource, type ModelSourceOptions, openModelSource } from './model-source.js';
import { type LoadedTable, readTable } from './model-table.js';
import { readerFromSource, type SafetensorsReader } from './safetensors-file.js';
import { narrowStoredRanges, parseStoredRanges, type StoredRanges } from './stored-ranges.js';

/** What {@link loadModel} reads. The table lies in kernels memory and is the caller's to release, the lease to end. */
export interface LoadedModel {
  readonly lease: KernelsLease;
  readonly tokenizer: Tokenizer;
  readonly table: LoadedTable;
  readonly config: ModelConfig;
  readonly ranges: readonly StoredRanges[];
}

/** Settings of {@link loadModel}. */
export interface LoadModelOptions extends ModelSourceOptions {
  readonly kernels?: Kernels;
  readonly mode?: ModelMode;
  readonly truncateDim?: number;
}

async function openWeights(source: ModelSource, path: string): Promise<SafetensorsReader> {
  const bytes = await source.openBytes(path);
  if (bytes !== undefined) return readerFromSource(bytes);
  throw new EmbedbagError({
    code: 'model-weights-missing',
    message: `Expected \`${path}\` in \`${source.name}\`, received no such file. Download or save the model again, with its weights as safetensors.`,
    details: { name: source.name, path },
  });
}

async function readTokenizer(source: ModelSource, path: string): Promise<Tokenizer> {
  const [text, { parseTokenizer }] = await Promise.all([
    source.readText(path),
    import('@embedbag/tokenization/parse-tokenizer'),
  ]);
  if (text !== undefined) return parseTokenizer(text);
  throw new EmbedbagError({
    code: 'tokenizer-missing',
    message: `Expected \`${path}\` in \`${source.name}\`, received no such file. Download or save the model again, with its tokenizer.`,
    details: { name: source.name, path },
  });
}

function checkVocabulary(weights: string, rows: number, tokens: number, tokenizerName: string): void {
  if (tokens <= rows) return;
  throw new EmbedbagError({
    code: 'tokenizer-table-mismatch',
    message: `Expected the table of \`${weights}\` to have a row for each of the ${tokens} tokens of \`${tokenizerName}\`, received ${rows} rows. Use the tokenizer that the model was trained with.`,
    details: { tokens, rows },
  });
}

async function readRanges(source: ModelSource, width: number, columns: number): Promise<readonly StoredRanges[]> {
  const value = await readJson(source, FILE_NAMES.ranges);
  return value === undefined ? [] : narrowStoredRanges(parseStoredRanges(value, width), columns);
}

/** A model of which the settings and the tokenizer are known, and the weights open. */
interface OpenedModel {
  readonly source: ModelSource;
  readonly config: ModelConfig;
  readonly tokenizerPath: string;
  readonly tokenizer: Tokenizer;
  readonly reader: SafetensorsReader;
}

/** Reads a model's settings and its tokenizer, and opens its weights; the reader is to be closed. */
async function openModel(from: string | ModelFiles, options: LoadModelOptions): Promise<OpenedModel> {
  const source = await openModelSource(from, options);
  const { config, locate } = await readModelConfig(source, options.mode);
  const tokenizerPath = locate(FILE_NAMES.tokenizer);
  const reader = await openWeights(source, locate(FILE_NAMES.weights));
  try {
    return { source, config, tokenizerPath, reader, tokenizer: await readTokenizer(source, tokenizerPath) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/**
 * Reads the table and ranges of an opened model, and closes it.
 *
 * The table comes after the tokenizer, not beside it: the threads that read it hold up whoever else needs memory of the system,
 * and a parser does all the time. Alone, they are faster by more than the parser takes on two cores.
 */
async function readModel(
  { source, config, tokenizerPath, tokenizer, reader }: OpenedModel,
  kernels: Kernels,
  truncateDim: number | undefined,
): Promise<Omit<LoadedModel, 'lease'>> {
  try {
    const { table, width } = await readTable(reader, { kernels, truncateDim });
    try {
      checkVocabulary(reader.name, table.rows, tokenizer.vocabularySize, tokenizerPath);
      return { tokenizer, table, config, ranges: await readRanges(source, width, table.columns) };
    } catch (error) {
      kernels.release(table.data);
      throw error;
    }
  } finally {
    await reader.close();
  }
}

/** What a promise came to; throws what it was rejected with. */
function settledValue<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Makes kernels while it opens the model, then reads it; see `StaticEmbedding.load`. */
export async function loadModel(from: string | ModelFiles, options: LoadModelOptions): Promise<LoadedModel> {
  const [leaseResult, openedResult] = await Promise.allSettled([
    leaseKernels(options.kernels),
    openModel(from, options),
  ]);
  if (leaseResult.status === 'rejected') {
    if (openedResult.status === 'fulfilled') await openedResult.value.reader.close();
    throw leaseResult.reason;
  }
  const lease = leaseResult.value;
  try {
    return { lease, ...(await readModel(settledValue(openedResult), lease.kernels, options.truncateDim)) };
  } catch (error) {
    lease.end();
    throw error;
  }
}
