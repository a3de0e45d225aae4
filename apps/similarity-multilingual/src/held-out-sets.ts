import type { ColumnDataset } from '@embedbag/datasets';
import { translationEvaluator } from '@embedbag/evaluators';
import { ARTICLE, PARALLEL, RECIPE, type SimilaritySet } from './recipe.js';

/** As many as a Tatoeba test set has. */
const MOST_PAIRS = 1000;

/** Of the parallel sentences of the article that are not trained on, the first 1,000 of each dataset: whose translation is found. */
export function heldOutSets(heldOut: readonly (ColumnDataset | undefined)[]): SimilaritySet[] {
  return heldOut.flatMap((dataset, index) => {
    if (dataset === undefined || ARTICLE.datasets[index]?.columns !== PARALLEL) return [];
    const size = Math.min(MOST_PAIRS, dataset.rowCount);
    const rows = Array.from({ length: size }, (_, row) => row);
    const [sourceSentences, targetSentences] = [dataset.texts(0, rows), dataset.texts(1, rows)];
    return [
      {
        kind: 'translation',
        name: dataset.name,
        size,
        evaluator: translationEvaluator({ sourceSentences, targetSentences, truncateDims: RECIPE.matryoshkaDims }),
      },
    ];
  });
}
