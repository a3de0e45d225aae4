import {
  createRandom,
  EmbedbagError,
  type EmbeddingModel,
  type EmbedOptions,
  emptyRanges,
  type Hub,
  isEmbedbagError,
  type Kernels,
  type Matrix,
  pairwiseSimilarityFunction,
  type SimilarityFunctionName,
  similarityFunction,
  type TokenBags,
  type Tokenizer,
  widenRanges,
} from '@embedbag/core';
import { requireDimension } from './dimension.js';
import { encodeStream } from './encode-stream.js';
import { type Encoder, encodeTexts, forEachBatch } from './encode-texts.js';
import { type EmbeddingOptions, type EncodeOptions, type EncodingPlan, planEncoding } from './encoding-plan.js';
import { type KernelsLease, leaseKernels } from './kernels-lease.js';
import { loadModel } from './load-model.js';
import { DEFAULT_CONFIG, type ModelConfig, type ModelMode } from './model-config.js';
import type { ModelFiles } from './model-source.js';
import type { EmbeddingArray, EmbeddingMatrix, Precision } from './precision.js';
import { requireMeasurable } from './quantization.js';
import { type SaveOptions, saveModel } from './save-model.js';
import { narrowStoredRanges, replaceRanges, type StoredRanges } from './stored-ranges.js';
import { createTextBags, type TextBags } from './text-bags.js';
import type { TextStream } from './text-batches.js';

/** Settings that a new model takes along. */
export interface ModelSettings {
  /** The compute to stand on; stays the caller's. Default: `createKernels()`, which ends with the model. */
  readonly kernels?: Kernels;
  /** By name: what is put before a text. Default: empty ones for `query` and `document`. */
  readonly prompts?: Readonly<Record<string, string>>;
  /** The prompt of calls that ask for none. Default: none. */
  readonly defaultPromptName?: string;
  /** What `similarity` computes. Default `cosine`. */
  readonly similarityFunctionName?: SimilarityFunctionName;
}

/** What {@link StaticEmbedding.create} makes a model of. */
export interface CreateOptions extends ModelSettings {
  readonly tokenizer: Tokenizer;
  /** Columns of the table. */
  readonly dimension: number;
  /** Same seed, same table. */
  readonly seed: number;
}

/** What {@link StaticEmbedding.fromTable} makes a model of. */
export interface FromTableOptions extends ModelSettings {
  readonly tokenizer: Tokenizer;
  /** `[rows, dimension]`, row-major, copied; at least as many rows as the tokenizer has tokens. */
  readonly table: Float32Array;
  readonly dimension: number;
}

/** Settings of {@link StaticEmbedding.load}. */
export interface LoadOptions {
  /** The compute to stand on; stays the caller's. Default: `createKernels()`, which ends with the model. */
  readonly kernels?: Kernels;
  /** How texts become tokens. Default: as the folder's files say. */
  readonly mode?: ModelMode;
  /** Load only the first columns, for a narrower model. Default: all. */
  readonly truncateDim?: number;
  /** Where a model is looked for that is no folder: `createHub()` of @embedbag/hub. */
  readonly hub?: Hub;
  /** Ends a download from the hub. */
  readonly signal?: AbortSignal;
}

/** Settings of {@link StaticEmbedding.calibrate}: how the embeddings to be quantised will be made. */
export type CalibrateOptions = EmbeddingOptions;

interface ModelParts {
  readonly lease: KernelsLease;
  readonly tokenizer: Tokenizer;
  readonly table: Matrix;
  readonly config: ModelConfig;
  readonly ranges: readonly StoredRanges[];
}

/** One embedding as a matrix of one row. */
function asMatrix(embeddings: Matrix | Float32Array): Matrix {
  return embeddings instanceof Float32Array ? { data: embeddings, rows: 1, columns: embeddings.length } : embeddings;
}

function configOf({ prompts, defaultPromptName, similarityFunctionName }: ModelSettings): ModelConfig {
  return {
    ...DEFAULT_CONFIG,
    ...(prompts !== undefined && { prompts }),
    ...(defaultPromptName !== undefined && { defaultPromptName }),
    ...(similarityFunctionName !== undefined && { similarityFunctionName }),
  };
}

/**
 * A static text-embedding model: a text is tokenized, its tokens' rows of one table are averaged.
 *
 * The table lies in the memory of the kernels, so a model must be disposed of; every call after that throws
 * `model-disposed`.
 *
 * @example
 * ```ts
 * import { StaticEmbedding } from '@embedbag/static-embedding';
 *
 * const model = await StaticEmbedding.load('my-model');
 * const queries = model.encode(['how do I bake bread?'], { task: 'query' });
 * const documents = model.encode(['Bread needs flour.', 'Ships need water.'], { task: 'document' });
 * const [bread, ships] = model.similarity(queries, documents).data;
 * console.log(bread, ships);
 * model.dispose();
 * ```
 */
export class StaticEmbedding implements EmbeddingModel {
  /** Columns of an embedding. */
  readonly dimension: number;
  readonly tokenizer: Tokenizer;
  /** Mode, prompts, similarity function and the default of `normalize`. */
  readonly config: ModelConfig;
  private readonly lease: KernelsLease;
  private readonly matrix: Matrix;
  private readonly textBags: TextBags;
  private ranges: readonly StoredRanges[];
  private readonly encoderParts: Encoder;
  private rowMemory: Float32Array | undefined;
  private isDisposed = false;

  private constructor({ lease, tokenizer, table, config, ranges }: ModelParts) {
    this.dimension = table.columns;
    this.tokenizer = tokenizer;
    this.config = config;
    this.lease = lease;
    this.matrix = table;
    this.textBags = createTextBags(tokenizer, config);
    this.ranges = ranges;
    this.encoderParts = { kernels: lease.kernels, table, textBags: this.textBags, row: () => this.row() };
  }

  /**
   * A model with a random table: standard normal numbers, one row a token, row by row from `seed`.
   *
   * Throws `dimension-invalid`.
   */
  static async create(options: CreateOptions): Promise<StaticEmbedding> {
    const { tokenizer, seed } = options;
    const dimension = requireDimension('dimension', options.dimension);
    return StaticEmbedding.build(options, tokenizer.vocabularySize, dimension, (data) => {
      const random = createRandom(seed, 'initial-table');
      for (let index = 0; index < data.length; index++) data[index] = random.normal();
    });
  }

  /**
   * A model with a copy of `table`.
   *
   * Throws `dimension-invalid`, `table-shape-mismatch` and `tokenizer-table-mismatch`.
   */
  static async fromTable(options: FromTableOptions): Promise<StaticEmbedding> {
    const { tokenizer, table } = options;
    const dimension = requireDimension('dimension', options.dimension);
    const rows = table.length / dimension;
    if (!Number.isInteger(rows)) {
      throw new EmbedbagError({
        code: 'table-shape-mismatch',
        message: `Expected \`table\` to hold whole rows of ${dimension} values, received ${table.length} values. Pass rows of \`dimension\` values each.`,
        details: { dimension, received: table.length },
      });
    }
    if (tokenizer.vocabularySize > rows) {
      throw new EmbedbagError({
        code: 'tokenizer-table-mismatch',
        message: `Expected \`table\` to have a row for each of the tokenizer's ${tokenizer.vocabularySize} tokens, received ${rows} rows. Pass the tokenizer that belongs to the table.`,
        details: { tokens: tokenizer.vocabularySize, rows },
      });
    }
    return StaticEmbedding.build(options, rows, dimension, (data) => data.set(table));
  }

  private static async build(
    options: ModelSettings & { readonly tokenizer: Tokenizer },
    rows: number,
    columns: number,
    fill: (data: Float32Array) => void,
  ): Promise<StaticEmbedding> {
    const { tokenizer } = options;
    const lease = await leaseKernels(options.kernels);
    try {
      const data = lease.kernels.allocateFloat32(rows * columns);
      fill(data);
      const table = { data, rows, columns };
      return new StaticEmbedding({ lease, tokenizer, table, config: configOf(options), ranges: [] });
    } catch (error) {
      lease.end();
      throw error;
    }
  }

  /**
   * Reads a model from a folder, from a hub by an id such as `owner/name@revision`, or from files in memory: what embedbag,
   * sentence-transformers (3.x, 5.x, 6.x) and model2vec save. A folder at the path wins over the id.
   *
   * Throws `model-folder-not-found`, `hub-missing` for an id without `hub`, what the hub throws, `model-weights-missing`, `tokenizer-missing`, `safetensors-truncated`,
   * `safetensors-invalid`, `tensor-missing`, `tensor-shape-mismatch`, `tensor-dtype-unsupported`,
   * `mapping-out-of-range`, `tokenizer-table-mismatch`, `model-config-invalid`, `model-kind-unsupported` and
   * `dimension-too-large`.
   */
  static async load(source: string | ModelFiles, options: LoadOptions = {}): Promise<StaticEmbedding> {
    return new StaticEmbedding(await loadModel(source, options));
  }

  get kernels(): Kernels {
    return this.alive().lease.kernels;
  }

  /** The table, `[tokens or more, dimension]`, in kernels memory; what is written into it changes the model. */
  get table(): Matrix {
    return this.alive().matrix;
  }

  /** The quantisation ranges that the model was calibrated with. */
  get storedRanges(): readonly StoredRanges[] {
    return this.ranges;
  }

  private alive(): this {
    if (!this.isDisposed) return this;
    throw new EmbedbagError({
      code: 'model-disposed',
      message: 'Expected a model that is in use, received one that was disposed of. Load or create it again.',
    });
  }

  private encoder(): Encoder {
    return this.alive().encoderParts;
  }

  private row(): Float32Array {
    this.rowMemory ??= this.lease.kernels.allocateFloat32(this.dimension);
    return this.rowMemory;
  }

  /** The tokens of `texts` that the model averages over, without prompts; owned by the caller. */
  tokenize(texts: readonly string[]): TokenBags {
    return this.alive().textBags(texts);
  }

  /** The embedding of one text, owned by the caller. A text without tokens has a zero vector. */
  encode<P extends Precision = 'float32'>(text: string, options?: EncodeOptions<P>): EmbeddingArray<P>;
  /**
   * The embeddings of `texts`, `[texts, columns]`, owned by the caller.
   *
   * Throws `dimension-too-large`, `prompt-unknown`, `ranges-missing`, `ranges-mismatch`, and the reason of an aborted
   * signal, which is looked at before every batch.
   */
  encode<P extends Precision = 'float32'>(texts: readonly string[], options?: EncodeOptions<P>): EmbeddingMatrix<P>;
  encode(
    input: string | readonly string[],
    options: EncodeOptions<Precision> = {},
  ): EmbeddingMatrix<Precision> | EmbeddingArray<Precision> {
    const encoder = this.encoder();
    if (typeof input !== 'string') return encodeTexts(encoder, input, this.plan(options, input.length));
    return encodeTexts(encoder, [input], this.plan(options, 1)).data;
  }

  private plan(options: EncodeOptions<Precision>, count: number): EncodingPlan {
    return planEncoding({ config: this.config, dimension: this.dimension, storedRanges: this.ranges }, options, count);
  }

  /** The float32 embeddings of `texts`, `[texts, dimension]`, owned by the caller. */
  embed(texts: readonly string[], options: EmbedOptions = {}): Matrix {
    return this.encode(texts, options);
  }

  /**
   * The embeddings of a stream of texts, one after the other in their order.
   *
   * Texts are taken from `texts` a batch at a time, and only when an embedding is asked for. The embeddings of one batch
   * are views of one array: copy one to keep it alone. `int8` and `uint8` need ranges, given or calibrated.
   * An abort is noticed while waiting too; the iterator then throws the signal's reason.
   *
   * @example
   * ```ts
   * import { StaticEmbedding } from '@embedbag/static-embedding';
   *
   * const model = await StaticEmbedding.load('my-model');
   * async function* lines(): AsyncGenerator<string> {
   *   yield 'one text';
   *   yield 'another text';
   * }
   * for await (const embedding of model.encodeStream(lines(), { normalize: true })) {
   *   embedding.length; // the model's dimension
   * }
   * ```
   */
  encodeStream<P extends Precision = 'float32'>(
    texts: TextStream,
    options: EncodeOptions<P> = {},
  ): AsyncIterableIterator<EmbeddingArray<P>> {
    this.alive();
    const plan = this.plan(options as EncodeOptions<Precision>, 1);
    return encodeStream(() => this.encoder(), texts, plan) as AsyncGenerator<EmbeddingArray<P>>;
  }

  /**
   * Measures the smallest and largest value of every dimension over `texts`, keeps them in the model for `int8` and
   * `uint8`, and returns them, `[2, dimension]`.
   *
   * They hold for embeddings made with the same `truncateDim` and `normalize`; ranges measured in the same way before
   * are replaced. They are saved with the model. Some thousand texts like those to be encoded are enough.
   * Throws `ranges-missing` for fewer than two texts.
   */
  calibrate(texts: readonly string[], options: CalibrateOptions = {}): Matrix {
    requireMeasurable(texts.length);
    const plan = this.plan(options, texts.length);
    const ranges = emptyRanges(plan.dimension);
    forEachBatch(this.encoder(), texts, plan, (batch) => widenRanges(ranges, batch));
    this.ranges = replaceRanges(this.ranges, { normalize: plan.normalize, ranges });
    return ranges;
  }

  /**
   * Compares every row of `a` with every row of `b`, `[a.rows, b.rows]`, by the model's similarity function.
   * A bare array is one embedding. Throws `dimension-mismatch`.
   */
  similarity(a: Matrix | Float32Array, b: Matrix | Float32Array): Matrix {
    return similarityFunction(this.alive().config.similarityFunctionName)(asMatrix(a), asMatrix(b));
  }

  /**
   * Compares row i of `a` with row i of `b`, `[rows]`, by the model's similarity function.
   * Throws `dimension-mismatch` and `row-count-mismatch`.
   */
  pairwiseSimilarity(a: Matrix | Float32Array, b: Matrix | Float32Array): Float32Array {
    return pairwiseSimilarityFunction(this.alive().config.similarityFunctionName)(asMatrix(a), asMatrix(b));
  }

  /**
   * A model of the first `dimension` columns, with a table of its own and on the same kernels; dispose of both.
   *
   * Throws `dimension-invalid` and `dimension-too-large`.
   */
  truncate(dimension: number): StaticEmbedding {
    const { kernels, table } = this;
    const columns = requireDimension('dimension', dimension, this.dimension);
    const data = kernels.allocateFloat32(table.rows * columns);
    for (let row = 0; row < table.rows; row++) {
      const begin = row * table.columns;
      data.set(table.data.subarray(begin, begin + columns), row * columns);
    }
    return new StaticEmbedding({
      lease: this.lease.share(),
      tokenizer: this.tokenizer,
      table: { data, rows: table.rows, columns },
      config: this.config,
      ranges: narrowStoredRanges(this.ranges, columns),
    });
  }

  /**
   * Writes the model into `folder`, which appears with all its files at once: `model.safetensors`, `tokenizer.json`,
   * `modules.json`, `config_sentence_transformers.json`, `README.md`, and `quantization_ranges.json` after `calibrate`.
   * sentence-transformers loads it. A model in `model2vec` mode gets model2vec's own files instead, to keep its mode.
   *
   * Missing parents are made. An existing folder is replaced when it is empty or holds a model and nothing else.
   * Rejects with `output-not-replaceable`, `output-not-writable`, `tensor-shape-mismatch`; what was there then stays as it was.
   */
  async save(folder: string, options: SaveOptions = {}): Promise<void> {
    const { table, tokenizer, config, ranges } = this;
    await saveModel(folder, { table, tokenizer, config, ranges }, options);
  }

  /** Gives back the table's memory, and the kernels where the model made them. Idempotent. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    try {
      this.lease.kernels.release(this.matrix.data);
      if (this.rowMemory !== undefined) this.lease.kernels.release(this.rowMemory);
    } catch (error) {
      // The caller ended its kernels first; the memory went with them.
      if (!isEmbedbagError(error) || error.code !== 'kernels-disposed') throw error;
    }
    this.lease.end();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
