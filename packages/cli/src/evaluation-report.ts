import type { SimilarityFunctionName } from '@embedbag/core';
import type { ConfidenceInterval, ModelComparison, NanoBeirResult, ResultByDim } from '@embedbag/evaluators';
import { type EvaluationKindName, SHOWN_METRICS } from './evaluation-kinds.js';
import type { EvaluationSet } from './evaluation-sets.js';
import type { ScoreLine, ScorePanel } from './score-chart.js';
import { textTable } from './text-table.js';

/** A set and what a model got on it. */
export interface EvaluatedSet extends Pick<EvaluationSet, 'kind' | 'name'> {
  readonly result: ResultByDim & Partial<Pick<NanoBeirResult, 'byDataset'>>;
  readonly interval?: ConfidenceInterval;
  readonly comparison?: ModelComparison;
}

/** What the tables and diagrams are of. */
export interface ReportSettings {
  readonly dims: readonly number[];
  readonly similarities: readonly SimilarityFunctionName[];
}

/** A picture with more lines cannot be read. */
const MOST_LINES = 7;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sets by kind, in the order of the first of each. */
function byKind(sets: readonly EvaluatedSet[]): Map<EvaluationKindName, EvaluatedSet[]> {
  const kinds = new Map<EvaluationKindName, EvaluatedSet[]>();
  for (const set of sets) kinds.set(set.kind, [...(kinds.get(set.kind) ?? []), set]);
  return kinds;
}

function kindTable(kind: EvaluationKindName, sets: readonly EvaluatedSet[], settings: ReportSettings): string {
  const metrics = SHOWN_METRICS[kind];
  const similarities = kind === 'translation' ? settings.similarities.slice(0, 1) : settings.similarities;
  const isNamed = similarities.length > 1;
  const row = (
    title: string,
    dim: number,
    similarity: SimilarityFunctionName,
    of: (key: string) => number,
  ): string[] => [
    title,
    String(dim),
    ...(isNamed ? [similarity] : []),
    ...metrics.map(([, keyOf]) => of(keyOf(similarity)).toFixed(4)),
  ];
  const rows = (title: string, of: (dim: number, key: string) => number): string[][] =>
    settings.dims.flatMap((dim) =>
      similarities.map((similarity) => row(title, dim, similarity, (key) => of(dim, key))),
    );
  const figure = ({ byDim }: ResultByDim, dim: number, key: string): number => byDim[dim]?.[key] ?? Number.NaN;
  const all = sets.flatMap(({ name, result }) => [
    ...Object.entries(result.byDataset ?? {}).flatMap(([part, own]) => rows(part, (dim, key) => figure(own, dim, key))),
    ...rows(name, (dim, key) => figure(result, dim, key)),
  ]);
  if (sets.length > 1) {
    all.push(...rows(`mean of ${sets.length}`, (dim, key) => mean(sets.map(({ result }) => figure(result, dim, key)))));
  }
  const header = [`${kind} set`, 'dim', ...(isNamed ? ['similarity'] : []), ...metrics.map(([heading]) => heading)];
  return textTable(header, all);
}

function intervalTable(sets: readonly EvaluatedSet[]): string {
  const rows = sets.flatMap(({ name, result, interval }) => {
    if (interval === undefined) return [];
    const { value, low, high } = interval;
    return [[name, result.primaryMetric, value.toFixed(4), `${low.toFixed(4)} to ${high.toFixed(4)}`]];
  });
  return rows.length === 0 ? '' : `\n${textTable(['set', 'primary metric', 'value', '95 % interval'], rows)}`;
}

function comparisonTable(sets: readonly EvaluatedSet[]): string {
  const rows = sets.flatMap(({ name, comparison }) => {
    if (comparison === undefined) return [];
    const { baseline, candidate, difference, low, high, pValue } = comparison;
    const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
    const interval = `${signed(low)} to ${signed(high)}`;
    return [[name, baseline.toFixed(4), candidate.toFixed(4), signed(difference), interval, pValue.toFixed(4)]];
  });
  if (rows.length === 0) return '';
  return `\n${textTable(['primary metric', 'baseline', 'model', 'difference', '95 % interval', 'p'], rows)}`;
}

/** A table for each kind of set, one of intervals, and one of the comparisons with the baseline. */
export function evaluationTables(sets: readonly EvaluatedSet[], settings: ReportSettings): string {
  const tables = [...byKind(sets)].map(([kind, own]) => kindTable(kind, own, settings));
  return `${tables.join('\n')}${intervalTable(sets)}${comparisonTable(sets)}`;
}

/** The primary metric without the name of its set. */
function ownKey({ result }: EvaluatedSet): string {
  const [figures] = Object.values(result.byDim);
  return Object.keys(figures ?? {}).find((key) => result.primaryMetric.endsWith(key)) ?? result.primaryMetric;
}

/** Primary metric against dim: a diagram for each kind and metric, the mean of several sets first. */
export function evaluationPanels(sets: readonly EvaluatedSet[], dims: readonly number[]): ScorePanel[] {
  const groups = new Map<string, EvaluatedSet[]>();
  for (const set of sets) {
    const title = `${set.kind}: ${ownKey(set)}`;
    groups.set(title, [...(groups.get(title) ?? []), set]);
  }
  return [...groups].map(([metric, own]) => {
    const lines: ScoreLine[] = own.map((set) => ({
      name: set.name,
      scores: dims.map((dim) => set.result.byDim[dim]?.[ownKey(set)] ?? 0),
    }));
    if (lines.length === 1) return { metric, lines };
    const scores = dims.map((_, i) => mean(lines.map((line) => line.scores[i]!)));
    const main: ScoreLine = { name: `mean of ${lines.length}`, scores, isMain: true };
    return { metric, lines: lines.length > MOST_LINES ? [main] : [main, ...lines] };
  });
}
