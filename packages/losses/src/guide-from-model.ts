import type { EmbeddingModel, Matrix } from '@embedbag/core';
import type { TextGuide } from './text-guide.js';

/**
 * A guide that asks an embedding model: another static model, or an earlier checkpoint of the model that is trained.
 *
 * The model stays the caller's: dispose of it after the run. Do not pass the model that is trained itself, which changes.
 *
 * @example
 * ```ts
 * const loss = gistEmbedLoss({ guide: guideFromModel(await StaticEmbedding.load('first-run/final')) });
 * ```
 */
export function guideFromModel(model: EmbeddingModel): TextGuide {
  return (texts, signal): Matrix | Promise<Matrix> => model.embed(texts, signal ? { signal } : {});
}
