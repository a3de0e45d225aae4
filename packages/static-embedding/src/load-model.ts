import { EmbedbagError, type Kernels, type Tokenizer } from '@embedbag/core';
import { FILE_NAMES, type ModelConfig, type ModelMode, readJson, readModelConfig } from './model-config.js';
import { type ModelFiles, type ModelSource, openModelSource } from './model-source.js';
import { type LoadedTable, readTable } from './model-table.js';
import { readerFromSource, type SafetensorsReader } from './safetensors-file.js';
import { narrowStoredRanges, parseStoredRanges, type StoredRanges } from './stored-ranges.js';

/** What {@link loadModel} reads. The table lies in kernels memory and is the caller's to release. */
export interface LoadedModel {
  readonly tokenizer: Tokenizer;
  readonly table: LoadedTable;
  readonly config: ModelConfig;
  readonly ranges: readonly StoredRanges[];
}

/** Settings of {@link loadModel}. */
export interface LoadModelOptions {
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
  const text = await source.readText(path);
  if (text === undefined) {
    throw new EmbedbagError({
      code: 'tokenizer-missing',
      message: `Expected \`${path}\` in \`${source.name}\`, received no such file. Download or save the model again, with its tokenizer.`,
      details: { name: source.name, path },
    });
  }
  const { tokenizerFromJson } = await import('@embedbag/tokenization');
  return tokenizerFromJson(text);
}

async function readRanges(source: ModelSource, width: number, columns: number): Promise<readonly StoredRanges[]> {
  const value = await readJson(source, FILE_NAMES.ranges);
  return value === undefined ? [] : narrowStoredRanges(parseStoredRanges(value, width), columns);
}

/** Reads a model's settings, tokenizer, table and ranges; see `StaticEmbedding.load`. */
export async function loadModel(
  from: string | ModelFiles,
  kernels: Kernels,
  options: LoadModelOptions,
): Promise<LoadedModel> {
  const source = await openModelSource(from);
  const { config, locate } = await readModelConfig(source, options.mode);
  const reader = await openWeights(source, locate(FILE_NAMES.weights));
  try {
    const tokenizerPath = locate(FILE_NAMES.tokenizer);
    const tokenizer = await readTokenizer(source, tokenizerPath);
    const { table, width } = await readTable(reader, {
      kernels,
      vocabularySize: tokenizer.vocabularySize,
      tokenizerName: tokenizerPath,
      truncateDim: options.truncateDim,
    });
    try {
      return { tokenizer, table, config, ranges: await readRanges(source, width, table.columns) };
    } catch (error) {
      kernels.release(table.data);
      throw error;
    }
  } finally {
    await reader.close();
  }
}
