import type { Matrix } from '@embedbag/core';

/** A row whose norm is not above this counts as zero: the text had no tokens. */
export const ZERO_NORM = 1e-12;

/** See {@link Kernels.normalizeRows}. */
export function normalizeRows(matrix: Matrix): void {
  const { data, rows, columns } = matrix;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let squares = 0;
    for (let i = start; i < start + columns; i++) squares += data[i]! * data[i]!;
    const norm = Math.sqrt(squares);
    for (let i = start; i < start + columns; i++) data[i] = norm > ZERO_NORM ? data[i]! / norm : 0;
  }
}
