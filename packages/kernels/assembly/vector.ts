// What the kernels need beyond the bare instructions of 128-bit SIMD.

/** A row with a norm of at most this has no direction: a text without tokens. Its cosines and its gradient are 0. */
export const SMALLEST_NORM: f64 = 1e-12;

/** `a * b + c`: one rounding where relaxed SIMD is compiled in and the processor has FMA, else two. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of the four lanes, pairs first. */
// @ts-ignore: decorator
@inline
export function sumLanes(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
}

/** The largest of the four lanes. */
// @ts-ignore: decorator
@inline
export function maxLanes(a: v128): f32 {
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** Adds 8 values, of which the first `width` count, to `target`; `spare` is 32 bytes that may be overwritten. */
// @ts-ignore: decorator
@inline
export function addOctet(target: usize, width: i32, left: v128, right: v128, spare: usize): void {
  if (width == 8) {
    v128.store(target, f32x4.add(v128.load(target), left));
    v128.store(target, f32x4.add(v128.load(target, 16), right), 16);
    return;
  }
  v128.store(spare, left);
  v128.store(spare, right, 16);
  for (let at: usize = 0; at < <usize>width << 2; at += 4) {
    store<f32>(target + at, load<f32>(target + at) + load<f32>(spare + at));
  }
}

/** The first two of four float32, as float64. */
// @ts-ignore: decorator
@inline
export function lowHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** The last two of four float32, as float64. */
// @ts-ignore: decorator
@inline
export function highHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}

/** `sums + x * x` of two float64. */
// @ts-ignore: decorator
@inline
export function addSquares(sums: v128, x: v128): v128 {
  return f64x2.add(sums, f64x2.mul(x, x));
}

/** The sum of squares of `count` float32 at `data`, in float64: exact enough for any length and any scale. */
export function sumOfSquares(data: usize, count: i32): f64 {
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  const vectorEnd = data + ((<usize>count & ~3) << 2);
  const end = data + (<usize>count << 2);
  while (data < vectorEnd) {
    const x = v128.load(data);
    first = addSquares(first, lowHalf(x));
    second = addSquares(second, highHalf(x));
    data += 16;
  }
  first = f64x2.add(first, second);
  let sum = f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1);
  while (data < end) {
    const x = <f64>load<f32>(data);
    sum += x * x;
    data += 4;
  }
  return sum;
}

/** Divides the float32 from `row` to `end` by their norm, the root of `squares`; where that is at most 1e-12, they become zero. */
export function divideByNorm(row: usize, end: usize, squares: f64): void {
  const norm = Math.sqrt(squares);
  const inverse: f32 = norm > 1e-12 ? <f32>(1 / norm) : 0;
  const factors = f32x4.splat(inverse);
  for (; row + 16 <= end; row += 16) v128.store(row, f32x4.mul(v128.load(row), factors));
  for (; row < end; row += 4) store<f32>(row, load<f32>(row) * inverse);
}

/** Divides `columns` values at `row` by their norm; where that is at most 1e-12, they become zero. */
export function normalizeRow(row: usize, columns: i32): void {
  divideByNorm(row, row + (<usize>columns << 2), sumOfSquares(row, columns));
}
