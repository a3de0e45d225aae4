import type { Matrix } from './kernels.js';

/** Ranges that every value widens: the start of {@link widenRanges}. */
export function emptyRanges(columns: number): Matrix {
  const data = new Float32Array(2 * columns);
  data.fill(Number.POSITIVE_INFINITY, 0, columns);
  data.fill(Number.NEGATIVE_INFINITY, columns);
  return { data, rows: 2, columns };
}

/** Widens the `[2, columns]` minima and maxima in `ranges`, in place, until they hold every row of `embeddings`. */
export function widenRanges(ranges: Matrix, embeddings: Matrix): void {
  const { data, rows, columns } = embeddings;
  const bounds = ranges.data;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = data[row * columns + column]!;
      if (value < bounds[column]!) bounds[column] = value;
      if (value > bounds[columns + column]!) bounds[columns + column] = value;
    }
  }
}
