import { createRandom, EmbedbagError, type TextDataset, type Tokenizer } from '@embedbag/core';
import { type ModelSettings, StaticEmbedding } from '@embedbag/static-embedding';
import { countDocuments, type DocumentCounts } from './count-documents.js';
import { idfWeights } from './idf-weights.js';
import { checkInitialTable, type IdfInitialTable, type InitialTable } from './initial-table.js';

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
 * @throws EmbedbagError `invalid-initial-table`, `dimension-invalid`, `token-counts-missing`, `token-counts-mismatch`, and
 * the reason of an aborted `signal`.
 *
 * @example
 * ```ts
 * const table = await createInitialTable({ kind: 'idf' }, { tokenizer, dimension: 256, seed: 42, datasets });
 * const model = await StaticEmbedding.fromTable({ tokenizer, dimension: 256, table });
 * ```
 */
export async function createInitialTable(initial: InitialTable, options: InitialTableOptions): Promise<Float32Array> {
  const checked = checkInitialTable(initial);
  const { dimension, seed, tokenizer } = options;
  checkDimension(dimension);
  const table = new Float32Array(tokenizer.vocabularySize * dimension);
  const random = createRandom(seed, 'initial-table');
  for (let index = 0; index < table.length; index++) table[index] = random.normal();
  if (checked.kind === 'idf') scaleRows(table, dimension, await tokenWeights(checked, options));
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

function scaleRows(table: Float32Array, dimension: number, weights: Float64Array): void {
  for (let index = 0; index < table.length; index++) table[index]! *= weights[Math.floor(index / dimension)]!;
}

async function tokenWeights(initial: IdfInitialTable, options: InitialTableOptions): Promise<Float64Array> {
  return idfWeights(await documentCountsOf(initial.kind, options), initial.exponent ?? 1);
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
