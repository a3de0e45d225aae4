import { EmbedbagError, SIMILARITY_FUNCTION_NAMES, type SimilarityFunctionName } from '@embedbag/core';
import type { ModelSource } from './model-source.js';

/**
 * How a model turns a text into tokens.
 *
 * `sentence-transformers` keeps every token. `model2vec` cuts long texts at `maxTokens` and leaves out the unknown token.
 */
export type ModelMode = 'sentence-transformers' | 'model2vec';

/** The settings that travel with a model. */
export interface ModelConfig {
  readonly mode: ModelMode;
  /** By name: what is put before a text ahead of tokenizing. */
  readonly prompts: Readonly<Record<string, string>>;
  /** The prompt of calls that ask for none. */
  readonly defaultPromptName?: string;
  /** What `similarity` computes. */
  readonly similarityFunctionName: SimilarityFunctionName;
  /** What `encode` does when `normalize` is not given. */
  readonly normalize: boolean;
  /** Tokens kept of a text in `model2vec` mode; undefined keeps all. */
  readonly maxTokens?: number;
}

/** The files of a model's folder. */
export const FILE_NAMES = {
  weights: 'model.safetensors',
  tokenizer: 'tokenizer.json',
  modules: 'modules.json',
  sentenceTransformers: 'config_sentence_transformers.json',
  model2vec: 'config.json',
  ranges: 'quantization_ranges.json',
  readme: 'README.md',
} as const;

/** What model2vec does where its `config.json` says nothing. */
const MODEL2VEC_MAX_TOKENS = 512;

type JsonRecord = Readonly<Record<string, unknown>>;

/** The settings of a model that was made here. */
export const DEFAULT_CONFIG: ModelConfig = {
  mode: 'sentence-transformers',
  prompts: { document: '', query: '' },
  similarityFunctionName: 'cosine',
  normalize: false,
};

/** The error of a settings file that says something embedbag cannot use. */
export function configError(file: string, expected: string, received: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'model-config-invalid',
    message: `Expected ${expected} in \`${file}\`, received ${received}. Correct the file or save the model again.`,
    details: { file },
    cause,
  });
}

/** The parsed JSON of a file, or undefined where there is none. Throws `model-config-invalid`. */
export async function readJson(source: ModelSource, file: string): Promise<unknown> {
  const text = await source.readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw configError(file, 'JSON', (cause as Error).message, cause);
  }
}

async function readRecord(source: ModelSource, file: string): Promise<JsonRecord | undefined> {
  const value = await readJson(source, file);
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw configError(file, 'an object', JSON.stringify(value));
  }
  return value as JsonRecord;
}

function parsePrompts(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  const file = FILE_NAMES.sentenceTransformers;
  if (typeof value !== 'object') throw configError(file, 'an object as `prompts`', JSON.stringify(value));
  const prompts: Record<string, string> = {};
  for (const [name, prompt] of Object.entries(value)) {
    if (prompt === null) continue;
    if (typeof prompt !== 'string') throw configError(file, `a text as prompt \`${name}\``, JSON.stringify(prompt));
    prompts[name] = prompt;
  }
  return prompts;
}

function parseSentenceTransformers(record: JsonRecord): Omit<ModelConfig, 'mode' | 'normalize'> {
  const file = FILE_NAMES.sentenceTransformers;
  const similarity = record.similarity_fn_name ?? 'cosine';
  if (!SIMILARITY_FUNCTION_NAMES.includes(similarity as SimilarityFunctionName)) {
    const names = SIMILARITY_FUNCTION_NAMES.map((name) => `\`${name}\``).join(', ');
    throw configError(file, `one of ${names} as \`similarity_fn_name\``, JSON.stringify(similarity));
  }
  const prompts = parsePrompts(record.prompts);
  const name = record.default_prompt_name ?? undefined;
  if (name !== undefined && (typeof name !== 'string' || !Object.hasOwn(prompts, name))) {
    throw configError(file, 'a name in `prompts` as `default_prompt_name`', JSON.stringify(name));
  }
  return {
    prompts,
    similarityFunctionName: similarity as SimilarityFunctionName,
    ...(name !== undefined && { defaultPromptName: name }),
  };
}

function parseModel2vec(record: JsonRecord): { normalize: boolean; maxTokens?: number } {
  const { max_length: maxLength = MODEL2VEC_MAX_TOKENS, normalize = false } = record;
  const file = FILE_NAMES.model2vec;
  if (typeof normalize !== 'boolean') throw configError(file, 'a boolean as `normalize`', JSON.stringify(normalize));
  if (maxLength === null) return { normalize };
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 1) {
    throw configError(file, 'a whole number above 0, or null, as `max_length`', JSON.stringify(maxLength));
  }
  return { normalize, maxTokens: maxLength as number };
}

/** What `modules.json` says: where the static embedding lies and whether its output is normalised. */
interface ModuleLayout {
  /** Folder of the weights inside the model's folder; empty for the model's folder itself. */
  readonly folder: string;
  readonly normalize: boolean;
}

function moduleKind(value: unknown): { kind: string; folder: string } {
  const { type, path } = (typeof value === 'object' && value !== null ? value : {}) as JsonRecord;
  if (typeof type !== 'string')
    throw configError(FILE_NAMES.modules, 'a text as `type`', JSON.stringify(type) ?? 'none');
  const folder = typeof path === 'string' && path !== '.' ? path.replace(/\/+$/, '') : '';
  return { kind: type.slice(type.lastIndexOf('.') + 1), folder };
}

async function readModules(source: ModelSource): Promise<ModuleLayout | undefined> {
  const value = await readJson(source, FILE_NAMES.modules);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw configError(FILE_NAMES.modules, 'a list of modules', JSON.stringify(value));
  }
  const [first, ...others] = value.map(moduleKind);
  const foreign = first!.kind === 'StaticEmbedding' ? others.find(({ kind }) => kind !== 'Normalize') : first;
  if (foreign !== undefined) {
    throw new EmbedbagError({
      code: 'model-kind-unsupported',
      message: `Expected \`${source.name}\` to be a StaticEmbedding, with a Normalize at most, received a module of type \`${foreign.kind}\`. Load a static embedding model.`,
      details: { name: source.name, kind: foreign.kind },
    });
  }
  return { folder: first!.folder, normalize: others.length > 0 };
}

/** The settings of the model in `source` and where its weights lie. */
export interface LocatedModel {
  readonly config: ModelConfig;
  /** `path` inside the folder of the weights and the tokenizer. */
  locate(path: string): string;
}

/**
 * Reads the settings of a model: those of sentence-transformers where `config_sentence_transformers.json` lies, those of
 * model2vec where only its `config.json` does; `mode` overrides. Throws `model-config-invalid` and `model-kind-unsupported`.
 */
export async function readModelConfig(source: ModelSource, mode: ModelMode | undefined): Promise<LocatedModel> {
  const layout = await readModules(source);
  const sentenceTransformers = await readRecord(source, FILE_NAMES.sentenceTransformers);
  const model2vec = await readRecord(source, FILE_NAMES.model2vec);
  const detected: ModelMode =
    sentenceTransformers === undefined && model2vec !== undefined ? 'model2vec' : 'sentence-transformers';
  const chosen = mode ?? detected;
  const named = parseSentenceTransformers(sentenceTransformers ?? {});
  const folder = layout?.folder ?? '';
  const config: ModelConfig =
    chosen === 'model2vec'
      ? { ...named, mode: chosen, ...parseModel2vec(model2vec ?? {}) }
      : { ...named, mode: chosen, normalize: layout?.normalize ?? false };
  return { config, locate: (path) => (folder === '' ? path : `${folder}/${path}`) };
}
