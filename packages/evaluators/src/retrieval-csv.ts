import type { EvaluationCsv, SimilarityFunctionName } from '@embedbag/core';
import type { ResolvedCutoffs } from './metric-means.js';

/** What decides which figures of a retrieval evaluator stand where. */
export interface RetrievalColumns {
  readonly cutoffs: ResolvedCutoffs;
  readonly similarities: readonly SimilarityFunctionName[];
  readonly mainScoreFunction: SimilarityFunctionName | undefined;
}

/** The metrics of a CSV row in the order of sentence-transformers, as `[column, key]`. */
function csvMetrics({ accuracyAtK, precisionRecallAtK, mrrAtK, ndcgAtK, mapAtK }: ResolvedCutoffs): [string, string][] {
  return [
    ...accuracyAtK.map((k) => [`Accuracy@${k}`, `accuracy@${k}`]),
    ...precisionRecallAtK.flatMap((k) => [
      [`Precision@${k}`, `precision@${k}`],
      [`Recall@${k}`, `recall@${k}`],
    ]),
    ...mrrAtK.map((k) => [`MRR@${k}`, `mrr@${k}`]),
    ...ndcgAtK.map((k) => [`NDCG@${k}`, `ndcg@${k}`]),
    ...mapAtK.map((k) => [`MAP@${k}`, `map@${k}`]),
  ] as [string, string][];
}

/** The CSV row of `figures`, under columns such as `cosine-NDCG@10`; similarities in alphabetical order. */
export function retrievalCsv(
  fileName: string,
  figures: Readonly<Record<string, number>>,
  { cutoffs, similarities }: RetrievalColumns,
): EvaluationCsv {
  const cells = [...similarities]
    .sort()
    .flatMap((similarity) =>
      csvMetrics(cutoffs).map(
        ([column, key]) => [`${similarity}-${column}`, figures[`${similarity}_${key}`]!] as const,
      ),
    );
  return {
    fileName,
    columns: cells.map(([column]) => column),
    values: cells.map(([, value]) => value),
    lineEnd: '\n',
  };
}

/** The key of the NDCG at the largest cutoff, of the main similarity or else of the one where it is best. */
export function retrievalPrimaryKey(
  figures: Readonly<Record<string, number>>,
  { cutoffs, similarities, mainScoreFunction }: RetrievalColumns,
): string {
  const k = Math.max(...cutoffs.ndcgAtK);
  const names = mainScoreFunction === undefined ? [...similarities].sort() : [mainScoreFunction];
  const keys = names.map((name) => `${name}_ndcg@${k}`);
  return keys.reduce((best, key) => (figures[key]! > figures[best]! ? key : best));
}
