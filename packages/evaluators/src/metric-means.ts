import { EmbedbagError } from '@embedbag/core';
import { meansOf } from './item-figures.js';
import {
  accuracyAtK,
  averagePrecisionAtK,
  type Hits,
  ndcgAtK,
  precisionAtK,
  recallAtK,
  reciprocalRankAtK,
} from './retrieval-metrics.js';

/** At which ranks the metrics look. The defaults are those of sentence-transformers. */
export interface MetricCutoffs {
  /** Default: `[1, 3, 5, 10]`. */
  readonly accuracyAtK?: readonly number[];
  /** Default: `[1, 3, 5, 10]`. */
  readonly precisionRecallAtK?: readonly number[];
  /** Default: `[10]`. */
  readonly mrrAtK?: readonly number[];
  /** The largest one is the primary metric. Default: `[10]`. */
  readonly ndcgAtK?: readonly number[];
  /** Default: `[100]`. */
  readonly mapAtK?: readonly number[];
}

/** The cutoffs with all defaults filled in. */
export type ResolvedCutoffs = Required<MetricCutoffs>;

const DEFAULTS: ResolvedCutoffs = {
  accuracyAtK: [1, 3, 5, 10],
  precisionRecallAtK: [1, 3, 5, 10],
  mrrAtK: [10],
  ndcgAtK: [10],
  mapAtK: [100],
};

/** The cutoffs of `options`; throws `cutoff-invalid`. */
export function resolveCutoffs(options: MetricCutoffs): ResolvedCutoffs {
  const cutoffs = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, ranks]) => [name, [...(options[name as keyof MetricCutoffs] ?? ranks)]]),
  ) as unknown as ResolvedCutoffs;
  for (const [name, ranks] of Object.entries(cutoffs) as [string, readonly number[]][]) {
    const wrong = ranks.find((k) => !Number.isSafeInteger(k) || k < 1);
    if (wrong === undefined) continue;
    throw new EmbedbagError({
      code: 'cutoff-invalid',
      message: `Expected \`${name}\` to hold whole numbers of at least 1, received ${wrong}. Give ranks such as 10.`,
      details: { option: name, received: String(wrong) },
    });
  }
  if (cutoffs.ndcgAtK.length > 0) return cutoffs;
  throw new EmbedbagError({
    code: 'cutoff-invalid',
    message:
      'Expected `ndcgAtK` to hold at least one rank, received none. The largest one is the primary metric; give `[10]`.',
    details: { option: 'ndcgAtK', received: 0 },
  });
}

/** How many documents a query needs for all metrics. */
export function deepestCutoff(cutoffs: ResolvedCutoffs): number {
  return Math.max(...Object.values<readonly number[]>(cutoffs).flat());
}

type Metric = (hits: Hits, relevantCount: number) => number;

function metricsByKey(cutoffs: ResolvedCutoffs): [string, Metric][] {
  const at = (name: string, ranks: readonly number[], metric: (k: number) => Metric): [string, Metric][] =>
    ranks.map((k) => [`${name}@${k}`, metric(k)]);
  return [
    ...at('accuracy', cutoffs.accuracyAtK, (k) => (hits) => accuracyAtK(hits, k)),
    ...at('precision', cutoffs.precisionRecallAtK, (k) => (hits) => precisionAtK(hits, k)),
    ...at('recall', cutoffs.precisionRecallAtK, (k) => (hits, count) => recallAtK(hits, k, count)),
    ...at('ndcg', cutoffs.ndcgAtK, (k) => (hits, count) => ndcgAtK(hits, k, count)),
    ...at('mrr', cutoffs.mrrAtK, (k) => (hits) => reciprocalRankAtK(hits, k)),
    ...at('map', cutoffs.mapAtK, (k) => (hits, count) => averagePrecisionAtK(hits, k, count)),
  ];
}

/** One query's ranking and how many documents are relevant to it. */
export interface JudgedRanking {
  readonly hits: Hits;
  readonly relevantCount: number;
}

/** Every metric of each query, `[rankings]`, under keys such as `ndcg@10`, in the order of sentence-transformers. */
export function metricValues(
  rankings: readonly JudgedRanking[],
  cutoffs: ResolvedCutoffs,
): Record<string, Float64Array> {
  return Object.fromEntries(
    metricsByKey(cutoffs).map(([key, metric]) => [
      key,
      Float64Array.from(rankings, ({ hits, relevantCount }) => metric(hits, relevantCount)),
    ]),
  );
}

/** The mean of every metric over all queries, under the keys of {@link metricValues}. */
export function metricMeans(rankings: readonly JudgedRanking[], cutoffs: ResolvedCutoffs): Record<string, number> {
  return meansOf(metricValues(rankings, cutoffs));
}
