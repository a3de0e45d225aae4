import type { Loss } from '@embedbag/core';
import { lossFromForm, type MiniBatchOptions, withMiniBatches } from './contrastive-form-loss.js';
import { type GistEmbedLossOptions, gistParts } from './gist-embed-loss.js';
import type { GuideEmbeddings } from './text-guide.js';

/** The options of {@link cachedGistEmbedLoss}. */
export interface CachedGistEmbedLossOptions extends GistEmbedLossOptions, MiniBatchOptions {}

/**
 * CachedGISTEmbedLoss: `gistEmbedLoss` with a bound on its memory, for batches of tens of thousands of rows. The value and the
 * gradient are the same.
 *
 * Inputs: (anchor, positive), (anchor, positive, negative) or (anchor, positive, negative_1, ..., negative_n); no labels.
 *
 * Requirements: a guide, and memory for the embeddings of the batch by the model and by the guide. Recommendations:
 * `guideFromFolder` with embeddings made once, so that the guide costs no time in the run.
 *
 * Relations: `gistEmbedLoss` leaves the bound to the kernel. `cachedMultipleNegativesRankingLoss` does without a guide.
 * `matryoshkaLoss` runs it at many dims in one pass.
 *
 * Reference: sentence-transformers 6.2, losses/cached_gist_embed.py, which takes no static model; Solatorio 2024, arXiv
 * 2402.16829; Gao et al. 2021, arXiv 2101.06983.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `guide-shape` when it prepares a batch, `wrong-columns` and
 * `not-prepared` when it computes one.
 *
 * @example
 * ```ts
 * const guide = guideFromModel(await StaticEmbedding.load('first-run/final'));
 * const loss = cachedGistEmbedLoss({ guide, guideName: 'first-run', miniBatchSize: 64 });
 * ```
 */
export function cachedGistEmbedLoss(options: CachedGistEmbedLossOptions): Loss<GuideEmbeddings> {
  return lossFromForm(withMiniBatches(gistParts('CachedGISTEmbedLoss', options), options));
}
