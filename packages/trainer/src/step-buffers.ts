import type { Kernels } from '@embedbag/core';

/** A place in the kernels' memory that is used again at every step and grows when a batch is larger than all before. */
export interface StepBuffer {
  /** An array of exactly `length` values; what is in it is left from before. Ends the use of arrays got earlier. */
  take(length: number): Float32Array;
  release(): void;
}

/** A {@link StepBuffer} that has room for `length` values from its first use on. */
export function createStepBuffer(kernels: Kernels, length: number): StepBuffer {
  let held: Float32Array | undefined;
  const release = (): void => {
    if (held !== undefined) kernels.release(held);
    held = undefined;
  };
  return {
    take(wanted) {
      if (held === undefined || held.length < wanted) {
        release();
        held = kernels.allocateFloat32(Math.max(length, wanted));
      }
      return held.subarray(0, wanted);
    },
    release,
  };
}

/** Cuts `matrix` `[columns * rows, dimension]` into one matrix `[rows, dimension]` a column, without copying. */
export function splitColumns(matrix: Float32Array, columns: number): Float32Array[] {
  const length = matrix.length / columns;
  return Array.from({ length: columns }, (_, column) => matrix.subarray(column * length, (column + 1) * length));
}
