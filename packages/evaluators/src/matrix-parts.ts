import type { Matrix } from '@embedbag/core';

/** The first `dimension` columns of `matrix`, `[rows, dimension]`; `matrix` itself where it has no more. */
export function firstColumns(matrix: Matrix, dimension: number): Matrix {
  const { data, rows, columns } = matrix;
  if (columns === dimension) return matrix;
  const kept = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    kept.set(data.subarray(row * columns, row * columns + dimension), row * dimension);
  }
  return { data: kept, rows, columns: dimension };
}

/** Rows `start` to `end` of `matrix`, borrowed from it. */
export function rowRange({ data, columns }: Matrix, start: number, end: number): Matrix {
  return { data: data.subarray(start * columns, end * columns), rows: end - start, columns };
}
