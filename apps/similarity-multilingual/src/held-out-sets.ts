import type { TextDataset } from '@embedbag/core';
import { translationEvaluator } from '@embedbag/evaluators';
import { ARTICLE, PARALLEL, RECIPE, type SimilaritySet } from './recipe.js';

/** As many as a Tatoeba test set has. */
const MOST_PAIRS = 1000;

/** Of the parallel sentences of the article that are not trained on, 1,000 of each dataset: whose translation is found. */
export async function heldOutSets(heldOut: readonly (TextDataset | undefined)[]): Promise<SimilaritySet[]> {
  const sets: SimilaritySet[] = [];
  for (const [index, dataset] of heldOut.entries()) {
    if (dataset === undefined || ARTICLE.datasets[index]?.columns !== PARALLEL) continue;
    const size = Math.min(MOST_PAIRS, dataset.rowCount);
    // Some datasets are sorted by language.
    const rows = Array.from({ length: size }, (_, row) => Math.floor((row * dataset.rowCount) / size));
    const sourceSentences = await dataset.texts(0, rows);
    const targetSentences = await dataset.texts(1, rows);
    const evaluator = translationEvaluator({ sourceSentences, targetSentences, truncateDims: RECIPE.matryoshkaDims });
    sets.push({ kind: 'translation', name: dataset.name, size, evaluator });
  }
  return sets;
}
