import { exponential, logarithm } from '@embedbag/kernels';
import type { DocumentCounts } from './count-documents.js';

/**
 * A weight by token, `[vocabularySize]`: `idf^exponent`, scaled so that the mean of the squares is 1.
 *
 *     idf = ln((documents + 1) / (count + 1)) + 1
 *
 * The scale keeps a table's root mean square where it was, so that a learning rate means the same as without weights.
 * Computed by basic arithmetic alone, so that every engine gives the same bits.
 *
 * Source: scikit-learn's TfidfTransformer with `smooth_idf`.
 *
 * @example
 * ```ts
 * idfWeights({ documents: 3, counts: Float64Array.of(3, 0) }, 1).map(Math.fround);
 * // => Float64Array(2) [ 0.5456958413124084, 1.3046752214431763 ]
 * ```
 */
export function idfWeights({ documents, counts }: DocumentCounts, exponent: number): Float64Array {
  const idf = counts.map((count) => logarithm((documents + 1) / (count + 1)) + 1);
  const largest = idf.reduce((a, b) => Math.max(a, b), 1);
  // The power of a quotient of at most 1, for which the kernels have an exponential function.
  const weights = idf.map((value) => exponential(-exponent * logarithm(largest / value)));
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const scale = squares > 0 ? Math.sqrt(weights.length / squares) : 1;
  return weights.map((weight) => weight * scale);
}
