import {
  EmbedbagError,
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type EvaluationCsv,
  type Matrix,
  type SimilarityFunctionName,
  similarityFunction,
} from '@embedbag/core';
import { averagePrecision, descendingOrder } from './average-precision.js';
import { type DimensionOptions, dimensionsFor, requireWhole, resolveTruncateDims } from './dimension-options.js';
import { embeddedColumns } from './embedded-columns.js';
import { meanItemFigures, meansOf } from './item-figures.js';
import { firstColumns, rowRange } from './matrix-parts.js';
import { rowIds } from './parallel-lists.js';
import { type EvaluatorByDim, joinName, resultByDim } from './result-by-dim.js';
import { reciprocalRankAtK } from './retrieval-metrics.js';
import { checkSimilarity } from './similarity-options.js';
import { tieAveragedNdcg } from './tie-averaged-ndcg.js';

/** A query, and documents of which some answer it. */
export interface RerankingSample {
  readonly query: string;
  /** One or several. */
  readonly positive: string | readonly string[];
  readonly negative: string | readonly string[];
}

interface UsableSample {
  readonly query: string;
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** What {@link rerankingEvaluator} measures and how. */
export interface RerankingOptions extends DimensionOptions {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  /** Those without a positive or without a negative are left out. */
  readonly samples: readonly RerankingSample[];
  /** At which rank MRR and NDCG look. Default: 10. */
  readonly atK?: number;
  /** A distance counts as negative. Default: `cosine`. */
  readonly similarityFunction?: SimilarityFunctionName;
}

interface Settings {
  readonly samples: readonly UsableSample[];
  readonly atK: number;
  readonly similarity: SimilarityFunctionName;
}

/** By metric, its value for each sample. */
type SampleValues = Readonly<Record<string, Float64Array>>;

const CHUNK_VALUES = (64 * 1024 * 1024) / Float32Array.BYTES_PER_ELEMENT;

function listOf(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}

function usableSamples(samples: readonly RerankingSample[]): UsableSample[] {
  const usable = samples
    .map(({ query, positive, negative }) => ({ query, positive: listOf(positive), negative: listOf(negative) }))
    .filter(({ positive, negative }) => positive.length > 0 && negative.length > 0);
  if (usable.length > 0) return usable;
  throw new EmbedbagError({
    code: 'empty-list',
    message: `Expected \`samples\` to hold at least one with a positive and a negative, received ${samples.length} without. Check what was read.`,
    details: { option: 'samples', received: samples.length },
  });
}

/** Parts of the samples whose documents fill about 64 MiB of embeddings, as `[first, last + 1]`. */
function* sampleChunks(samples: readonly UsableSample[], dimension: number): Generator<[number, number]> {
  let documents = 0;
  let start = 0;
  for (const [i, { positive, negative }] of samples.entries()) {
    const more = positive.length + negative.length;
    if (i > start && (documents + more) * dimension > CHUNK_VALUES) {
      yield [start, i];
      start = i;
      documents = 0;
    }
    documents += more;
  }
  yield [start, samples.length];
}

/** Judges samples `first` and following by the embeddings of their queries and of all their documents, one after the other. */
function judge(values: SampleValues, first: number, [queries, documents]: [Matrix, Matrix], settings: Settings): void {
  const { samples, atK, similarity } = settings;
  const compare = similarityFunction(similarity);
  let start = 0;
  for (let query = 0; query < queries.rows; query++) {
    const { positive, negative } = samples[first + query]!;
    const end = start + positive.length + negative.length;
    const scores = compare(rowRange(queries, query, query + 1), rowRange(documents, start, end)).data;
    const labels = Uint8Array.from(scores, (_, document) => (document < positive.length ? 1 : 0));
    const hits = Uint8Array.from(descendingOrder(scores), (document) => labels[document]!);
    values.map![first + query] = averagePrecision(labels, scores);
    values[`mrr@${atK}`]![first + query] = reciprocalRankAtK(hits, atK);
    values[`ndcg@${atK}`]![first + query] = tieAveragedNdcg(labels, scores, atK);
    start = end;
  }
}

/** By dim, every metric of each sample. */
async function measure(
  model: EmbeddingModel,
  dims: readonly number[],
  settings: Settings,
  { signal, onProgress }: EvaluateOptions,
): Promise<Map<number, SampleValues>> {
  const { samples, atK } = settings;
  const keys = ['map', `mrr@${atK}`, `ndcg@${atK}`];
  const byDim = new Map(
    dims.map((dim) => [dim, Object.fromEntries(keys.map((key) => [key, new Float64Array(samples.length)]))]),
  );
  for (const [first, end] of sampleChunks(samples, model.dimension)) {
    const part = samples.slice(first, end);
    const columns = [
      { texts: part.map(({ query }) => query), task: 'query' },
      { texts: part.flatMap(({ positive, negative }) => [...positive, ...negative]), task: 'document' },
    ] as const;
    const [queries, documents] = await embeddedColumns(model, columns, signal === undefined ? {} : { signal });
    for (const [dim, values] of byDim) {
      judge(values, first, [firstColumns(queries!, dim), firstColumns(documents!, dim)], settings);
    }
    onProgress?.(end / samples.length);
  }
  signal?.throwIfAborted();
  return byDim;
}

/**
 * RerankingEvaluator: how well the positives of each query are ranked among its own documents.
 *
 * Keys are `<name>_map`, `<name>_mrr@<k>` and, the primary one, `<name>_ndcg@<k>`. Equal scores: NDCG is the mean over all
 * their orders and MAP takes them as one, as in scikit-learn; MRR leaves them as they are listed, positives first. Queries
 * are embedded as queries, the others as documents. Figures of several dims as in `informationRetrievalEvaluator`.
 *
 * Throws `empty-list`, `cutoff-invalid`, `similarity-unknown` and `dimension-invalid`; `evaluate` throws
 * `dimension-too-large` and the reason of an aborted signal. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = rerankingEvaluator({
 *   name: 'baking',
 *   samples: [{ query: 'how long does bread bake', positive: ['For 40 minutes.'], negative: ['In an oven.', 'Daily.'] }],
 * });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics['baking_ndcg@10'];
 * ```
 */
export function rerankingEvaluator(options: RerankingOptions): EvaluatorByDim {
  const { name = '', atK = 10, similarityFunction: similarity = 'cosine' } = options;
  requireWhole(atK, 'atK', 'cutoff-invalid');
  checkSimilarity(similarity, 'similarityFunction');
  const samples = usableSamples(options.samples);
  const truncateDims = resolveTruncateDims(options);
  const csv = (csvName: string, figures: Readonly<Record<string, number>>): EvaluationCsv => ({
    fileName: `${joinName('RerankingEvaluator', csvName)}_results_@${atK}.csv`,
    columns: ['MAP', `MRR@${atK}`, `NDCG@${atK}`],
    values: [figures.map!, figures[`mrr@${atK}`]!, figures[`ndcg@${atK}`]!],
    lineEnd: '\r\n',
  });
  return {
    contract: EVALUATOR_CONTRACT,
    name: name || 'reranking',
    config: {
      name,
      samples: samples.length,
      atK,
      similarityFunction: similarity,
      ...(truncateDims !== undefined && { truncateDims }),
    },
    async evaluate(model, evaluateOptions = {}) {
      const dims = dimensionsFor(model, truncateDims);
      const byDim = await measure(model, dims, { samples, atK, similarity }, evaluateOptions);
      const itemIds = evaluateOptions.withItems ? rowIds(samples.length) : undefined;
      return resultByDim(
        { name, primaryKey: () => `ndcg@${atK}`, csv, itemIds },
        [...byDim].map(([dimension, values]) => ({
          dimension,
          figures: meansOf(values),
          items: meanItemFigures(values),
        })),
      );
    },
  };
}
