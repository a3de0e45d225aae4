import type { Loss } from '@embedbag/core';
import { lossFromForm, type MiniBatchOptions, withMiniBatches } from './contrastive-form-loss.js';
import {
  type MultipleNegativesRankingLossOptions,
  type RankingPrepared,
  rankingParts,
} from './multiple-negatives-ranking-loss.js';

/** The options of {@link cachedMultipleNegativesRankingLoss}. */
export interface CachedMultipleNegativesRankingLossOptions
  extends MultipleNegativesRankingLossOptions,
    MiniBatchOptions {}

/**
 * CachedMultipleNegativesRankingLoss: `multipleNegativesRankingLoss` with a bound on its memory, for batches of tens of
 * thousands of rows. The value and the gradient are the same.
 *
 * A transformer's batch is bounded by its activations, which a cached loss makes again by mini-batch. A static model has
 * none: a batch costs its embeddings and their gradients, `2 x columns x batch x dimension` floats, and nothing has to be made
 * again. What would grow with the square of the batch is the similarities, and of these `miniBatchSize` rows are held at once.
 *
 * Inputs: (anchor, positive), (anchor, positive, negative) or (anchor, positive, negative_1, ..., negative_n); no labels.
 *
 * Requirements: memory for the embeddings and gradients of a batch, which the trainer adds up before its first step.
 * Recommendations: the NO_DUPLICATES batch sampler, or `maskEqualTexts`; a batch so small that enough steps are left.
 *
 * Relations: `multipleNegativesRankingLoss` leaves the bound to the kernel. `cachedGistEmbedLoss` also spares right answers.
 * `matryoshkaLoss` runs it at many dims in one pass, which multiplies what is held by the count of dims.
 *
 * Reference: sentence-transformers 6.2, losses/cached_multiple_negatives_ranking.py, which takes no static model; Gao et al.
 * 2021, arXiv 2101.06983.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` when it computes fewer than two columns.
 *
 * @example
 * ```ts
 * const loss = cachedMultipleNegativesRankingLoss({ miniBatchSize: 64 });
 * ```
 */
export function cachedMultipleNegativesRankingLoss(
  options: CachedMultipleNegativesRankingLossOptions = {},
): Loss<RankingPrepared | undefined> {
  return lossFromForm(withMiniBatches(rankingParts('CachedMultipleNegativesRankingLoss', options), options));
}
