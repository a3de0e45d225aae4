import { EmbedbagError, type EmbeddingModel } from '@embedbag/core';
import type { MetricCutoffs } from './metric-means.js';
import type { RetrievalSet } from './retrieval-task.js';

/** How a query and a document are compared. */
export type RetrievalSimilarity = 'cosine' | 'dot';

/** What `informationRetrievalEvaluator` measures and how. */
export interface InformationRetrievalOptions extends RetrievalSet, MetricCutoffs {
  /**
   * Measure with only the first so many columns of the embeddings. Every text is embedded once for all of them.
   * Default: all columns.
   */
  readonly truncateDims?: readonly number[];
  /** Default: `['cosine']`. */
  readonly similarityFunctions?: readonly RetrievalSimilarity[];
  /** Which similarity the primary metric is of. Default: the one with the best NDCG. */
  readonly mainScoreFunction?: RetrievalSimilarity;
  /** Documents that are embedded and compared at once; no figure depends on it. Default: as many as fill 64 MiB. */
  readonly corpusChunkSize?: number;
}

const SIMILARITIES: readonly RetrievalSimilarity[] = ['cosine', 'dot'];

function invalid(code: string, message: string, received: string): EmbedbagError {
  return new EmbedbagError({ code, message, details: { received } });
}

function requireWhole(value: number, option: string, code: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw invalid(
    code,
    `Expected \`${option}\` to be a whole number of at least 1, received ${value}. Give one such as 256.`,
    String(value),
  );
}

function requireSome(list: readonly unknown[] | undefined, option: string, code: string): void {
  if (list === undefined || list.length > 0) return;
  throw invalid(
    code,
    `Expected \`${option}\` to hold at least one entry, received none. Leave it out for the default.`,
    '',
  );
}

/** Throws `dimension-invalid`, `chunk-size-invalid` and `similarity-unknown`. */
export function checkOptions(options: InformationRetrievalOptions): void {
  const { truncateDims, corpusChunkSize, mainScoreFunction, similarityFunctions = ['cosine'] } = options;
  requireSome(truncateDims, 'truncateDims', 'dimension-invalid');
  for (const [i, dim] of (truncateDims ?? []).entries()) requireWhole(dim, `truncateDims[${i}]`, 'dimension-invalid');
  if (corpusChunkSize !== undefined) requireWhole(corpusChunkSize, 'corpusChunkSize', 'chunk-size-invalid');
  requireSome(similarityFunctions, 'similarityFunctions', 'similarity-unknown');
  for (const name of similarityFunctions) {
    if (SIMILARITIES.includes(name)) continue;
    throw invalid(
      'similarity-unknown',
      `Expected \`similarityFunctions\` to hold \`cosine\` or \`dot\`, received \`${name}\`. Choose among these.`,
      String(name),
    );
  }
  if (mainScoreFunction === undefined || similarityFunctions.includes(mainScoreFunction)) return;
  throw invalid(
    'similarity-unknown',
    `Expected \`mainScoreFunction\` to be one of \`similarityFunctions\`, received \`${mainScoreFunction}\`. Add it to them.`,
    String(mainScoreFunction),
  );
}

/** The dims to measure with, each once; throws `dimension-too-large`. */
export function dimensionsFor(model: EmbeddingModel, truncateDims: readonly number[] | undefined): number[] {
  const dims = [...new Set(truncateDims ?? [model.dimension])];
  const tooLarge = dims.find((dim) => dim > model.dimension);
  if (tooLarge === undefined) return dims;
  throw new EmbedbagError({
    code: 'dimension-too-large',
    message: `Expected \`truncateDims\` to be at most the model's ${model.dimension} dimensions, received ${tooLarge}. Lower it or train a wider model.`,
    details: { limit: model.dimension, received: tooLarge },
  });
}
