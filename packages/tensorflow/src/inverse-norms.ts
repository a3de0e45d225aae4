import type { Matrix } from '@embedbag/core';

/** A row whose norm is not above this counts as zero: the text had no tokens. */
const ZERO_NORM = 1e-12;

/**
 * `1 / norm` of the first `dims[t]` values of every row, `[rows]` a dim, 0 for a zero row; `dims` ascending.
 * In float64 on the processor, so that equal rows get equal bits wherever they stand.
 */
export function inverseNorms(matrix: Matrix, dims: readonly number[]): Float32Array[] {
  const { data, rows, columns } = matrix;
  const inverse = dims.map(() => new Float32Array(rows));
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    let column = 0;
    for (let t = 0; t < dims.length; t++) {
      for (; column < dims[t]!; column++) {
        const value = data[row * columns + column]!;
        squares += value * value;
      }
      const norm = Math.sqrt(squares);
      inverse[t]![row] = norm > ZERO_NORM ? 1 / norm : 0;
    }
  }
  return inverse;
}
