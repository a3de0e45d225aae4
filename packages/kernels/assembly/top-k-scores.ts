// Exact search, 1 of 2: scores. Each (query, document) score is one chain of multiply-adds in the order of the columns,
// whatever tile it falls into, so that equal documents get equal bits. Which of the two kernels runs depends on the number
// of queries alone.
import { integerAt, partStart, pointerAt } from './arguments';
import { multiplyAdd, sumLanes, sumOfSquares } from './vector';

/**
 * Lays queries out side by side, `[panels][depth][lanes]`, normalised for cosine; lanes beyond the last query are 0.
 *
 * Slots: queries, how many, their columns, depth, whether cosine, lanes a panel, the panels to be written.
 */
export function topKPack(args: usize, thread: i32, threads: i32): void {
  const queries = pointerAt(args, 0);
  const count = integerAt(args, 1);
  const rowBytes = pointerAt(args, 2) << 2;
  const depth = integerAt(args, 3);
  const cosine = integerAt(args, 4) != 0;
  const lanes = integerAt(args, 5);
  const panels = (count + lanes - 1) / lanes;
  const end = partStart(panels, thread + 1, threads) * lanes;
  const step = <usize>lanes << 2;
  for (let query = partStart(panels, thread, threads) * lanes; query < end; query++) {
    const source = queries + <usize>query * rowBytes;
    const factor: f32 = query >= count ? 0 : cosine ? inverseNorm(source, depth) : 1;
    const panel = pointerAt(args, 6) + <usize>(query / lanes) * (<usize>depth * step);
    let target = panel + (<usize>(query % lanes) << 2);
    for (let k = 0; k < depth; k++) {
      store<f32>(target, query < count ? load<f32>(source + (<usize>k << 2)) * factor : 0);
      target += step;
    }
  }
}

/** Adds to the scores `[4][8]` at `tile` the products of 4 documents with 8 queries over `depth` columns. */
export function multiplyDocuments(a: usize, b: usize, c: usize, d: usize, panel: usize, depth: i32, tile: usize): void {
  let s00 = v128.load(tile);
  let s01 = v128.load(tile, 16);
  let s10 = v128.load(tile, 32);
  let s11 = v128.load(tile, 48);
  let s20 = v128.load(tile, 64);
  let s21 = v128.load(tile, 80);
  let s30 = v128.load(tile, 96);
  let s31 = v128.load(tile, 112);
  const end = panel + (<usize>depth << 5);
  for (let at: usize = 0; panel < end; at += 4, panel += 32) {
    const left = v128.load(panel);
    const right = v128.load(panel, 16);
    let x = v128.load32_splat(a + at);
    s00 = multiplyAdd(x, left, s00);
    s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(b + at);
    s10 = multiplyAdd(x, left, s10);
    s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(c + at);
    s20 = multiplyAdd(x, left, s20);
    s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(d + at);
    s30 = multiplyAdd(x, left, s30);
    s31 = multiplyAdd(x, right, s31);
  }
  v128.store(tile, s00);
  v128.store(tile, s01, 16);
  v128.store(tile, s10, 32);
  v128.store(tile, s11, 48);
  v128.store(tile, s20, 64);
  v128.store(tile, s21, 80);
  v128.store(tile, s30, 96);
  v128.store(tile, s31, 112);
}

/** The product of one document with one query: for a few queries, where lanes side by side would stay empty. */
export function multiplyPair(document: usize, query: usize, depth: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at: usize = 0;
  const bytes = <usize>depth << 2;
  for (; at + 64 <= bytes; at += 64) {
    s0 = multiplyAdd(v128.load(document + at), v128.load(query + at), s0);
    s1 = multiplyAdd(v128.load(document + at, 16), v128.load(query + at, 16), s1);
    s2 = multiplyAdd(v128.load(document + at, 32), v128.load(query + at, 32), s2);
    s3 = multiplyAdd(v128.load(document + at, 48), v128.load(query + at, 48), s3);
  }
  for (; at + 16 <= bytes; at += 16) s0 = multiplyAdd(v128.load(document + at), v128.load(query + at), s0);
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; at < bytes; at += 4) sum += load<f32>(document + at) * load<f32>(query + at);
  return sum;
}

/** Between these a sum of squares in float32 has neither overflowed nor lost anything to underflow. */
const LEAST_SQUARES: f32 = 1e-20;
const MOST_SQUARES: f32 = 1e30;

/** 1 / norm, or 0 where the norm is at most 1e-12. Float32 where that is exact enough: with few queries this is half the work. */
export function inverseNorm(data: usize, count: i32): f32 {
  const squares = multiplyPair(data, data, count);
  if (squares > LEAST_SQUARES && squares < MOST_SQUARES) return 1 / Mathf.sqrt(squares);
  const norm = Math.sqrt(sumOfSquares(data, count));
  return norm > 1e-12 ? <f32>(1 / norm) : 0;
}
