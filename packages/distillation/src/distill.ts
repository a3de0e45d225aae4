import { EmbedbagError, type JsonObject, type TextDataset, type Tokenizer } from '@embedbag/core';
import { type ModelSettings, StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson } from '@embedbag/tokenization';
import { countDocuments } from './count-documents.js';
import { headStartRows } from './head-start-rows.js';
import { sifWeights } from './sif-weights.js';
import { studentVocabulary } from './student-vocabulary.js';
import { type TeachingProgress, teachTokens } from './teach-tokens.js';
import type { Teacher } from './teacher.js';

/** Settings of {@link distill}. */
export interface DistillOptions extends ModelSettings {
  /** The static model's tokenizer; it need not be the teacher's. */
  readonly tokenizer: Tokenizer;
  /** Names the teacher in the report and the model card. */
  readonly teacherName: string;
  /** Tells the teacher from others in the cache: give a changed one another name. Default: `teacherName`. */
  readonly cacheName?: string;
  /** Columns of the table; random ones fill up what the teacher does not. Default: `pca`. */
  readonly dimension?: number;
  /** Principal components of the teacher's vectors to keep. Default 256, or all where the teacher or `dimension` has fewer. */
  readonly pca?: number;
  /** Coefficient of the smooth inverse frequency weights, above 0 and below 1; null for no weights. Default 1e-4. */
  readonly sif?: number | null;
  /** Texts to count token frequencies in, for `sif`. Default: none, frequencies by Zipf's law in the order of the ids. */
  readonly datasets?: readonly TextDataset[];
  /** Tokens it matches at their beginning are dropped; null for none. Default `/\[unused\d+\]/`. */
  readonly drop?: RegExp | null;
  /** Whole words to add to the vocabulary, of a WordPiece tokenizer. Default: none. */
  readonly words?: readonly string[];
  /** Root mean square of the random columns; that of the teacher's is 1. Default 1. */
  readonly fill?: number;
  /** Where the random columns come from. Default 42. */
  readonly seed?: number;
  /** Tokens the teacher gets at a time. Default 256. */
  readonly batchSize?: number;
  /** Where token vectors are kept, so that a stopped run goes on, and another `pca` asks the teacher nothing. Default: nowhere. */
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TeachingProgress) => void;
}

/** What {@link distill} did, as plain JSON. */
export interface DistillReport extends JsonObject {
  readonly teacher: string;
  readonly tokens: number;
  /** Dimensions of the teacher's embeddings. */
  readonly teacherDimension: number;
  /** Principal components kept, the first columns of the table. */
  readonly pca: number;
  /** The share of the teacher's variance in them, 0 to 1. */
  readonly explainedVariance: number;
  readonly sif: number | null;
  readonly droppedTokens: number;
  readonly addedWords: number;
  /** Words that are no token of their own: known ones, and those of several words. */
  readonly skippedWords: number;
  readonly seed: number;
}

/** A model that {@link distill} made. */
export interface DistilledModel {
  readonly model: StaticEmbedding;
  readonly report: DistillReport;
}

const DEFAULT_PCA = 256;
const DEFAULT_DROP = /\[unused\d+\]/;

/**
 * A static model out of a teacher: every token of the tokenizer through the teacher, principal components, weights by
 * frequency. It is ready for use, and a start for training.
 *
 * Special tokens other than the unknown one and the padding, which a static model never meets, are dropped with those of
 * `drop`, and so is the tokenizer's truncation; where a vocabulary cannot be changed, their rows become zero.
 *
 * Source: `distill_from_model` of model2vec 0.10, distill/distillation.py.
 *
 * @throws EmbedbagError `distill-option-invalid`, `pca-too-wide`, `dimension-invalid`, `tokenizer-not-growable` for `words`,
 * `token-needed`, what the teacher throws, and the reason of an aborted `signal`.
 *
 * @example
 * ```ts
 * const teacher = endpointTeacher('http://localhost:8080/v1', { model: 'all-MiniLM-L6-v2' });
 * const { model, report } = await distill(teacher, { tokenizer, teacherName: 'all-MiniLM-L6-v2', dimension: 1024 });
 * await model.save('distilled');
 * ```
 */
export async function distill(teacher: Teacher, options: DistillOptions): Promise<DistilledModel> {
  const { teacherName, sif = 1e-4, seed = 42, drop = DEFAULT_DROP, words = [], signal } = options;
  if (sif !== null && !(sif > 0 && sif < 1)) throw invalid('sif', 'a number above 0 and below 1', sif);
  if (options.batchSize !== undefined && !(Number.isSafeInteger(options.batchSize) && options.batchSize > 0)) {
    throw invalid('batchSize', 'a whole number above 0', options.batchSize);
  }
  if (options.fill !== undefined && !(options.fill >= 0 && Number.isFinite(options.fill))) {
    throw invalid('fill', 'a number of at least 0', options.fill);
  }
  const { json, ids, tokens, ...changes } = studentVocabulary(options.tokenizer, drop, words);
  const tokenizer = json === undefined ? options.tokenizer : tokenizerFromJson(json);
  const { batchSize, cacheFolder, onProgress } = options;
  const settings = {
    teacherName: options.cacheName ?? teacherName,
    kind: tokenizer.kind,
    batchSize,
    cacheFolder,
    signal,
    onProgress,
  };
  const vectors = await teachTokens(teacher, tokens, settings);
  const pca =
    options.pca ?? Math.min(DEFAULT_PCA, vectors.columns, options.dimension ?? DEFAULT_PCA, tokens.length - 1);
  const dimension = options.dimension ?? pca;
  const weights = sif === null ? undefined : await weightsOf(sif, ids, tokenizer, options);
  const { fill } = options;
  const { table, explained } = await headStartRows(vectors, { dimension, pca, weights, fill, seed, signal });
  const rows = new Float32Array(tokenizer.vocabularySize * dimension);
  for (const [row, id] of ids.entries()) {
    rows.set(table.subarray(row * dimension, (row + 1) * dimension), id * dimension);
  }
  const report: DistillReport = {
    teacher: teacherName,
    tokens: tokens.length,
    teacherDimension: vectors.columns,
    pca,
    explainedVariance: explained,
    sif,
    droppedTokens: changes.dropped,
    addedWords: changes.added,
    skippedWords: changes.skipped,
    seed,
  };
  return { model: await StaticEmbedding.fromTable({ ...options, tokenizer, table: rows, dimension }), report };
}

/** The weights of the rows, in their order, with a mean square of 1. */
async function weightsOf(
  sif: number,
  ids: Int32Array,
  tokenizer: Tokenizer,
  { datasets, signal }: DistillOptions,
): Promise<Float64Array> {
  const counted = datasets && (await countDocuments(datasets, { tokenizer, signal }));
  const counts = counted && Float64Array.from(ids, (id) => counted.counts[id]!);
  const weights = sifWeights(ids.length, sif, counts);
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const scale = Math.sqrt(weights.length / squares);
  return weights.map((weight) => weight * scale);
}

function invalid(option: string, expected: string, received: number): EmbedbagError {
  return new EmbedbagError({
    code: 'distill-option-invalid',
    message: `Expected \`${option}\` to be ${expected}, received ${received}. Leave it out for the default.`,
    details: { option },
  });
}
