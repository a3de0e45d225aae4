import type { JsonValue, Matrix, Tokenizer } from '@embedbag/core';
import { modelCard } from './model-card.js';
import { FILE_NAMES, type ModelConfig } from './model-config.js';
import { replaceFolder } from './replace-folder.js';
import { writeSafetensors } from './safetensors-file.js';
import { formatStoredRanges, type StoredRanges } from './stored-ranges.js';

/** All that a saved model consists of. */
export interface SavedModel {
  readonly table: Matrix;
  readonly tokenizer: Tokenizer;
  readonly config: ModelConfig;
  readonly ranges: readonly StoredRanges[];
}

/** Settings of `StaticEmbedding.save`. */
export interface SaveOptions {
  /** The text of `README.md`. Default: a short model card. */
  readonly readme?: string;
  /** Written in place of the model's own table, of the same shape `[rows, dimension]`: a copy or an average of it. */
  readonly table?: Float32Array;
}

/** What a model folder of any known layout may hold; a folder with anything else is not replaced. */
const MODEL_ENTRIES: ReadonlySet<string> = new Set([
  ...Object.values(FILE_NAMES),
  '.gitattributes',
  '0_StaticEmbedding',
  '1_Normalize',
  'special_tokens_map.json',
  'tokenizer_config.json',
  'training_curve.svg',
  'vocab.txt',
]);

function isModelFolder(entries: readonly string[]): boolean {
  const isModel = entries.includes(FILE_NAMES.weights) || entries.includes(FILE_NAMES.modules);
  return isModel && entries.every((entry) => MODEL_ENTRIES.has(entry));
}

function toJson(value: JsonValue, indent = 2): string {
  return JSON.stringify(value, null, indent);
}

function moduleEntry(index: number, path: string, kind: string): JsonValue {
  return { idx: index, name: String(index), path, type: `sentence_transformers.models.${kind}` };
}

function modulesOf(config: ModelConfig): JsonValue {
  const root = moduleEntry(0, config.mode === 'model2vec' ? '.' : '', 'StaticEmbedding');
  return config.normalize ? [root, moduleEntry(1, '1_Normalize', 'Normalize')] : [root];
}

/** The settings file of the model's mode, as sentence-transformers 6.2 or model2vec 0.10 writes it. */
function settingsOf(config: ModelConfig): readonly [string, string] {
  if (config.mode === 'model2vec') {
    const settings = { max_length: config.maxTokens ?? null, normalize: config.normalize, embedding_dtype: 'float32' };
    return [FILE_NAMES.model2vec, toJson(settings, 4)];
  }
  const settings = {
    __version__: { embedbag: '1' },
    default_prompt_name: config.defaultPromptName ?? null,
    model_type: 'SentenceTransformer',
    prompts: config.prompts,
    similarity_fn_name: config.similarityFunctionName,
  };
  return [FILE_NAMES.sentenceTransformers, toJson(settings)];
}

/**
 * Writes a model's files, all at once: see `StaticEmbedding.save`.
 * Rejects with `output-not-writable` and `output-not-replaceable`.
 */
export async function saveModel(folder: string, model: SavedModel, options: SaveOptions): Promise<void> {
  const { writeFile, mkdir } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { table, tokenizer, config, ranges } = model;
  const [settingsName, settings] = settingsOf(config);
  const card = { ...config, vocabularySize: table.rows, dimension: table.columns };
  const texts: [string, string][] = [
    [FILE_NAMES.tokenizer, tokenizer.toJson()],
    [FILE_NAMES.modules, toJson(modulesOf(config))],
    [settingsName, settings],
    [FILE_NAMES.readme, options.readme ?? modelCard(card)],
  ];
  if (ranges.length > 0) texts.push([FILE_NAMES.ranges, formatStoredRanges(ranges)]);
  const data = options.table ?? table.data;
  const tensor = { shape: [table.rows, table.columns], data: data.subarray(0, table.rows * table.columns) };
  const tensorName = config.mode === 'model2vec' ? 'embeddings' : 'embedding.weight';
  await replaceFolder(
    folder,
    async (temporary) => {
      for (const [name, text] of texts) await writeFile(join(temporary, name), text, { flush: true });
      if (config.normalize && config.mode !== 'model2vec') await mkdir(join(temporary, '1_Normalize'));
      await writeSafetensors(join(temporary, FILE_NAMES.weights), { [tensorName]: tensor });
    },
    { kind: 'a model', isReplaceable: isModelFolder },
  );
}
