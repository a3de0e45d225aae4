import { createRandom, EmbedbagError, type Hub, type Matrix, type TextDataset, type Tokenizer } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { type ModelSettings, StaticEmbedding } from '@embedbag/static-embedding';
import { countDocuments, type DocumentCounts } from './count-documents.js';
import { headStartRows } from './head-start-rows.js';
import { idfWeights } from './idf-weights.js';
import {
  checkInitialTable,
  type InitialTable,
  type Model2vecInitialTable,
  type TeacherInitialTable,
} from './initial-table.js';
import { readVectors } from './read-vectors.js';
import { teacherFromVectors } from './teacher-from-vectors.js';
import { textOfToken, tokensById } from './text-of-token.js';

/** What {@link createInitialTable} makes a table of. */
export interface InitialTableOptions {
  readonly tokenizer: Tokenizer;
  /** Columns of the table. */
  readonly dimension: number;
  /** Same seed, same table. */
  readonly seed: number;
  /** The training texts, where the table needs token counts and `documentCounts` are not given. */
  readonly datasets?: readonly TextDataset[];
  /** Token counts made before, by `countDocuments`. */
  readonly documentCounts?: DocumentCounts;
  /** Where a model is looked for that is no folder: `createHub()` of @embedbag/hub. */
  readonly hub?: Hub;
  /** Ends reading and counting. */
  readonly signal?: AbortSignal;
  /** Is told how many training texts are counted. */
  readonly onProgress?: (progress: { readonly documents: number }) => void;
}

/**
 * The table a model begins with, `[vocabularySize, dimension]`, row-major, owned by the caller.
 *
 * `{ kind: 'random' }` gives the bytes of `StaticEmbedding.create` with the same seed.
 *
 * @throws EmbedbagError `invalid-initial-table`, `dimension-invalid`, `token-counts-missing`, `token-counts-mismatch`,
 * `vectors-count-mismatch`, `pca-too-wide`, what `readVectors` and `StaticEmbedding.load` throw, and the reason of an aborted
 * `signal`.
 *
 * @example
 * ```ts
 * const table = await createInitialTable({ kind: 'idf' }, { tokenizer, dimension: 256, seed: 42, datasets });
 * const model = await StaticEmbedding.fromTable({ tokenizer, dimension: 256, table });
 * ```
 */
export async function createInitialTable(initial: InitialTable, options: InitialTableOptions): Promise<Float32Array> {
  const checked = checkInitialTable(initial);
  const { dimension, seed, signal } = options;
  checkDimension(dimension);
  if (checked.kind === 'random') return randomTable(options, undefined);
  const exponent = checked.exponent ?? (checked.kind === 'model2vec' ? 0 : 1);
  const weights = exponent === 0 ? undefined : await tokenWeights(checked.kind, exponent, options);
  if (checked.kind === 'idf') return randomTable(options, weights);
  const vectors =
    checked.kind === 'teacher' ? await fileVectors(checked, options) : await modelVectors(checked, options);
  const pca = checked.pca ?? (checked.kind === 'model2vec' ? null : undefined);
  const { table } = await headStartRows(vectors, { dimension, pca, weights, fill: checked.fill, seed, signal });
  return table;
}

/**
 * A model whose table is {@link createInitialTable}'s. Its kernels and settings are those of `StaticEmbedding.create`.
 *
 * @throws what `createInitialTable` throws.
 *
 * @example
 * ```ts
 * const model = await createInitialModel({ kind: 'idf' }, { tokenizer, dimension: 256, seed: 42, datasets });
 * ```
 */
export async function createInitialModel(
  initial: InitialTable,
  options: InitialTableOptions & ModelSettings,
): Promise<StaticEmbedding> {
  const table = await createInitialTable(initial, options);
  return StaticEmbedding.fromTable({ ...options, table });
}

function checkDimension(dimension: number): void {
  if (Number.isSafeInteger(dimension) && dimension > 0) return;
  throw new EmbedbagError({
    code: 'dimension-invalid',
    message: `Expected \`dimension\` to be a whole number above 0, received ${dimension}. Pass the number of columns an embedding should have.`,
    details: { received: String(dimension) },
  });
}

function randomTable(
  { tokenizer, dimension, seed }: InitialTableOptions,
  weights: Float64Array | undefined,
): Float32Array {
  const table = new Float32Array(tokenizer.vocabularySize * dimension);
  const random = createRandom(seed, 'initial-table');
  for (let index = 0; index < table.length; index++) {
    // Rounded as the table of a new model, then weighted.
    table[index] = random.normal();
    if (weights !== undefined) table[index]! *= weights[Math.floor(index / dimension)]!;
  }
  return table;
}

async function fileVectors({ vectors }: TeacherInitialTable, { tokenizer }: InitialTableOptions): Promise<Matrix> {
  const matrix = await readVectors(vectors);
  // For its check of the count.
  teacherFromVectors(matrix, { tokenizer });
  return matrix;
}

/** A row for each token: the model's of the same token, or the mean of those that it cuts the token's text into. */
async function modelVectors({ model: source }: Model2vecInitialTable, options: InitialTableOptions): Promise<Matrix> {
  const { tokenizer, hub, signal } = options;
  const kernels = createTypeScriptKernels();
  const model = await StaticEmbedding.load(source, { kernels, ...(hub && { hub }), ...(signal && { signal }) });
  try {
    const { data, columns } = model.table;
    const rows = { data, rows: model.tokenizer.vocabularySize, columns };
    const { tokens: ask } = teacherFromVectors(rows, { tokenizer: model.tokenizer });
    const tokens = tokensById(tokenizer).map((token = '') =>
      model.tokenizer.tokenToId(token) === undefined ? textOfToken(token, tokenizer.kind) : token,
    );
    return await ask!(tokens, signal, { dataset: 'tokens', column: 0, rows: new Int32Array(0) });
  } finally {
    model.dispose();
    kernels.dispose();
  }
}

async function tokenWeights(kind: string, exponent: number, options: InitialTableOptions): Promise<Float64Array> {
  return idfWeights(await documentCountsOf(kind, options), exponent);
}

async function documentCountsOf(kind: string, options: InitialTableOptions): Promise<DocumentCounts> {
  const { tokenizer, datasets, signal, onProgress } = options;
  const given = options.documentCounts;
  if (given === undefined) {
    if (datasets !== undefined) return countDocuments(datasets, { tokenizer, signal, onProgress });
    throw new EmbedbagError({
      code: 'token-counts-missing',
      message: `Expected \`datasets\` or \`documentCounts\` for the initial table \`${kind}\`, received neither. Give the datasets that will be trained on.`,
    });
  }
  const { documents, counts } = given;
  const isPossible = counts.length === tokenizer.vocabularySize && counts.every((n) => n >= 0 && n <= documents);
  if (isPossible) return given;
  throw new EmbedbagError({
    code: 'token-counts-mismatch',
    message: `Expected \`documentCounts\` to hold a count from 0 to ${documents} for each of the tokenizer's ${tokenizer.vocabularySize} tokens, received ${counts.length} counts up to ${counts.reduce((a, b) => Math.max(a, b), 0)}. Count with \`countDocuments\` and the same tokenizer.`,
    details: { tokens: tokenizer.vocabularySize, counts: counts.length, documents },
  });
}
