// AdamW, the norm of a gradient, and normalising rows.
import { integerAt, numberAt, partStart, pointerAt } from './arguments';
import { normalizeRow, sumOfSquares } from './vector';

let decay: f32 = 0;
let beta1: f32 = 0;
let oneLessBeta1: f32 = 0;
let beta2: f32 = 0;
let oneLessBeta2: f32 = 0;
let rootCorrection: f32 = 0;
let epsilon: f32 = 0;
let stepSize: f32 = 0;
let gradientScale: f32 = 0;

/**
 * AdamW on `bytes` of a table, in torch's order of operations: decay, moments, root of the second moment divided by the
 * root of its correction, plus epsilon. A multiplication and an addition are never fused, so that both builds agree.
 */
// @ts-ignore: decorator
@inline
function update(table: usize, first: usize, second: usize, gradient: usize, bytes: usize, hasGradient: bool): void {
  const vectorBytes = bytes & ~15;
  let at: usize = 0;
  for (; at < vectorBytes; at += 16) {
    const g = hasGradient ? f32x4.mul(v128.load(gradient + at), f32x4.splat(gradientScale)) : f32x4.splat(0);
    let m = v128.load(first + at);
    let v = f32x4.mul(v128.load(second + at), f32x4.splat(beta2));
    m = f32x4.add(m, f32x4.mul(f32x4.sub(g, m), f32x4.splat(oneLessBeta1)));
    if (hasGradient) v = f32x4.add(v, f32x4.mul(f32x4.mul(f32x4.splat(oneLessBeta2), g), g));
    const root = f32x4.add(f32x4.div(f32x4.sqrt(v), f32x4.splat(rootCorrection)), f32x4.splat(epsilon));
    const p = f32x4.mul(v128.load(table + at), f32x4.splat(decay));
    v128.store(first + at, m);
    v128.store(second + at, v);
    v128.store(table + at, f32x4.sub(p, f32x4.div(f32x4.mul(m, f32x4.splat(stepSize)), root)));
  }
  for (; at < bytes; at += 4) {
    const g: f32 = hasGradient ? load<f32>(gradient + at) * gradientScale : 0;
    let m = load<f32>(first + at);
    m += (g - m) * oneLessBeta1;
    const v = load<f32>(second + at) * beta2 + oneLessBeta2 * g * g;
    const root = Mathf.sqrt(v) / rootCorrection + epsilon;
    store<f32>(first + at, m);
    store<f32>(second + at, v);
    store<f32>(table + at, load<f32>(table + at) * decay - (m * stepSize) / root);
  }
}

/** The first of `count` ascending numbers that is at least `least`. */
function lowerBound(numbers: usize, count: i32, least: i32): i32 {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<i32>(numbers + (<usize>middle << 2)) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Slots: table, rows, columns, first moment, second moment, gradient rows, values and count, then the numbers
 * `1 - rate * decay`, beta1, `1 - beta1`, beta2, `1 - beta2`, the root of beta2's correction, epsilon,
 * rate / beta1's correction, the factor of the gradient.
 */
export function adamW(args: usize, thread: i32, threads: i32): void {
  const rows = integerAt(args, 1);
  const rowBytes = pointerAt(args, 2) << 2;
  const gradientRows = pointerAt(args, 5);
  const values = pointerAt(args, 6);
  const count = integerAt(args, 7);
  decay = <f32>numberAt(args, 8);
  beta1 = <f32>numberAt(args, 9);
  oneLessBeta1 = <f32>numberAt(args, 10);
  beta2 = <f32>numberAt(args, 11);
  oneLessBeta2 = <f32>numberAt(args, 12);
  rootCorrection = <f32>numberAt(args, 13);
  epsilon = <f32>numberAt(args, 14);
  stepSize = <f32>numberAt(args, 15);
  gradientScale = <f32>numberAt(args, 16);
  const begin = partStart(rows, thread, threads);
  const end = partStart(rows, thread + 1, threads);
  const offset = <usize>begin * rowBytes;
  let table = pointerAt(args, 0) + offset;
  let first = pointerAt(args, 3) + offset;
  let second = pointerAt(args, 4) + offset;
  let next = lowerBound(gradientRows, count, begin);
  for (let row = begin; row < end; row++) {
    if (next < count && load<i32>(gradientRows + (<usize>next << 2)) == row) {
      update(table, first, second, values + <usize>next * rowBytes, rowBytes, true);
      next++;
    } else {
      update(table, first, second, 0, rowBytes, false);
    }
    table += rowBytes;
    first += rowBytes;
    second += rowBytes;
  }
}

/** Slots: values, how many, chunk length, and per chunk its sum of squares in float64, to be written. */
export function squaredNorms(args: usize, thread: i32, threads: i32): void {
  const values = pointerAt(args, 0);
  const length = integerAt(args, 1);
  const chunk = integerAt(args, 2);
  const sums = pointerAt(args, 3);
  const chunks = (length + chunk - 1) / chunk;
  const end = partStart(chunks, thread + 1, threads);
  for (let i = partStart(chunks, thread, threads); i < end; i++) {
    const begin = i * chunk;
    store<f64>(sums + (<usize>i << 3), sumOfSquares(values + (<usize>begin << 2), min(chunk, length - begin)));
  }
}

/** Slots: matrix, rows, columns. */
export function normalizeRows(args: usize, thread: i32, threads: i32): void {
  const rows = integerAt(args, 1);
  const columns = integerAt(args, 2);
  const rowBytes = <usize>columns << 2;
  const end = partStart(rows, thread + 1, threads);
  for (let row = partStart(rows, thread, threads); row < end; row++) {
    normalizeRow(pointerAt(args, 0) + <usize>row * rowBytes, columns);
  }
}
