import { EmbedbagError } from './embedbag-error.js';
import type { Matrix } from './kernels.js';

/** The names under which sentence-transformers keeps a model's similarity function. */
export type SimilarityFunctionName = 'cosine' | 'dot' | 'euclidean' | 'manhattan';

/** Every {@link SimilarityFunctionName}. */
export const SIMILARITY_FUNCTION_NAMES: readonly SimilarityFunctionName[] = ['cosine', 'dot', 'euclidean', 'manhattan'];

/** Compares every row of `a` with every row of `b`: `[a.rows, b.rows]`. */
export type SimilarityFunction = (a: Matrix, b: Matrix) => Matrix;

/** Compares row i of `a` with row i of `b`: `[rows]`. */
export type PairwiseSimilarityFunction = (a: Matrix, b: Matrix) => Float32Array;

/** A norm at most this makes a cosine of 0, as everywhere in embedbag. */
const SMALLEST_NORM = 1e-12;

/** What is summed over the columns of two rows that begin at `p` and `q`. */
type RowSum = (a: Float32Array, p: number, b: Float32Array, q: number, columns: number) => number;

const dotSum: RowSum = (a, p, b, q, columns) => {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += a[p + column]! * b[q + column]!;
  return sum;
};

const negativeEuclidean: RowSum = (a, p, b, q, columns) => {
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    const difference = a[p + column]! - b[q + column]!;
    sum += difference * difference;
  }
  return -Math.sqrt(sum);
};

const negativeManhattan: RowSum = (a, p, b, q, columns) => {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += Math.abs(a[p + column]! - b[q + column]!);
  return -sum;
};

function checkColumns(a: Matrix, b: Matrix): void {
  if (a.columns === b.columns) return;
  throw new EmbedbagError({
    code: 'dimension-mismatch',
    message: `Expected \`a\` and \`b\` to have the same columns, received ${a.columns} and ${b.columns}. Encode both with the same model and \`truncateDim\`.`,
    details: { a: a.columns, b: b.columns },
  });
}

function checkRows(a: Matrix, b: Matrix): void {
  checkColumns(a, b);
  if (a.rows === b.rows) return;
  throw new EmbedbagError({
    code: 'row-count-mismatch',
    message: `Expected \`a\` and \`b\` to have the same rows, received ${a.rows} and ${b.rows}. Pass one row of \`b\` for every row of \`a\`.`,
    details: { a: a.rows, b: b.rows },
  });
}

/** One over the norm of every row, or 0 where there is no direction. */
function inverseNorms({ data, rows, columns }: Matrix): Float64Array {
  const inverses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const norm = Math.sqrt(dotSum(data, row * columns, data, row * columns, columns));
    inverses[row] = norm > SMALLEST_NORM ? 1 / norm : 0;
  }
  return inverses;
}

/** Sums are taken in float64 and rounded to float32 once. */
function compareAll(a: Matrix, b: Matrix, sum: RowSum, scaleA?: Float64Array, scaleB?: Float64Array): Matrix {
  checkColumns(a, b);
  const data = new Float32Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      const value = sum(a.data, i * a.columns, b.data, j * b.columns, a.columns);
      data[i * b.rows + j] = value * (scaleA?.[i] ?? 1) * (scaleB?.[j] ?? 1);
    }
  }
  return { data, rows: a.rows, columns: b.rows };
}

function comparePairs(a: Matrix, b: Matrix, sum: RowSum, scaleA?: Float64Array, scaleB?: Float64Array): Float32Array {
  checkRows(a, b);
  const values = new Float32Array(a.rows);
  for (let i = 0; i < a.rows; i++) {
    const value = sum(a.data, i * a.columns, b.data, i * b.columns, a.columns);
    values[i] = value * (scaleA?.[i] ?? 1) * (scaleB?.[i] ?? 1);
  }
  return values;
}

/**
 * Cosine similarity of every row of `a` with every row of `b`, `[a.rows, b.rows]`, from -1 to 1; a zero vector has 0
 * with everything. Throws `dimension-mismatch`.
 *
 * @example
 * ```ts
 * import { cosineSimilarity } from '@embedbag/core';
 *
 * const a = { data: Float32Array.of(3, 4), rows: 1, columns: 2 };
 * const b = { data: Float32Array.of(6, 8, -4, 3), rows: 2, columns: 2 };
 * cosineSimilarity(a, b).data; // => Float32Array(2) [ 1, 0 ]
 * ```
 */
export function cosineSimilarity(a: Matrix, b: Matrix): Matrix {
  return compareAll(a, b, dotSum, inverseNorms(a), inverseNorms(b));
}

/** Dot product of every row of `a` with every row of `b`, `[a.rows, b.rows]`. Throws `dimension-mismatch`. */
export function dotSimilarity(a: Matrix, b: Matrix): Matrix {
  return compareAll(a, b, dotSum);
}

/**
 * Negative Euclidean distance of every row of `a` from every row of `b`, `[a.rows, b.rows]`: higher is nearer.
 * Throws `dimension-mismatch`.
 */
export function euclideanSimilarity(a: Matrix, b: Matrix): Matrix {
  return compareAll(a, b, negativeEuclidean);
}

/**
 * Negative Manhattan distance of every row of `a` from every row of `b`, `[a.rows, b.rows]`: higher is nearer.
 * Throws `dimension-mismatch`.
 */
export function manhattanSimilarity(a: Matrix, b: Matrix): Matrix {
  return compareAll(a, b, negativeManhattan);
}

/** Cosine similarity of row i of `a` with row i of `b`, `[rows]`. Throws `dimension-mismatch` and `row-count-mismatch`. */
export function pairwiseCosineSimilarity(a: Matrix, b: Matrix): Float32Array {
  checkRows(a, b);
  return comparePairs(a, b, dotSum, inverseNorms(a), inverseNorms(b));
}

/** Dot product of row i of `a` with row i of `b`, `[rows]`. Throws `dimension-mismatch` and `row-count-mismatch`. */
export function pairwiseDotSimilarity(a: Matrix, b: Matrix): Float32Array {
  return comparePairs(a, b, dotSum);
}

/** Negative Euclidean distance of row i of `a` from row i of `b`, `[rows]`. Throws as {@link pairwiseDotSimilarity}. */
export function pairwiseEuclideanSimilarity(a: Matrix, b: Matrix): Float32Array {
  return comparePairs(a, b, negativeEuclidean);
}

/** Negative Manhattan distance of row i of `a` from row i of `b`, `[rows]`. Throws as {@link pairwiseDotSimilarity}. */
export function pairwiseManhattanSimilarity(a: Matrix, b: Matrix): Float32Array {
  return comparePairs(a, b, negativeManhattan);
}

const BY_NAME: Readonly<Record<SimilarityFunctionName, readonly [SimilarityFunction, PairwiseSimilarityFunction]>> = {
  cosine: [cosineSimilarity, pairwiseCosineSimilarity],
  dot: [dotSimilarity, pairwiseDotSimilarity],
  euclidean: [euclideanSimilarity, pairwiseEuclideanSimilarity],
  manhattan: [manhattanSimilarity, pairwiseManhattanSimilarity],
};

/** The similarity function of that name. */
export function similarityFunction(name: SimilarityFunctionName): SimilarityFunction {
  return BY_NAME[name][0];
}

/** The pairwise similarity function of that name. */
export function pairwiseSimilarityFunction(name: SimilarityFunctionName): PairwiseSimilarityFunction {
  return BY_NAME[name][1];
}
