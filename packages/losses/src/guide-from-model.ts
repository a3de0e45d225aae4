import type { EmbeddingModel, Matrix, TextGuide } from '@embedbag/core';

/**
 * A guide that asks an embedding model: another static model, or an earlier checkpoint of the model that is trained, which is
 * a folder like any other.
 *
 * The model stays the caller's: dispose of it after the run. Do not pass the model that is trained itself, which changes.
 * Its table lies in the memory of its kernels: give `StaticEmbedding.load` other kernels than the run's where that memory is short.
 * For a guide that takes long, make its embeddings once with `writeGuideEmbeddings` of `@embedbag/datasets`.
 *
 * @example
 * ```ts
 * const earlier = await StaticEmbedding.load('output/checkpoint-100');
 * const loss = gistEmbedLoss({ guide: guideFromModel(earlier), guideName: 'checkpoint-100' });
 * ```
 */
export function guideFromModel(model: EmbeddingModel): TextGuide {
  return (texts, signal): Matrix | Promise<Matrix> => model.embed(texts, signal ? { signal } : {});
}
