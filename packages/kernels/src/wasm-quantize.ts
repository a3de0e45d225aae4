import type { Matrix } from '@embedbag/core';
import { bitRowBytes, checkOutput, quantizationSteps } from './typescript-quantize.js';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** Values quantised by one call: a matrix that lies elsewhere is copied in by pieces, however large it is. */
const VALUES_AT_A_TIME = 1 << 20;
/** Turns an unsigned byte into the signed one that is 128 less. */
const SIGN_BIT = 0x80;

/** The arguments of a kernel for rows that lie at `values` and whose bytes go to `target`. */
type Arguments = (values: number, rows: number, target: number) => readonly number[];

/** Runs `operation` over all rows of `matrix`, `rowBytes` bytes each into `out`, some rows at a time. */
function runInPieces(
  runtime: WasmRuntime,
  operation: string,
  matrix: Matrix,
  rowBytes: number,
  out: Int8Array | Uint8Array,
  prepare: () => Arguments,
): void {
  const { staging, pool } = runtime;
  const { data, rows, columns } = matrix;
  if (columns === 0) return;
  const atATime = Math.max(1, Math.floor(VALUES_AT_A_TIME / columns));
  for (let first = 0; first < rows; first += atATime) {
    const count = Math.min(atATime, rows - first);
    const values = data.subarray(first * columns, (first + count) * columns);
    const target = out.subarray(first * rowBytes, (first + count) * rowBytes);
    staging.begin();
    const args = prepare();
    const addresses = [staging.input(values, count * columns), staging.output(target, count * rowBytes)] as const;
    pool.run(operation, args(addresses[0], count, addresses[1]), count * columns >= WORTH_THREADS);
    staging.finish();
  }
}

/** See {@link Kernels.quantizeScalar}. */
export function quantizeScalar(
  runtime: WasmRuntime,
  matrix: Matrix,
  ranges: Matrix,
  out: Int8Array | Uint8Array,
): void {
  const { rows, columns } = matrix;
  const steps = quantizationSteps(ranges, columns);
  checkOutput(out, rows * columns);
  const flip = out instanceof Int8Array ? SIGN_BIT : 0;
  const { staging } = runtime;
  runInPieces(runtime, 'quantizeScalar', matrix, columns, out, () => {
    const minima = staging.input(ranges.data, columns);
    const stepsAt = staging.input(steps, columns);
    return (values, count, target) => [values, count, columns, minima, stepsAt, target, flip];
  });
}

/** See {@link Kernels.quantizeBinary}. */
export function quantizeBinary(runtime: WasmRuntime, matrix: Matrix, out: Int8Array | Uint8Array): void {
  const { rows, columns } = matrix;
  const rowBytes = bitRowBytes(columns);
  checkOutput(out, rows * rowBytes);
  const flip = out instanceof Int8Array ? SIGN_BIT : 0;
  runInPieces(runtime, 'quantizeBinary', matrix, rowBytes, out, () => (values, count, target) => [
    values,
    count,
    columns,
    target,
    flip,
  ]);
}
