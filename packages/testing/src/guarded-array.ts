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

type GuardedArray = Float32Array | Int32Array | Int8Array | Uint8Array;

/** Arrays whose both sides are watched. */
export interface GuardedArrays {
  /** A copy of `values` between two stretches of NaN. */
  float32(values: ArrayLike<number>): Float32Array;
  /** A copy of `values` between two stretches of a number that is no token id. */
  int32(values: ArrayLike<number>): Int32Array;
  /** `length` values of NaN between two stretches of NaN: an output that must be written, not added to. */
  output(length: number): Float32Array;
  /**
   * `length` bytes of `fill` between two stretches of it. Every byte is a good result, so only runs with different values of
   * `fill` tell what was written.
   */
  int8(length: number, fill: number): Int8Array;
  /** The same as `int8`, unsigned. */
  uint8(length: number, fill: number): Uint8Array;
  /** Throws where a guard was written into, or an input, and gives the memory back. */
  check(): void;
}

/** Makes {@link GuardedArrays} in `place`. */
export function guardArrays(kernels: Kernels, place: Place): GuardedArrays {
  const owned: (Float32Array | Int32Array)[] = [];
  const checks: (() => void)[] = [];

  const own = <T extends Float32Array | Int32Array>(array: T): T => {
    owned.push(array);
    return array;
  };

  const take = <T extends GuardedArray>(array: T, guard: number): T => {
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
    return take(place === 'allocated' ? own(kernels.allocateFloat32(padded)) : new Float32Array(padded), Number.NaN);
  };

  const bytes = (length: number): ArrayBufferView => {
    const words = Math.ceil((length + 2 * GUARD) / 4);
    return place === 'allocated' ? own(kernels.allocateInt32(words)) : new Int32Array(words);
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
        place === 'allocated' ? own(kernels.allocateInt32(padded)) : new Int32Array(padded),
        INTEGER_GUARD,
      );
      array.set(values);
      keepUnchanged(array);
      return array;
    },
    output: float32,
    int8(length, fill) {
      const { buffer, byteOffset } = bytes(length);
      return take(new Int8Array(buffer, byteOffset, length + 2 * GUARD), fill);
    },
    uint8(length, fill) {
      const { buffer, byteOffset } = bytes(length);
      return take(new Uint8Array(buffer, byteOffset, length + 2 * GUARD), fill);
    },
    check() {
      for (const check of checks) check();
      for (const array of owned) kernels.release(array);
    },
  };
}
