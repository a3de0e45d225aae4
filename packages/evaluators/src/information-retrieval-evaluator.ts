import {
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type EvaluationResult,
  type Evaluator,
  type JsonObject,
  type Matrix,
} from '@embedbag/core';
import {
  checkOptions,
  dimensionsFor,
  type InformationRetrievalOptions,
  type RetrievalSimilarity,
} from './information-retrieval-options.js';
import { deepestCutoff, metricMeans, type ResolvedCutoffs, resolveCutoffs } from './metric-means.js';
import { RankedLists } from './ranked-lists.js';
import { type RetrievalTask, retrievalTask } from './retrieval-task.js';

/** The figures of {@link informationRetrievalEvaluator}. */
export interface RetrievalResult extends EvaluationResult {
  /** By dim: figures under keys without the name, such as `cosine_ndcg@10`. */
  readonly byDim: Readonly<Record<number, Readonly<Record<string, number>>>>;
}

/** The evaluator that {@link informationRetrievalEvaluator} makes. */
export interface InformationRetrievalEvaluator extends Evaluator {
  evaluate(model: EmbeddingModel, options?: EvaluateOptions): Promise<RetrievalResult>;
}

interface Settings {
  readonly task: RetrievalTask;
  readonly cutoffs: ResolvedCutoffs;
  readonly truncateDims: readonly number[] | undefined;
  readonly similarities: readonly RetrievalSimilarity[];
  readonly mainScoreFunction: RetrievalSimilarity | undefined;
  readonly corpusChunkSize: number | undefined;
}

/** One way to rank: a dim and a similarity. */
interface Ranking {
  readonly dimension: number;
  readonly similarity: RetrievalSimilarity;
  readonly lists: RankedLists;
}

const CHUNK_VALUES = (64 * 1024 * 1024) / Float32Array.BYTES_PER_ELEMENT;
const QUERIES_AT_ONCE = 1024;

/** Lets timers, input and abort signals have their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function rowRange({ data, columns }: Matrix, start: number, end: number): Matrix {
  return { data: data.subarray(start * columns, end * columns), rows: end - start, columns };
}

/** Ranks the corpus for every query, chunk by chunk, into the lists of `rankings`. */
async function rankCorpus(
  model: EmbeddingModel,
  settings: Settings,
  rankings: readonly Ranking[],
  { signal, onProgress }: EvaluateOptions,
): Promise<void> {
  const { queries: queryTexts, documents: texts } = settings.task;
  const k = deepestCutoff(settings.cutoffs);
  const chunkSize = settings.corpusChunkSize ?? Math.max(1, Math.floor(CHUNK_VALUES / model.dimension));
  const embedOptions = signal === undefined ? {} : { signal };
  const queries = await model.embed(queryTexts, { ...embedOptions, task: 'query' });
  for (let start = 0; start < texts.length; start += chunkSize) {
    const end = Math.min(start + chunkSize, texts.length);
    const documents = await model.embed(texts.slice(start, end), { ...embedOptions, task: 'document' });
    for (let first = 0; first < queries.rows; first += QUERIES_AT_ONCE) {
      const last = Math.min(first + QUERIES_AT_ONCE, queries.rows);
      const part = rowRange(queries, first, last);
      for (const { dimension, similarity, lists } of rankings) {
        signal?.throwIfAborted();
        lists.merge(model.kernels.topK({ queries: part, documents, k, similarity, dimension }), first, start);
        await nextTurn();
      }
      onProgress?.((start + (end - start) * (last / queries.rows)) / texts.length);
    }
  }
  signal?.throwIfAborted();
}

/** The means of all metrics of one ranking. */
function judge({ lists }: Ranking, { task, cutoffs }: Settings): Record<string, number> {
  const rankings = task.relevant.map((relevant, query) => ({
    hits: Uint8Array.from(lists.documents(query), (document) => (relevant.has(document) ? 1 : 0)),
    relevantCount: relevant.size,
  }));
  return metricMeans(rankings, cutoffs);
}

function withPrefix(metrics: Readonly<Record<string, number>>, prefix: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([key, value]) => [prefix === '' ? key : `${prefix}_${key}`, value]),
  );
}

/** The key, without name, of the largest NDCG cutoff of the main similarity. */
function primaryKey(metrics: Readonly<Record<string, number>>, settings: Settings): string {
  const k = Math.max(...settings.cutoffs.ndcgAtK);
  const names =
    settings.mainScoreFunction === undefined ? [...settings.similarities].sort() : [settings.mainScoreFunction];
  const keys = names.map((name) => `${name}_ndcg@${k}`);
  return keys.reduce((best, key) => (metrics[key]! > metrics[best]! ? key : best));
}

async function evaluate(model: EmbeddingModel, settings: Settings, options: EvaluateOptions): Promise<RetrievalResult> {
  const { task, similarities, cutoffs } = settings;
  const dims = dimensionsFor(model, settings.truncateDims);
  options.signal?.throwIfAborted();
  const depth = Math.min(deepestCutoff(cutoffs), task.documents.length);
  const rankings = dims.flatMap((dimension) =>
    similarities.map((similarity) => ({ dimension, similarity, lists: new RankedLists(task.queries.length, depth) })),
  );
  await rankCorpus(model, settings, rankings, options);

  const byDim: Record<number, Record<string, number>> = {};
  for (const ranking of rankings) {
    byDim[ranking.dimension] = {
      ...byDim[ranking.dimension],
      ...withPrefix(judge(ranking, settings), ranking.similarity),
    };
  }
  const widest = byDim[Math.max(...dims)]!;
  const named = (suffix: readonly string[]): string => [task.name, ...suffix].filter((part) => part !== '').join('_');
  const metrics = withPrefix(widest, named([]));
  if (dims.length > 1) for (const dim of dims) Object.assign(metrics, withPrefix(byDim[dim]!, named([String(dim)])));
  return { metrics, primaryMetric: named([primaryKey(widest, settings)]), byDim };
}

function describe({ task, cutoffs, truncateDims, similarities, mainScoreFunction }: Settings): JsonObject {
  return {
    name: task.name,
    queries: task.queries.length,
    documents: task.documents.length,
    ...cutoffs,
    similarityFunctions: similarities,
    ...(truncateDims !== undefined && { truncateDims }),
    ...(mainScoreFunction !== undefined && { mainScoreFunction }),
  };
}

/**
 * InformationRetrievalEvaluator: for every query, how well the relevant documents are found among all documents.
 *
 * Gives accuracy, precision, recall, NDCG (binary gain), MRR and MAP (divided by `min(k, relevant)`) under the keys of
 * sentence-transformers, `<name>_<similarity>_<metric>@<k>`. Documents with equal scores are ranked by ascending id, as
 * strings by code points. Queries without relevant documents are left out.
 *
 * With `truncateDims` those keys hold the figures of the widest dim. With several dims each one's figures are also under
 * `<name>_<dim>_<similarity>_<metric>@<k>`; `byDim` has them in any case.
 *
 * Throws `empty-queries`, `empty-corpus`, `no-relevant-documents`, `unknown-document`, `cutoff-invalid`,
 * `dimension-invalid`, `chunk-size-invalid` and `similarity-unknown`; `evaluate` throws `dimension-too-large` and the
 * reason of an aborted signal.
 *
 * @example
 * ```ts
 * const evaluator = informationRetrievalEvaluator({
 *   name: 'baking',
 *   queries: { q1: 'how long does bread bake' },
 *   corpus: { d1: 'Bread bakes for 40 minutes.', d2: 'Ships float.' },
 *   relevantDocs: { q1: ['d1'] },
 *   truncateDims: [256, 64],
 * });
 * const { metrics, byDim } = await evaluator.evaluate(model);
 * metrics['baking_cosine_ndcg@10']; // 256 dims
 * metrics['baking_64_cosine_ndcg@10']; // the same as byDim[64]['cosine_ndcg@10']
 * ```
 */
export function informationRetrievalEvaluator(options: InformationRetrievalOptions): InformationRetrievalEvaluator {
  checkOptions(options);
  const settings: Settings = {
    task: retrievalTask(options),
    cutoffs: resolveCutoffs(options),
    truncateDims: options.truncateDims === undefined ? undefined : [...options.truncateDims],
    similarities: [...new Set(options.similarityFunctions ?? ['cosine' as const])],
    mainScoreFunction: options.mainScoreFunction,
    corpusChunkSize: options.corpusChunkSize,
  };
  return {
    contract: EVALUATOR_CONTRACT,
    name: settings.task.name,
    config: describe(settings),
    evaluate: (model, evaluateOptions = {}) => evaluate(model, settings, evaluateOptions),
  };
}
