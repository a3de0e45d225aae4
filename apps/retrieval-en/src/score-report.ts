import { type ScoreSummary, textTable } from '@embedbag/cli';
import { RECIPE, type Scores } from './recipe.js';

/** What a report compares. */
export interface ScoreReport {
  readonly before: Scores;
  readonly after: Scores;
  /** NDCG@10 of BM25 by retrieval set: what matching words alone achieves, without any training. */
  readonly bm25: Readonly<Record<string, number>>;
}

/** The mean over all retrieval sets at `dim`. */
export function meanScore(scores: Scores, dim: number): number {
  const values = Object.values(scores).map((byDim) => byDim[dim] ?? Number.NaN);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** NDCG@10 of each retrieval set and, of several, their mean, at every dim, under the keys that the model card knows. */
export function summarizeScores(scores: Scores): ScoreSummary {
  const figure = 'cosine_ndcg@10';
  const names = Object.keys(scores);
  const metrics: Record<string, number> = {};
  const add = (name: string, at: (dim: number) => number): void => {
    metrics[`${name}_${figure}`] = at(RECIPE.dimension);
    for (const dim of RECIPE.matryoshkaDims) metrics[`${name}_${dim}_${figure}`] = at(dim);
  };
  for (const name of names) add(name, (dim) => scores[name]?.[dim] ?? Number.NaN);
  if (names.length > 1) add('mean', (dim) => meanScore(scores, dim));
  return { metrics, primaryMetric: `${names.length > 1 ? 'mean' : names[0]}_${figure}` };
}

/** NDCG@10 before and after training at every dim, and BM25's, a table for each retrieval set and one for their mean. */
export function scoreTables(report: ScoreReport, dims: readonly number[]): string {
  const { before, after, bm25 } = report;
  const cells = (at: (dim: number) => number): string[] => dims.map((dim) => at(dim).toFixed(4));
  const table = (title: string, from: (dim: number) => number, to: (dim: number) => number, lexical: number): string =>
    `${title}\n${textTable(
      ['NDCG@10 at dims', ...dims.map(String)],
      [
        ['before training', ...cells(from)],
        ['after training', ...cells(to)],
        ['BM25, for comparison', lexical.toFixed(4)],
      ],
    )}`;
  const names = Object.keys(after);
  const tables = names.map((name) =>
    table(
      name,
      (dim) => before[name]?.[dim] ?? Number.NaN,
      (dim) => after[name]?.[dim] ?? Number.NaN,
      bm25[name] ?? Number.NaN,
    ),
  );
  if (names.length > 1) {
    const lexical = names.reduce((sum, name) => sum + (bm25[name] ?? Number.NaN), 0) / names.length;
    tables.push(
      table(
        `mean of ${names.length} retrieval sets`,
        (dim) => meanScore(before, dim),
        (dim) => meanScore(after, dim),
        lexical,
      ),
    );
  }
  return tables.join('\n');
}
