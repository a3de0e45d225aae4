// The norm of a gradient, and normalising rows.
import { integerAt, partStart, pointerAt } from './arguments';
import { normalizeRow, sumOfSquares } from './vector';

/** Slots: values, how many, chunk length, and per chunk its sum of squares in float64, to be written. */
export function squaredNorms(args: usize, thread: i32, threads: i32): void {
  const values = pointerAt(args, 0);
  const length = integerAt(args, 1);
  const chunk = integerAt(args, 2);
  const sums = pointerAt(args, 3);
  const chunks = (length + chunk - 1) / chunk;
  const end = partStart(chunks, thread + 1, threads);
  for (let i = partStart(chunks, thread, threads); i < end; i++) {
    const begin = i * chunk;
    store<f64>(sums + (<usize>i << 3), sumOfSquares(values + (<usize>begin << 2), min(chunk, length - begin)));
  }
}

/** Slots: matrix, rows, columns. */
export function normalizeRows(args: usize, thread: i32, threads: i32): void {
  const rows = integerAt(args, 1);
  const columns = integerAt(args, 2);
  const rowBytes = <usize>columns << 2;
  const end = partStart(rows, thread + 1, threads);
  for (let row = partStart(rows, thread, threads); row < end; row++) {
    normalizeRow(pointerAt(args, 0) + <usize>row * rowBytes, columns);
  }
}
