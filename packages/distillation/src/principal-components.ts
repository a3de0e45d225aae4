import type { Matrix } from '@embedbag/core';
import { EigenvalueDecomposition, Matrix as SquareMatrix } from 'ml-matrix';

/** What {@link principalComponents} found. */
export interface PrincipalComponents {
  /** The rows in the new directions, the widest first, without their mean: `[rows, columns]`, owned by the caller. */
  readonly scores: Matrix;
  /** The variance of every kept column, falling, `[columns]`. */
  readonly variance: Float64Array;
  /** The kept share of all variance, 0 to 1. */
  readonly explained: number;
}

/** Rows whose products are summed before the next ones are read: small enough for the second cache. */
const ROWS_AT_ONCE = 64;

/**
 * Principal component analysis: the rows of `matrix` less their mean, turned so that the first column has the most
 * variance, the second the most of the rest, ..., and cut to `columns`.
 *
 * The sign of every column is such that its value of the largest magnitude is positive. Sums are in float64; the same
 * bytes come out of the same input on every engine. `columns` is at most the matrix' and fewer than its rows.
 *
 * Source: `_pca_fit_transform` of model2vec 0.10, distill/inference.py.
 *
 * @throws the reason of an aborted `signal`.
 *
 * @example
 * ```ts
 * const { scores } = await principalComponents({ data: Float32Array.of(0, 0, 2, 2, 4, 4), rows: 3, columns: 2 }, 1);
 * scores.data.map(Math.abs); // => Float32Array(3) [ 2.8284270763397217, 0, 2.8284270763397217 ]
 * ```
 */
export async function principalComponents(
  matrix: Matrix,
  columns: number,
  signal?: AbortSignal,
): Promise<PrincipalComponents> {
  const mean = columnMeans(matrix);
  const covariance = await covarianceOf(matrix, mean, signal);
  const size = matrix.columns;
  const symmetric = new SquareMatrix(
    Array.from({ length: size }, (_, row) => covariance.subarray(row * size, (row + 1) * size)),
  );
  signal?.throwIfAborted();
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const values = realEigenvalues.map((value) => Math.max(0, value));
  // Ascending as the decomposition gives them; equal ones keep that order turned round.
  const order = values.map((_, index) => index).sort((a, b) => values[b]! - values[a]! || b - a);
  const kept = order.slice(0, columns);
  const directions = new Float64Array(columns * size);
  for (const [column, from] of kept.entries()) {
    for (let row = 0; row < size; row++) directions[column * size + row] = eigenvectorMatrix.get(row, from);
  }
  const scores = await project(matrix, mean, directions, columns, signal);
  pointColumns(scores);
  const variance = Float64Array.from(kept, (index) => values[index]!);
  const total = values.reduce((sum, value) => sum + value, 0);
  const explained = total > 0 ? variance.reduce((sum, value) => sum + value, 0) / total : 1;
  return { scores, variance, explained };
}

function columnMeans({ data, rows, columns }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) mean[column]! += data[row * columns + column]!;
  }
  return mean.map((sum) => sum / rows);
}

/** Lets signals and streams have a turn between two pieces of work. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Copies rows from `first` on, less the mean, into `out` `[ROWS_AT_ONCE, columns]`; rows beyond the last are zero. */
function centredRows({ data, rows, columns }: Matrix, mean: Float64Array, first: number, out: Float64Array): void {
  out.fill(0);
  for (let row = first; row < Math.min(rows, first + ROWS_AT_ONCE); row++) {
    const to = (row - first) * columns;
    for (let column = 0; column < columns; column++) {
      out[to + column] = data[row * columns + column]! - mean[column]!;
    }
  }
}

/** The rows in blocks, less the mean, in one buffer that every block fills anew; lets others have their turn on the way. */
async function* centredBlocks(
  matrix: Matrix,
  mean: Float64Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly first: number; readonly block: Float64Array }> {
  const block = new Float64Array(ROWS_AT_ONCE * matrix.columns);
  let lastTurn = performance.now();
  for (let first = 0; first < matrix.rows; first += ROWS_AT_ONCE) {
    if (performance.now() - lastTurn > 50) {
      await nextTurn();
      lastTurn = performance.now();
    }
    signal?.throwIfAborted();
    centredRows(matrix, mean, first, block);
    yield { first, block };
  }
}

/** `[columns, columns]`, divided by `rows - 1`. */
async function covarianceOf(
  matrix: Matrix,
  mean: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { rows, columns } = matrix;
  const sums = new Float64Array(columns * columns);
  for await (const { block } of centredBlocks(matrix, mean, signal)) {
    addOuterProducts(block, columns, sums);
  }
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b <= a; b++) {
      const value = sums[a * columns + b]! / (rows - 1);
      sums[a * columns + b] = value;
      sums[b * columns + a] = value;
    }
  }
  return sums;
}

/** Adds `block^T block` to the lower triangle of `sums`, four rows of the block at a time. */
function addOuterProducts(block: Float64Array, columns: number, sums: Float64Array): void {
  for (let row = 0; row < ROWS_AT_ONCE; row += 4) {
    const [p, q, r, s] = [row * columns, (row + 1) * columns, (row + 2) * columns, (row + 3) * columns];
    for (let a = 0; a < columns; a++) {
      const [pa, qa, ra, sa] = [block[p + a]!, block[q + a]!, block[r + a]!, block[s + a]!];
      const to = a * columns;
      for (let b = 0; b <= a; b++) {
        sums[to + b]! += pa * block[p + b]! + qa * block[q + b]! + (ra * block[r + b]! + sa * block[s + b]!);
      }
    }
  }
}

/** Products of every centred row with every direction. */
async function project(
  matrix: Matrix,
  mean: Float64Array,
  directions: Float64Array,
  kept: number,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const { rows, columns } = matrix;
  const data = new Float32Array(rows * kept);
  for await (const { first, block } of centredBlocks(matrix, mean, signal)) {
    const count = Math.min(ROWS_AT_ONCE, rows - first);
    for (let direction = 0; direction < kept; direction++) {
      const d = direction * columns;
      for (let row = 0; row < count; row++) {
        const b = row * columns;
        let sum = 0;
        for (let column = 0; column < columns; column++) sum += block[b + column]! * directions[d + column]!;
        data[(first + row) * kept + direction] = sum;
      }
    }
  }
  return { data, rows, columns: kept };
}

/** Turns every column so that its value of the largest magnitude, the first of equal ones, is positive. */
function pointColumns({ data, rows, columns }: Matrix): void {
  for (let column = 0; column < columns; column++) {
    let largest = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + column]!;
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    for (let row = 0; row < rows; row++) data[row * columns + column] = -data[row * columns + column]!;
  }
}
