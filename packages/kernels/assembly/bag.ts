// Mean of table rows by bag, and the gradient of the rows.
import { integerAt, partStart, pointerAt } from './arguments';
import { addSquares, divideByNorm, highHalf, lowHalf, multiplyAdd } from './vector';

/** Columns of a gradient slice: 8 vectors are the sums a row keeps in registers. */
const SLICE_COLUMNS: i32 = 32;

/** The sum of the vectors at four addresses. */
// @ts-ignore: decorator
@inline
function sumOfFour(a: usize, b: usize, c: usize, d: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(a), v128.load(b)), f32x4.add(v128.load(c), v128.load(d)));
}

/**
 * `out = (before + (a + b + c + d) + (e + f + g + h)) * mean` over `bytes`: `before` left out when `first`, `* mean` unless
 * `last`; `normalize` divides by the norm too. Its squares are added up while the sums wait for memory.
 */
// @ts-ignore: decorator
@inline
function addEight(
  first: bool, last: bool, normalize: bool, out: usize, bytes: usize, mean: f32,
  a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, g: usize, h: usize,
): void {
  const vectorBytes = bytes & ~15;
  const means = f32x4.splat(mean);
  let lowSquares = f64x2.splat(0);
  let highSquares = lowSquares;
  let at: usize = 0;
  for (; at < vectorBytes; at += 16) {
    let sum = sumOfFour(a + at, b + at, c + at, d + at);
    if (!first) sum = f32x4.add(v128.load(out + at), sum);
    sum = f32x4.add(sum, sumOfFour(e + at, f + at, g + at, h + at));
    if (last) sum = f32x4.mul(sum, means);
    if (normalize) {
      lowSquares = addSquares(lowSquares, lowHalf(sum));
      highSquares = addSquares(highSquares, highHalf(sum));
    }
    v128.store(out + at, sum);
  }
  const pair = f64x2.add(lowSquares, highSquares);
  let squares = f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
  for (; at < bytes; at += 4) {
    let sum = load<f32>(a + at) + load<f32>(b + at) + (load<f32>(c + at) + load<f32>(d + at));
    if (!first) sum = load<f32>(out + at) + sum;
    sum += load<f32>(e + at) + load<f32>(f + at) + (load<f32>(g + at) + load<f32>(h + at));
    if (last) sum *= mean;
    if (normalize) squares += <f64>sum * <f64>sum;
    store<f32>(out + at, sum);
  }
  if (normalize) divideByNorm(out, out + bytes, squares);
}

/** The address of the row of the id at `id`, or `zeros` where there is no such id. */
// @ts-ignore: decorator
@inline
function rowAt(table: usize, rowBytes: usize, id: usize, isThere: bool, zeros: usize): usize {
  return isThere ? table + <usize>load<u32>(id) * rowBytes : zeros;
}

/**
 * One bag, `bytes` of every row. Whole rows, eight at a time: each is one stream of consecutive lines for the prefetcher,
 * and the running sum (4 KiB at 1,024 columns) stays in the first cache. Missing rows of the last eight are `zeros`.
 */
function meanOfRows(
  table: usize, rowBytes: usize, bytes: usize, ids: usize, count: i32, zeros: usize, normalize: bool, out: usize,
): void {
  if (count == 0) {
    memory.fill(out, 0, bytes);
    return;
  }
  const mean = <f32>(1.0 / <f64>count);
  for (let i = 0; i < count; i += 8) {
    const id = ids + (<usize>i << 2);
    const a = rowAt(table, rowBytes, id, true, zeros);
    const b = rowAt(table, rowBytes, id + 4, i + 1 < count, zeros);
    const c = rowAt(table, rowBytes, id + 8, i + 2 < count, zeros);
    const d = rowAt(table, rowBytes, id + 12, i + 3 < count, zeros);
    const e = rowAt(table, rowBytes, id + 16, i + 4 < count, zeros);
    const f = rowAt(table, rowBytes, id + 20, i + 5 < count, zeros);
    const g = rowAt(table, rowBytes, id + 24, i + 6 < count, zeros);
    const h = rowAt(table, rowBytes, id + 28, i + 7 < count, zeros);
    if (i + 8 < count) {
      if (i == 0) addEight(true, false, false, out, bytes, mean, a, b, c, d, e, f, g, h);
      else addEight(false, false, false, out, bytes, mean, a, b, c, d, e, f, g, h);
    } else if (normalize) {
      if (i == 0) addEight(true, true, true, out, bytes, mean, a, b, c, d, e, f, g, h);
      else addEight(false, true, true, out, bytes, mean, a, b, c, d, e, f, g, h);
    } else {
      if (i == 0) addEight(true, true, false, out, bytes, mean, a, b, c, d, e, f, g, h);
      else addEight(false, true, false, out, bytes, mean, a, b, c, d, e, f, g, h);
    }
  }
}

/**
 * Threads take runs of bags as they come, so that one that begins late or has long texts holds up no other; what is
 * written does not depend on who writes it.
 *
 * Slots: table, columns, ids, offsets, a row of zeros, out, bags, bags in a run, the next bag to be taken (int32, 0 at
 * first), columns to average, and whether to normalise.
 */
export function bagForward(args: usize, thread: i32, threads: i32): void {
  const table = pointerAt(args, 0);
  const rowBytes = pointerAt(args, 1) << 2;
  const ids = pointerAt(args, 2);
  const offsets = pointerAt(args, 3);
  const zeros = pointerAt(args, 4);
  const out = pointerAt(args, 5);
  const bags = integerAt(args, 6);
  const run = integerAt(args, 7);
  const next = pointerAt(args, 8);
  const dimension = integerAt(args, 9);
  const normalize = integerAt(args, 10) != 0;
  const bytes = <usize>dimension << 2;
  for (;;) {
    let bag = atomic.add<i32>(next, run);
    if (bag >= bags) return;
    const end = min(bag + run, bags);
    for (; bag < end; bag++) {
      const offset = offsets + (<usize>bag << 2);
      const begin = load<i32>(offset);
      const count = load<i32>(offset, 4) - begin;
      const target = out + <usize>bag * bytes;
      meanOfRows(table, rowBytes, bytes, ids + (<usize>begin << 2), count, zeros, normalize, target);
    }
  }
}

/**
 * Counting sort of the tokens of all bags by id; stable, so that a row's occurrences come in the order of the bags.
 *
 * Slots: ids, offsets, bags, number of possible ids, counts (int32, one an id, zero), and to be written: distinct rows,
 * where each one's occurrences begin (one more than rows), per occurrence its bag and its weight `1 / tokens of the bag`,
 * and the number of distinct rows. Runs on one thread: some 1 ns a token.
 */
export function bagSort(args: usize, thread: i32, threads: i32): void {
  const ids = pointerAt(args, 0);
  const offsets = pointerAt(args, 1);
  const bags = integerAt(args, 2);
  const possible = integerAt(args, 3);
  const counts = pointerAt(args, 4);
  const rows = pointerAt(args, 5);
  const starts = pointerAt(args, 6);
  const occurrenceBags = pointerAt(args, 7);
  const occurrenceWeights = pointerAt(args, 8);
  const first = load<i32>(offsets);
  const last = load<i32>(offsets + (<usize>bags << 2));
  for (let i = first; i < last; i++) {
    const count = counts + (<usize>load<u32>(ids + (<usize>i << 2)) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
  let distinct: usize = 0;
  let sum = 0;
  for (let id = 0; id < possible; id++) {
    const count = load<i32>(counts + (<usize>id << 2));
    if (count == 0) continue;
    store<i32>(rows + (distinct << 2), id);
    store<i32>(starts + (distinct << 2), sum);
    store<i32>(counts + (<usize>id << 2), sum);
    sum += count;
    distinct++;
  }
  store<i32>(starts + (distinct << 2), sum);
  for (let bag = 0; bag < bags; bag++) {
    const offset = offsets + (<usize>bag << 2);
    const end = load<i32>(offset, 4);
    const weight = <f32>(1.0 / <f64>(end - load<i32>(offset)));
    for (let i = load<i32>(offset); i < end; i++) {
      const next = counts + (<usize>load<u32>(ids + (<usize>i << 2)) << 2);
      const at = load<i32>(next);
      store<i32>(next, at + 1);
      store<i32>(occurrenceBags + (<usize>at << 2), bag);
      store<f32>(occurrenceWeights + (<usize>at << 2), weight);
    }
  }
  store<i32>(pointerAt(args, 9), <i32>distinct);
}

/** Copies one slice of columns of every bag's gradient next to each other, padded with zeros to a full slice. */
function packSlice(gradient: usize, bags: i32, columns: i32, column: i32, target: usize): void {
  const width = <usize>min(SLICE_COLUMNS, columns - column) << 2;
  let source = gradient + (<usize>column << 2);
  for (let bag = 0; bag < bags; bag++) {
    if (width < 128) memory.fill(target, 0, 128);
    memory.copy(target, source, width);
    source += <usize>columns << 2;
    target += 128;
  }
}

/** The weighted sum of one row's occurrences in a packed slice, at `target`. */
function sumOccurrences(slice: usize, bags: usize, weights: usize, count: i32, target: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  const end = bags + (<usize>count << 2);
  while (bags < end) {
    const x = v128.load32_splat(weights);
    const source = slice + (<usize>load<u32>(bags) << 7);
    s0 = multiplyAdd(x, v128.load(source), s0);
    s1 = multiplyAdd(x, v128.load(source, 16), s1);
    s2 = multiplyAdd(x, v128.load(source, 32), s2);
    s3 = multiplyAdd(x, v128.load(source, 48), s3);
    s4 = multiplyAdd(x, v128.load(source, 64), s4);
    s5 = multiplyAdd(x, v128.load(source, 80), s5);
    s6 = multiplyAdd(x, v128.load(source, 96), s6);
    s7 = multiplyAdd(x, v128.load(source, 112), s7);
    bags += 4;
    weights += 4;
  }
  v128.store(target, s0);
  v128.store(target, s1, 16);
  v128.store(target, s2, 32);
  v128.store(target, s3, 48);
  v128.store(target, s4, 64);
  v128.store(target, s5, 80);
  v128.store(target, s6, 96);
  v128.store(target, s7, 112);
}

/**
 * The gradient of the distinct rows. A slice of 32 columns of all bags is copied together first (2,048 bags: 256 KiB) and
 * stays in the second cache while every row gathers from it; rows of 4 KiB where they lie would share few of its sets.
 *
 * Slots: gradient, bags, columns, distinct rows, starts, occurrence bags, occurrence weights, values, the scratch of the
 * threads, its stride, how many parts the rows are cut into, and the first row of every such part. Threads take a part
 * of the rows and, beside it, a part of the slices.
 */
export function bagBackward(args: usize, thread: i32, threads: i32): void {
  const gradient = pointerAt(args, 0);
  const bags = integerAt(args, 1);
  const columns = integerAt(args, 2);
  const starts = pointerAt(args, 4);
  const occurrenceBags = pointerAt(args, 5);
  const occurrenceWeights = pointerAt(args, 6);
  const values = pointerAt(args, 7);
  const slice = pointerAt(args, 8) + <usize>thread * pointerAt(args, 9);
  const spare = slice + (<usize>bags << 7);
  const rowParts = integerAt(args, 10);
  const firstRows = pointerAt(args, 11) + (<usize>(thread % rowParts) << 2);
  const sliceParts = threads / rowParts;
  const slicePart = thread / rowParts;
  if (slicePart >= sliceParts) return;
  const slices = (columns + SLICE_COLUMNS - 1) / SLICE_COLUMNS;
  const endSlice = partStart(slices, slicePart + 1, sliceParts);
  const endRow = load<i32>(firstRows, 4);
  for (let s = partStart(slices, slicePart, sliceParts); s < endSlice; s++) {
    const column = s * SLICE_COLUMNS;
    const width = min(SLICE_COLUMNS, columns - column);
    packSlice(gradient, bags, columns, column, slice);
    for (let row = load<i32>(firstRows); row < endRow; row++) {
      const start = starts + (<usize>row << 2);
      const from = <usize>load<u32>(start);
      const count = load<i32>(start, 4) - <i32>from;
      const target = values + ((<usize>row * <usize>columns + <usize>column) << 2);
      const into = width == SLICE_COLUMNS ? target : spare;
      sumOccurrences(slice, occurrenceBags + (from << 2), occurrenceWeights + (from << 2), count, into);
      if (into != target) memory.copy(target, spare, <usize>width << 2);
    }
  }
}
