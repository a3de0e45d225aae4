import { type ScoreSummary, textTable } from '@embedbag/cli';
import { RECIPE, type RecipeInput, type Scores, type SimilaritySet } from './recipe.js';

const SMALLER_DIMS = [256, 64, 32] as const;
/** With more sets of one kind, those of untrained languages share a row. */
const MOST_ROWS = 20;

type Kind = SimilaritySet['kind'];
const KINDS: readonly Kind[] = ['similarity', 'translation'];

/** The figure that stands for a set of a kind. */
export const MAIN_FIGURE: Readonly<Record<Kind, string>> = {
  similarity: 'spearman_cosine',
  translation: 'mean_accuracy',
};

const TITLES: Readonly<Record<Kind, string>> = {
  similarity: "Similarity as people scored it (Spearman's correlation)",
  translation: 'Translations found among all sentences of the set (share, mean of both directions)',
};

/** The language of a set or a training dataset: `de` for `stsb/de-test`, `deu` for `tatoeba/deu`, `pt-br` for `docs/en-pt-br`. */
export function languageOf(name: string): string {
  return (name.split('/').at(-1) ?? '').replace(/-test$/, '').replace(/^en-/, '');
}

/** The languages that the names of training datasets tell. */
export function trainedLanguages({ datasets }: Pick<RecipeInput, 'datasets'>): ReadonlySet<string> {
  return new Set(datasets.map(({ name }) => languageOf(name)));
}

/** What a report compares. */
export interface ScoreReport {
  readonly sets: readonly SimilaritySet[];
  readonly before: Scores;
  readonly after: Scores;
  /** The languages of the training data. */
  readonly trained: ReadonlySet<string>;
}

/** The sets of a kind: those of trained languages where that tells them apart, and the rest. */
export function setsOfKind(
  { sets, trained }: Pick<ScoreReport, 'sets' | 'trained'>,
  kind: Kind,
): { readonly shown: readonly SimilaritySet[]; readonly others: readonly SimilaritySet[] } {
  const all = sets.filter((set) => set.kind === kind);
  const known = all.filter(({ name }) => trained.has(languageOf(name)));
  if (all.length <= MOST_ROWS || known.length === 0) return { shown: all, others: [] };
  return { shown: known, others: all.filter((set) => !known.includes(set)) };
}

/** The mean of a figure over `sets` at `dim`. */
export function meanFigure(scores: Scores, sets: readonly SimilaritySet[], dim: number, figure: string): number {
  return sets.reduce((sum, { name }) => sum + (scores[name]?.[dim]?.[figure] ?? Number.NaN), 0) / sets.length;
}

/**
 * The figures at every dim of each set that a table would show, and of several their means, `mean_similarity` and `mean_translation`, under the
 * keys that the model card knows.
 */
export function summarizeScores(scores: Scores, input: Pick<RecipeInput, 'sets' | 'datasets'>): ScoreSummary {
  const metrics: Record<string, number> = {};
  const primary: string[] = [];
  for (const kind of KINDS) {
    const { shown } = setsOfKind({ sets: input.sets, trained: trainedLanguages(input) }, kind);
    const main = MAIN_FIGURE[kind];
    const add = (name: string, sets: readonly SimilaritySet[]): void => {
      for (const figure of [main, ...directionsOf(kind)]) {
        const at = (dim: number): number => meanFigure(scores, sets, dim, figure);
        metrics[`${name}_${figure}`] = at(RECIPE.dimension);
        for (const dim of RECIPE.matryoshkaDims) metrics[`${name}_${dim}_${figure}`] = at(dim);
      }
      primary[KINDS.indexOf(kind)] = `${name}_${main}`;
    };
    for (const set of shown) add(set.name, [set]);
    if (shown.length > 1) add(`mean_${kind}`, shown);
  }
  return { metrics, primaryMetric: primary.find((key) => key !== undefined) ?? '' };
}

function directionsOf(kind: Kind): readonly string[] {
  return kind === 'translation' ? ['src2trg_accuracy', 'trg2src_accuracy'] : [];
}

/** A table a kind: languages with their figures before and after training, and at fewer dims. */
export function scoreTables(report: ScoreReport): string {
  return KINDS.filter((kind) => report.sets.some((set) => set.kind === kind))
    .map((kind) => `${TITLES[kind]}\n${kindTable(report, kind)}`)
    .join('\n');
}

function kindTable(report: ScoreReport, kind: Kind): string {
  const { before, after } = report;
  const { shown, others } = setsOfKind(report, kind);
  const main = MAIN_FIGURE[kind];
  const full = RECIPE.dimension;
  const directions = directionsOf(kind);
  const cells = (sets: readonly SimilaritySet[]): string[] =>
    [
      meanFigure(before, sets, full, main),
      meanFigure(after, sets, full, main),
      ...directions.map((figure) => meanFigure(after, sets, full, figure)),
      ...SMALLER_DIMS.map((dim) => meanFigure(after, sets, dim, main)),
    ].map((figure) => figure.toFixed(3));
  const pairs = (sets: readonly SimilaritySet[]): string =>
    sets.reduce((sum, { size }) => sum + size, 0).toLocaleString('en-US');
  const row = (title: string, sets: readonly SimilaritySet[]): string[] => [title, pairs(sets), ...cells(sets)];
  const rows = shown.map((set) => row(languageOf(set.name), [set]));
  if (shown.length > 1) rows.push(row(`mean of ${shown.length}`, shown));
  if (others.length > 0) rows.push(row(`mean of ${others.length} others`, others));
  const header = ['language', 'pairs', 'before', 'after'];
  if (directions.length > 0) header.push('from en', 'to en');
  return textTable([...header, ...SMALLER_DIMS.map((dim) => `${dim} dims`)], rows);
}
