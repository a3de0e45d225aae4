/** Figures of one dataset of an evaluator. */
export interface ScoreGroup {
  /** Such as `NanoMSMARCO`; empty where keys have no name before the figure. */
  readonly name: string;
  /** By the figure's own name, such as `cosine_ndcg@10`, then by dim; the widest, or only, dim under `undefined`. */
  readonly figures: ReadonlyMap<string, ReadonlyMap<number | undefined, number>>;
}

/** Where a figure's own name begins, in the keys of sentence-transformers. */
const FIGURE =
  /(?:^|_)((?:(?:cosine|dot|euclidean|manhattan|max)_.+)|(?:(?:pearson|spearman)_.+)|(?:(?:src2trg|trg2src|mean)_accuracy)|(?:ap|map|mrr@\d+|ndcg@\d+|negative_mse|loss|score))$/;

function splitKey(key: string): readonly [name: string, figure: string] {
  const match = FIGURE.exec(key);
  return match === null ? ['', key] : [key.slice(0, match.index), match[1]!];
}

/**
 * The metrics of a result by dataset, then by figure, then by dim. `<name>_<dim>_<figure>` belongs to `<name>_<figure>` where
 * that is there too, as evaluators at several dims have it.
 */
export function scoreGroups(metrics: Readonly<Record<string, number>>): ScoreGroup[] {
  const groups = new Map<string, Map<string, Map<number | undefined, number>>>();
  for (const [key, value] of Object.entries(metrics)) {
    const [prefix, figure] = splitKey(key);
    const [, base, dim] = /^(.*)_(\d+)$/.exec(prefix) ?? /^()(\d+)$/.exec(prefix) ?? [];
    const isOfDim = base !== undefined && (base === '' ? figure : `${base}_${figure}`) in metrics;
    const name = isOfDim ? base : prefix;
    const figures = groups.get(name) ?? new Map<string, Map<number | undefined, number>>();
    const byDim = figures.get(figure) ?? new Map<number | undefined, number>();
    groups.set(name, figures.set(figure, byDim.set(isOfDim ? Number(dim) : undefined, value)));
  }
  return [...groups].map(([name, figures]) => ({ name, figures }));
}

/** The task that figures are of, as the hub names it, and in words. */
export function taskOf(group: ScoreGroup): readonly [type: string, name: string] {
  const figures = [...group.figures.keys()];
  const has = (part: string): boolean => figures.some((figure) => figure.includes(part));
  if (has('recall@')) return ['information-retrieval', 'Information Retrieval'];
  if (has('spearman')) return ['semantic-similarity', 'Semantic Similarity'];
  if (has('src2trg')) return ['translation', 'Translation'];
  if (has('mrr@')) return ['reranking', 'Reranking'];
  if (has('_ap') || has('f1')) return ['binary-classification', 'Binary Classification'];
  if (has('_accuracy')) return ['triplet', 'Triplet'];
  return ['custom', 'Custom'];
}
