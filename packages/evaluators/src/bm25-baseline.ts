import { EmbedbagError } from '@embedbag/core';
import { Bm25Index, type Bm25Parameters } from './bm25-index.js';
import { deepestCutoff, type MetricCutoffs, metricMeans, resolveCutoffs } from './metric-means.js';
import { type RetrievalSet, retrievalTask } from './retrieval-task.js';
import { words } from './words.js';

/** What {@link bm25Baseline} searches, and how. */
export interface Bm25Options extends RetrievalSet, MetricCutoffs {
  /** From 0 to 1000. Default: 1.2. */
  readonly k1?: number;
  /** From 0 to 1. Default: 0.75. */
  readonly b?: number;
  /** The words of a text. Default: {@link words}. */
  readonly tokenize?: (text: string) => readonly string[];
}

/** The figures of {@link bm25Baseline}. */
export interface Bm25Result {
  /** Under keys such as `ndcg@10`. */
  readonly metrics: Readonly<Record<string, number>>;
}

function checkParameters({ k1, b }: Bm25Parameters): void {
  for (const [option, value, limit] of [
    ['k1', k1, 1000],
    ['b', b, 1],
  ] as const) {
    if (value >= 0 && value <= limit) continue;
    throw new EmbedbagError({
      code: 'bm25-parameter-invalid',
      message: `Expected \`${option}\` to be a number from 0 to ${limit}, received ${value}. Leave it out for the default.`,
      details: { option, received: String(value) },
    });
  }
}

/**
 * How well BM25, a lexical search without any training, does on the same texts by the same metrics.
 *
 * The formula is Lucene's (see Robertson and Zaragoza 2009), `k1` 1.2 and `b` 0.75, over lower-cased words without
 * stemming and stop words. Only documents that share a word with the query are ranked; equal scores by ascending id.
 *
 * Throws `bm25-parameter-invalid`, `cutoff-invalid`, `empty-queries`, `empty-corpus`, `no-relevant-documents` and
 * `unknown-document`.
 *
 * @example
 * ```ts
 * const { metrics } = bm25Baseline({
 *   queries: { q1: 'how long does bread bake' },
 *   corpus: { d1: 'Bread bakes for 40 minutes.', d2: 'Ships float.' },
 *   relevantDocs: { q1: ['d1'] },
 * });
 * metrics['ndcg@10']; // 1
 * ```
 */
export function bm25Baseline(options: Bm25Options): Bm25Result {
  const { k1 = 1.2, b = 0.75, tokenize = words } = options;
  checkParameters({ k1, b });
  const cutoffs = resolveCutoffs(options);
  const { queries, documents, relevant } = retrievalTask(options);
  const index = new Bm25Index(documents.map(tokenize), { k1, b });
  const depth = deepestCutoff(cutoffs);
  const rankings = queries.map((text, query) => {
    const relevantDocuments = relevant[query]!;
    const found = index.search(tokenize(text), depth);
    return {
      hits: Uint8Array.from(found, (document) => (relevantDocuments.has(document) ? 1 : 0)),
      relevantCount: relevantDocuments.size,
    };
  });
  return { metrics: metricMeans(rankings, cutoffs) };
}
