import type { Kernels } from '@embedbag/core';
import { expect } from 'vitest';

/** Where a test's arrays lie: in the backend's memory, or in ordinary memory. */
export type Place = 'allocated' | 'plain';

/** Both places. */
export const PLACES: readonly Place[] = ['allocated', 'plain'];

/** An odd number of values, so that the guarded part begins on no boundary. */
const GUARD = 5;

/** No token id, offset or row number. */
const INTEGER_GUARD = 0x7ead_beef;

/** Arrays whose both sides are watched. */
export interface GuardedArrays {
  /** A copy of `values` between two stretches of NaN. */
  float32(values: ArrayLike<number>): Float32Array;
  /** A copy of `values` between two stretches of a number that is no token id. */
  int32(values: ArrayLike<number>): Int32Array;
  /** `length` values of NaN between two stretches of NaN: an output that must be written, not added to. */
  output(length: number): Float32Array;
  /** Throws where a guard was written into, or an input, and gives the memory back. */
  check(): void;
}

/** Makes {@link GuardedArrays} in `place`. */
export function guardArrays(kernels: Kernels, place: Place): GuardedArrays {
  const owned: (Float32Array | Int32Array)[] = [];
  const checks: (() => void)[] = [];

  const take = <T extends Float32Array | Int32Array>(allocate: () => T, guard: number): T => {
    const array = allocate();
    if (place === 'allocated') owned.push(array);
    array.fill(guard);
    checks.push(() => {
      for (let i = 0; i < GUARD; i++) {
        const untouched = Object.is(array[i], guard) && Object.is(array[array.length - 1 - i], guard);
        if (!untouched) expect.fail('a value beside an array was written');
      }
    });
    return array.subarray(GUARD, array.length - GUARD) as T;
  };

  const float32 = (length: number): Float32Array => {
    const padded = length + 2 * GUARD;
    return take(() => (place === 'allocated' ? kernels.allocateFloat32(padded) : new Float32Array(padded)), Number.NaN);
  };

  const keepUnchanged = (array: Float32Array | Int32Array): void => {
    const copy = array.slice();
    checks.push(() => {
      for (let i = 0; i < copy.length; i++) {
        if (!Object.is(array[i], copy[i])) expect.fail(`an input was changed at index ${i}`);
      }
    });
  };

  return {
    float32(values) {
      const array = float32(values.length);
      array.set(values);
      keepUnchanged(array);
      return array;
    },
    int32(values) {
      const padded = values.length + 2 * GUARD;
      const array = take(
        () => (place === 'allocated' ? kernels.allocateInt32(padded) : new Int32Array(padded)),
        INTEGER_GUARD,
      );
      array.set(values);
      keepUnchanged(array);
      return array;
    },
    output: float32,
    check() {
      for (const check of checks) check();
      for (const array of owned) kernels.release(array);
    },
  };
}
