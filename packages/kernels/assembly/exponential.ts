// Powers of two and the logarithm from basic arithmetic, so that every engine gives the same bits.
import { multiplyAdd } from './vector';

export const LN2: f64 = 0.6931471805599453;

/**
 * `2^x` takes these, each in four lanes: from memory, because a constant in the text of a loop is made again at every step.
 *
 * `x = n + r`, `|r| <= 1/2`; adding 1.5 * 2^23 rounds `x` to `n`, which then lies in the low bits of the mantissa. The
 * polynomial for `2^r` has the smallest largest relative error of those of degree 5 with the constant 1. At -127 the result
 * is 0, its exponent and mantissa both.
 */
const POWER_CONSTANTS: usize = memory.data<f32>([
  -127, 12582912, 1.326472731307149e-3, 9.671512991189957e-3, 5.550733581185341e-2, 2.4022242426872253e-1,
  6.931470036506653e-1, 1,
]);

/** One of the constants of {@link powerOfTwo}: load them before the loop. */
// @ts-ignore: decorator
@inline
export function powerConstant(index: usize): v128 {
  return v128.load32_splat(POWER_CONSTANTS + (index << 2));
}

/**
 * `2^x` in four lanes for `x` up to 127, relative error below 1.8e-7; below 2^-125 no more than that it is at least 0 and
 * below 2^-124, and 0 for `x <= -127`. The other arguments are {@link powerConstant} 0 to 7.
 *
 * Base 2, because `n` then takes no multiplication: the logits are scaled by log2(e) once, on the host.
 */
// @ts-ignore: decorator
@inline
export function powerOfTwo(
  x: v128,
  lowest: v128,
  rounder: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  const normal = f32x4.pmax(lowest, x);
  const shifted = f32x4.add(normal, rounder);
  const r = f32x4.sub(normal, f32x4.sub(shifted, rounder));
  let p = multiplyAdd(c5, r, c4);
  p = multiplyAdd(p, r, c3);
  p = multiplyAdd(p, r, c2);
  p = multiplyAdd(p, r, c1);
  p = multiplyAdd(p, r, one);
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/**
 * The natural logarithm of a normal, positive number; relative error below 4e-16.
 *
 * `x = 2^k m`, `m` in [sqrt(1/2), sqrt(2)): `ln m = 2 artanh((m - 1) / (m + 1))`.
 */
export function logarithm(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let series: f64 = 0;
  for (let n = 23; n >= 1; n -= 2) series = series * z + 1 / <f64>n;
  return <f64>exponent * LN2 + 2 * s * series;
}
