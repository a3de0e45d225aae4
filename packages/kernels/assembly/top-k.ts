// Exact search, 2 of 2: selection. Every thread scans its own stretch of documents, ascending, and keeps the best `k` of
// each query in a heap whose root is the worst; `topKMerge` joins the threads' lists. A later document must be better, not
// equal, to displace an earlier one, and on equal scores the list of lower documents goes first: ties fall by index.
import { integerAt, partStart, pointerAt } from './arguments';
import { inverseNorm, multiplyDocuments, multiplyPair } from './top-k-scores';

/** Documents that are scored against all queries before the next ones are read: 256 KiB at 1,024 columns. */
const BLOCK: i32 = 64;
/** Columns at a time: 8 KiB of a query panel stay in the first cache. */
const DEPTH: i32 = 256;

let k: i32 = 0;
let queries: i32 = 0;
let counts: usize = 0;
let thresholds: usize = 0;
let heapScores: usize = 0;
let heapIndices: usize = 0;

/** Whether entry `i` of a heap is a worse hit than entry `j`: lower score, or as good and a later document. */
// @ts-ignore: decorator
@inline
function isWorse(scores: usize, indices: usize, i: i32, j: i32): bool {
  const a = load<f32>(scores + (<usize>i << 2));
  const b = load<f32>(scores + (<usize>j << 2));
  return a < b || (a == b && load<i32>(indices + (<usize>i << 2)) > load<i32>(indices + (<usize>j << 2)));
}

// @ts-ignore: decorator
@inline
function swap(scores: usize, indices: usize, i: i32, j: i32): void {
  const score = load<f32>(scores + (<usize>i << 2));
  const index = load<i32>(indices + (<usize>i << 2));
  store<f32>(scores + (<usize>i << 2), load<f32>(scores + (<usize>j << 2)));
  store<i32>(indices + (<usize>i << 2), load<i32>(indices + (<usize>j << 2)));
  store<f32>(scores + (<usize>j << 2), score);
  store<i32>(indices + (<usize>j << 2), index);
}

function siftDown(scores: usize, indices: usize, count: i32): void {
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= count) return;
    if (child + 1 < count && isWorse(scores, indices, child + 1, child)) child++;
    if (!isWorse(scores, indices, child, i)) return;
    swap(scores, indices, i, child);
    i = child;
  }
}

function siftUp(scores: usize, indices: usize, i: i32): void {
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isWorse(scores, indices, i, parent)) return;
    swap(scores, indices, i, parent);
    i = parent;
  }
}

/** Offers a document to a query. A score that is not a number ranks last. */
function offer(query: i32, document: i32, value: f32): void {
  const score: f32 = value == value ? value : -f32.MAX_VALUE * 2;
  const scores = heapScores + (<usize>query * <usize>k << 2);
  const indices = heapIndices + (<usize>query * <usize>k << 2);
  const countAt = counts + (<usize>query << 2);
  const count = load<i32>(countAt);
  if (count < k) {
    store<f32>(scores + (<usize>count << 2), score);
    store<i32>(indices + (<usize>count << 2), document);
    siftUp(scores, indices, count);
    store<i32>(countAt, count + 1);
    if (count + 1 < k) return;
  } else {
    if (!(score > load<f32>(scores))) return;
    store<f32>(scores, score);
    store<i32>(indices, document);
    siftDown(scores, indices, k);
  }
  store<f32>(thresholds + (<usize>query << 2), load<f32>(scores));
}

/** Offers the scores `[4][8]` at `tile`; a threshold that is not a number lets everything pass, as while a heap fills. */
function offerTile(tile: usize, norms: usize, firstQuery: i32, document: i32, count: i32): void {
  const limits = thresholds + (<usize>firstQuery << 2);
  for (let r = 0; r < count; r++) {
    const at = tile + (<usize>r << 5);
    const norm = v128.load32_splat(norms + (<usize>r << 2));
    const left = f32x4.mul(v128.load(at), norm);
    const right = f32x4.mul(v128.load(at, 16), norm);
    const leftMask = i32x4.bitmask(v128.not(f32x4.le(left, v128.load(limits))));
    let mask = leftMask | (i32x4.bitmask(v128.not(f32x4.le(right, v128.load(limits, 16)))) << 4);
    if (mask == 0) continue;
    v128.store(at, left);
    v128.store(at, right, 16);
    while (mask != 0) {
      const lane = ctz(mask);
      mask &= mask - 1;
      if (firstQuery + lane < queries) offer(firstQuery + lane, document + r, load<f32>(at + (<usize>lane << 2)));
    }
  }
}

/** Best first, in place: takes the worst to the end, again and again. */
function sortHeaps(): void {
  for (let query = 0; query < queries; query++) {
    const scores = heapScores + (<usize>query * <usize>k << 2);
    const indices = heapIndices + (<usize>query * <usize>k << 2);
    for (let count = load<i32>(counts + (<usize>query << 2)) - 1; count > 0; count--) {
      swap(scores, indices, 0, count);
      siftDown(scores, indices, count);
    }
  }
}

function scorePairs(
  documents: usize, rowBytes: usize, first: i32, count: i32, panels: usize, depth: i32, norms: usize, base: i32,
): void {
  for (let r = 0; r < count; r++) {
    const document = documents + <usize>(first + r) * rowBytes;
    const norm = load<f32>(norms + (<usize>r << 2));
    for (let query = 0; query < queries; query++) {
      const score = multiplyPair(document, panels + (<usize>query * <usize>depth << 2), depth) * norm;
      if (!(score <= load<f32>(thresholds + (<usize>query << 2)))) offer(query, base + first + r, score);
    }
  }
}

function scoreTiles(
  documents: usize, rowBytes: usize, first: i32, count: i32, panels: usize, depth: i32, norms: usize, base: i32,
): void {
  const tiles = norms + (<usize>BLOCK << 2);
  const last = documents + <usize>(first + count - 1) * rowBytes;
  for (let query = 0; query < queries; query += 8) {
    const panel = panels + (<usize>query * <usize>depth << 2);
    memory.fill(tiles, 0, <usize>BLOCK << 5);
    for (let from = 0; from < depth; from += DEPTH) {
      const part = min(DEPTH, depth - from);
      const offset = <usize>from << 2;
      for (let r = 0; r < count; r += 4) {
        const a = documents + <usize>(first + r) * rowBytes;
        const b = min(a + rowBytes, last) + offset;
        const c = min(a + 2 * rowBytes, last) + offset;
        const d = min(a + 3 * rowBytes, last) + offset;
        multiplyDocuments(a + offset, b, c, d, panel + (<usize>from << 5), part, tiles + (<usize>r << 5));
      }
    }
    for (let r = 0; r < count; r += 4) {
      const tile = tiles + (<usize>r << 5);
      offerTile(tile, norms + (<usize>r << 2), query, base + first + r, min(4, count - r));
    }
  }
}

/**
 * Slots: documents, how many, their columns, depth, whether cosine, lanes a query panel (1 or 8), panels, queries, k, the
 * scratch of the threads, its stride, and the number of the first document. A thread's scratch: thresholds (float32, a
 * multiple of 8 queries), counts (int32, likewise), norms and tiles of a block, heap scores and heap indices `[queries][k]`.
 */
export function topKScan(args: usize, thread: i32, threads: i32): void {
  const documents = pointerAt(args, 0);
  const count = integerAt(args, 1);
  const rowBytes = pointerAt(args, 2) << 2;
  const depth = integerAt(args, 3);
  const cosine = integerAt(args, 4) != 0;
  const lanes = integerAt(args, 5);
  const panels = pointerAt(args, 6);
  queries = integerAt(args, 7);
  k = integerAt(args, 8);
  thresholds = pointerAt(args, 9) + <usize>thread * pointerAt(args, 10);
  const base = integerAt(args, 11);
  const queryBytes = <usize>((queries + 7) & ~7) << 2;
  counts = thresholds + queryBytes;
  const norms = counts + queryBytes;
  heapScores = norms + (<usize>BLOCK << 2) + (<usize>BLOCK << 5);
  heapIndices = heapScores + (<usize>queries * <usize>k << 2);
  if (integerAt(args, 12) != 0) {
    for (let at: usize = 0; at < queryBytes; at += 4) store<f32>(thresholds + at, NaN);
    memory.fill(counts, 0, queryBytes);
  }
  const end = partStart(count, thread + 1, threads);
  for (let first = partStart(count, thread, threads); first < end; first += BLOCK) {
    const part = min(BLOCK, end - first);
    for (let r = 0; r < part; r++) {
      const norm: f32 = cosine ? inverseNorm(documents + <usize>(first + r) * rowBytes, depth) : 1;
      store<f32>(norms + (<usize>r << 2), norm);
    }
    if (lanes == 1) scorePairs(documents, rowBytes, first, part, panels, depth, norms, base);
    else scoreTiles(documents, rowBytes, first, part, panels, depth, norms, base);
  }
  sortHeaps();
}

/**
 * Slots: queries, k, k of the result, scratch of the threads and its stride as above, result indices, result scores,
 * and one int32 a thread for each thread, `[threads][threads]`.
 */
export function topKMerge(args: usize, thread: i32, threads: i32): void {
  const count = integerAt(args, 0);
  const entries = integerAt(args, 1);
  const scratch = pointerAt(args, 2);
  const stride = pointerAt(args, 3);
  const cursors = pointerAt(args, 6) + (<usize>(thread * threads) << 2);
  const queryBytes = <usize>((count + 7) & ~7) << 2;
  const heaps = 2 * queryBytes + (<usize>BLOCK << 2) + (<usize>BLOCK << 5);
  const end = partStart(count, thread + 1, threads);
  for (let query = partStart(count, thread, threads); query < end; query++) {
    memory.fill(cursors, 0, <usize>threads << 2);
    const row = <usize>query * <usize>entries << 2;
    for (let i: usize = 0; i < <usize>entries << 2; i += 4) {
      let best = -1;
      let bestScore: f32 = 0;
      for (let part = 0; part < threads; part++) {
        const own = scratch + <usize>part * stride;
        const cursor = load<i32>(cursors + (<usize>part << 2));
        if (cursor >= load<i32>(own + queryBytes + (<usize>query << 2))) continue;
        const score = load<f32>(own + heaps + row + (<usize>cursor << 2));
        if (best < 0 || score > bestScore) {
          best = part;
          bestScore = score;
        }
      }
      const at = cursors + (<usize>best << 2);
      const from = scratch + <usize>best * stride + heaps + row + (<usize>load<i32>(at) << 2);
      store<f32>(pointerAt(args, 5) + row + i, bestScore);
      store<i32>(pointerAt(args, 4) + row + i, load<i32>(from + (<usize>count * <usize>entries << 2)));
      store<i32>(at, load<i32>(at) + 1);
    }
  }
}
