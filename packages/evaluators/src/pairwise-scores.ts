import type { Matrix, SimilarityFunctionName } from '@embedbag/core';
import { float32Norm, float32Sum } from './float32-sum.js';

const SMALLEST_NORM = 1e-12;

/** A copy of `matrix` whose rows are divided by their norms, in float32 as PyTorch does; zero rows stay. */
export function normalizedRows({ data, rows, columns }: Matrix): Matrix {
  const normalized = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    const norm = Math.max(float32Norm(data, start, columns), SMALLEST_NORM);
    for (let at = start; at < start + columns; at++) normalized[at] = data[at]! / norm;
  }
  return { data: normalized, rows, columns };
}

/** What two values of a column add to the score of their rows, rounded to float32 by whoever stores it. */
const TERMS: Readonly<Record<SimilarityFunctionName, (a: number, b: number) => number>> = {
  cosine: (a, b) => a * b,
  dot: (a, b) => a * b,
  euclidean: (a, b) => Math.fround(a - b) ** 2,
  manhattan: (a, b) => Math.abs(a - b),
};

/** The score of two rows from the sum of their terms. */
const SCORES: Readonly<Record<SimilarityFunctionName, (sum: number) => number>> = {
  cosine: (sum) => sum,
  dot: (sum) => sum,
  euclidean: (sum) => -Math.sqrt(sum),
  manhattan: (sum) => -sum,
};

/**
 * The similarity of row i of `a` and row i of `b`, `[rows]`, to the bit as PyTorch gives it where the columns divide by 4.
 *
 * Correlations and thresholds depend on which pairs have equal scores, and pairs of equal texts have them up to rounding: with
 * exact sums the figures would be others than those of sentence-transformers. `pairwiseSimilarityFunction` of
 * `@embedbag/core` is the exact one.
 */
export function pairwiseScores(a: Matrix, b: Matrix, similarity: SimilarityFunctionName): Float32Array {
  const [left, right] = similarity === 'cosine' ? [normalizedRows(a), normalizedRows(b)] : [a, b];
  const { rows, columns } = left;
  const term = TERMS[similarity];
  const terms = new Float32Array(columns);
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      terms[column] = term(left.data[start + column]!, right.data[start + column]!);
    }
    scores[row] = SCORES[similarity](float32Sum(terms, columns));
  }
  return scores;
}
