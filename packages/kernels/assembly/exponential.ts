// Powers of two and the logarithm from basic arithmetic, so that every engine gives the same bits.
import { multiplyAdd } from './vector';

export const LN2: f64 = 0.6931471805599453;

/** Below this the power is 0: it would leave the normal numbers. */
const LOWEST: f32 = -125;
/** Adding 1.5 * 2^23 rounds to a whole number, which then lies in the low bits of the mantissa. */
const ROUNDER: f32 = 12582912;

/**
 * `2^x` in four lanes for `x` up to 127, relative error below 1.8e-7; 0 for `x < -125`, where the steps below may overflow.
 *
 * `x = n + r`, `|r| <= 1/2`; the polynomial for `2^r` is that of Cephes' `exp2f`; `n` is added to the exponent.
 * Base 2, because `n` then takes no multiplication: the logits are scaled by log2(e) once, on the host.
 */
// @ts-ignore: decorator
@inline
export function powerOfTwo(x: v128): v128 {
  const isNormal = f32x4.ge(x, f32x4.splat(LOWEST));
  const shifted = f32x4.add(x, f32x4.splat(ROUNDER));
  const r = f32x4.sub(x, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  let p = multiplyAdd(f32x4.splat(1.535336188319500e-4), r, f32x4.splat(1.339887440266574e-3));
  p = multiplyAdd(p, r, f32x4.splat(9.618437357674640e-3));
  p = multiplyAdd(p, r, f32x4.splat(5.550332471162809e-2));
  p = multiplyAdd(p, r, f32x4.splat(2.402264791363012e-1));
  p = multiplyAdd(p, r, f32x4.splat(6.931472028550421e-1));
  p = multiplyAdd(p, r, f32x4.splat(1));
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
  return <f64>exponent * LN2 + 2 * s * series;
}
