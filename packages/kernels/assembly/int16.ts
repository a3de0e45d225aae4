// Float32 to 16-bit integers, and how these lie in words.
//
// Why no sum overflows: an entry of a row is at most `LARGEST_ENTRY`, the absolute weights of a row or of a candidate add up to
// at most `LARGEST_TOTAL`, and at most 1,024 of them are added in one call, whose rounding adds half a unit each.

import { addOctet, multiplyAdd } from './vector';

/** 2^13 - 1: at 1,024 dims an entry this large stands 5.7 times the root mean square above zero. */
export const LARGEST_ENTRY: f64 = 8191;
export const LARGEST_WEIGHT: f32 = 32767;
/** `(LARGEST_TOTAL + 512) * LARGEST_ENTRY < 2^31`. */
export const LARGEST_TOTAL: f32 = 260000;

/** 1.5 * 2^23: added to a float32 of up to 2^22, it rounds it to an integer, which then lies in the low bits. */
const ROUNDER: f32 = 12582912;

/** `round(values * scales)`, to even where between two, in the low 16 bits of every lane; the high ones hold anything. */
// @ts-ignore: decorator
@inline
export function toInt16(values: v128, scales: v128): v128 {
  return f32x4.add(f32x4.mul(values, scales), f32x4.splat(ROUNDER));
}

/** The low halves of the lanes of `left`, then those of `right`. */
// @ts-ignore: decorator
@inline
export function packInt16(left: v128, right: v128): v128 {
  return v128.shuffle<i16>(left, right, 0, 2, 4, 6, 8, 10, 12, 14);
}

/** Words of which `low` has the low half and `high` the high one, lane by lane. */
// @ts-ignore: decorator
@inline
export function pairInt16(low: v128, high: v128): v128 {
  return v128.or(v128.and(low, i32x4.splat(0xffff)), i32x4.shl(high, 16));
}

/**
 * Adds `(sums - radial * own) * scale`, of which the first `width` of 8 values count, to `target`; `own` are 8 integers. `sums`
 * is overwritten.
 */
// @ts-ignore: decorator
@inline
export function addInt16Gradient(target: usize, width: i32, own: usize, radial: f32, scale: f32, sums: usize): void {
  const factor = f32x4.splat(-radial);
  const scales = f32x4.splat(scale);
  const ownLeft = f32x4.convert_i32x4_s(v128.load16x4_s(own));
  const ownRight = f32x4.convert_i32x4_s(v128.load16x4_s(own, 8));
  const left = f32x4.mul(multiplyAdd(factor, ownLeft, v128.load(sums)), scales);
  const right = f32x4.mul(multiplyAdd(factor, ownRight, v128.load(sums, 16)), scales);
  addOctet(target, width, left, right, sums);
}
