// Exponential and logarithm from basic arithmetic, so that every engine gives the same bits.
import { multiplyAdd } from './vector';

/** Below this the exponential is 0: its result would leave the normal numbers. */
const LOWEST: f32 = -86;
const LOG2_E: f32 = 1.44269504088896341;
/** Adding 1.5 * 2^23 rounds to a whole number, which then lies in the low bits of the mantissa. */
const ROUNDER: f32 = 12582912;
/** ln 2 in two parts, the first exact in 10 bits, so that `x - n * LN2_HIGH` does not round. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/**
 * `e^x` in four lanes for `x` up to 88, relative error below 1.5e-7; 0 for `x < -86`, where the steps below may overflow.
 *
 * `x = n ln 2 + r`, `|r| <= ln 2 / 2`; the polynomial for `e^r` is that of Cephes' `expf`; `2^n` is added to the exponent.
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const isNormal = f32x4.ge(x, f32x4.splat(LOWEST));
  const shifted = multiplyAdd(x, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDER));
  let r = multiplyAdd(n, f32x4.splat(-LN2_HIGH), x);
  r = multiplyAdd(n, f32x4.splat(-LN2_LOW), r);
  let p = multiplyAdd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  return v128.and(isNormal, i32x4.add(p, i32x4.shl(shifted, 23)));
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
  return <f64>exponent * 0.6931471805599453 + 2 * s * series;
}
