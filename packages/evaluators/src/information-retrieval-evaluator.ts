import {
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type EvaluationCsv,
  type JsonObject,
  type SimilarityFunctionName,
} from '@embedbag/core';
import { dimensionsFor, resolveTruncateDims } from './dimension-options.js';
import { checkChunkSize, type InformationRetrievalOptions } from './information-retrieval-options.js';
import { meanItemFigures, meansOf } from './item-figures.js';
import { rowRange } from './matrix-parts.js';
import { deepestCutoff, metricValues, type ResolvedCutoffs, resolveCutoffs } from './metric-means.js';
import { nextTurn } from './next-turn.js';
import { RankedLists } from './ranked-lists.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, type ResultByDim, resultByDim } from './result-by-dim.js';
import { retrievalCsv, retrievalPrimaryKey } from './retrieval-csv.js';
import { type RetrievalTask, retrievalTask } from './retrieval-task.js';
import { searchDocuments } from './search-documents.js';
import { resolveSimilarities } from './similarity-options.js';

interface Settings {
  readonly task: RetrievalTask;
  readonly cutoffs: ResolvedCutoffs;
  readonly truncateDims: readonly number[] | undefined;
  readonly similarities: readonly SimilarityFunctionName[];
  readonly mainScoreFunction: SimilarityFunctionName | undefined;
  readonly corpusChunkSize: number | undefined;
}

/** One way to rank: a dim and a similarity. */
interface Ranking {
  readonly dimension: number;
  readonly similarity: SimilarityFunctionName;
  readonly lists: RankedLists;
}

const CHUNK_VALUES = (64 * 1024 * 1024) / Float32Array.BYTES_PER_ELEMENT;
const QUERIES_AT_ONCE = 1024;

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
        const found = searchDocuments(model.kernels, { queries: part, documents, k, similarity, dimension });
        lists.merge(found, first, start);
        await nextTurn();
      }
      onProgress?.((start + (end - start) * (last / queries.rows)) / texts.length);
    }
  }
  signal?.throwIfAborted();
}

/** What the rankings of one dim come to. */
function judge(rankings: readonly Ranking[], dimension: number, { task, cutoffs }: Settings): DimMeasurement {
  const values: Record<string, Float64Array> = {};
  for (const { similarity, lists } of rankings.filter((each) => each.dimension === dimension)) {
    const judged = task.relevant.map((relevant, query) => ({
      hits: Uint8Array.from(lists.documents(query), (document) => (relevant.has(document) ? 1 : 0)),
      relevantCount: relevant.size,
    }));
    for (const [key, each] of Object.entries(metricValues(judged, cutoffs))) values[joinName(similarity, key)] = each;
  }
  return { dimension, figures: meansOf(values), items: meanItemFigures(values) };
}

async function evaluate(model: EmbeddingModel, settings: Settings, options: EvaluateOptions): Promise<ResultByDim> {
  const { task, similarities, cutoffs } = settings;
  const dims = dimensionsFor(model, settings.truncateDims);
  options.signal?.throwIfAborted();
  const depth = Math.min(deepestCutoff(cutoffs), task.documents.length);
  const rankings = dims.flatMap((dimension) =>
    similarities.map((similarity) => ({ dimension, similarity, lists: new RankedLists(task.queries.length, depth) })),
  );
  await rankCorpus(model, settings, rankings, options);
  const form = {
    name: task.name,
    primaryKey: (figures: Readonly<Record<string, number>>) => retrievalPrimaryKey(figures, settings),
    csv: (name: string, figures: Readonly<Record<string, number>>): EvaluationCsv =>
      retrievalCsv(`${joinName('Information-Retrieval_evaluation', name)}_results.csv`, figures, settings),
    itemIds: options.withItems ? task.queryIds : undefined,
  };
  return resultByDim(
    form,
    dims.map((dimension) => judge(rankings, dimension, settings)),
  );
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
export function informationRetrievalEvaluator(options: InformationRetrievalOptions): EvaluatorByDim {
  checkChunkSize(options);
  const settings: Settings = {
    task: retrievalTask(options),
    cutoffs: resolveCutoffs(options),
    truncateDims: resolveTruncateDims(options),
    similarities: resolveSimilarities(options.similarityFunctions, options.mainScoreFunction, 'mainScoreFunction'),
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
