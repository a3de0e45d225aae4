import type { Matrix, SparseRows } from '@embedbag/core';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** Values whose squares are summed together: the chunks, not the threads, set the order of the sum. */
const CHUNK = 16384;

/** See {@link Kernels.gradientNorm}. */
export function gradientNorm(runtime: WasmRuntime, gradient: SparseRows): number {
  const { staging, memory, pool } = runtime;
  const length = gradient.count * gradient.columns;
  const chunks = Math.ceil(length / CHUNK);
  staging.begin();
  const sums = staging.scratch(chunks * 8);
  pool.run('squaredNorms', [staging.input(gradient.values, length), length, CHUNK, sums], length >= WORTH_THREADS);
  let total = 0;
  for (const sum of memory.float64(sums, chunks)) total += sum;
  return Math.sqrt(total);
}

/** See {@link Kernels.normalizeRows}. */
export function normalizeRows(runtime: WasmRuntime, matrix: Matrix): void {
  const { staging, pool } = runtime;
  const length = matrix.rows * matrix.columns;
  staging.begin();
  const data = staging.update(matrix.data, length);
  pool.run('normalizeRows', [data, matrix.rows, matrix.columns], length >= WORTH_THREADS);
  staging.finish();
}
