import type { EmbeddingModel, Evaluator } from '@embedbag/core';
import { compareResults, type ModelComparison } from './compare-results.js';
import type { ResamplingOptions } from './resampled-items.js';

/** The two models that {@link compareModels} compares, and how. */
export interface CompareModelsOptions extends ResamplingOptions {
  readonly baseline: EmbeddingModel;
  readonly candidate: EmbeddingModel;
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Evaluates two models on the same items and compares them as {@link compareResults} does.
 *
 * Throws what `evaluator` and `compareResults` throw.
 *
 * @example
 * ```ts
 * const { difference, pValue } = await compareModels(evaluator, { baseline: old, candidate: model });
 * ```
 */
export async function compareModels(evaluator: Evaluator, options: CompareModelsOptions): Promise<ModelComparison> {
  const { baseline, candidate, signal, onProgress, ...resampling } = options;
  const results = [];
  for (const [i, model] of [baseline, candidate].entries()) {
    results.push(
      await evaluator.evaluate(model, {
        withItems: true,
        ...(signal !== undefined && { signal }),
        onProgress: (share) => onProgress?.((i + share) / 2),
      }),
    );
  }
  return compareResults({ baseline: results[0]!, candidate: results[1]!, ...resampling });
}
