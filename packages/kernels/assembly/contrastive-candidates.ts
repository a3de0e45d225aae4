// The fused contrastive kernel, 4 of 4: the gradient of the candidates.
import { partStart } from './arguments';
import {
  blocks, byDims, candidateColumn, candidateColumns, candidateNumber, candidateSums, columns, dimension, dimsStride,
  embeddings, endColumn, endOctet, firstColumn, firstOctet, firstRow, gradientOf, inverseNorms, octetColumn,
  octetWidth, paddedRows, partialSums, planeOctetStride, planeOf, planesStride, queryColumn, readProblem, rows,
  rowsPerThread, spareTile, terms,
} from './contrastive-problem';
import { multiplyTransposed } from './multiply';
import { multiplyAdd } from './vector';

/** Octets of dims that go over the candidates together: 4 * 128 rows * 32 bytes are half of the first cache. */
const DIMS_AT_A_TIME: i32 = 4;

/** One tile of 4 candidates and 8 dims at the ragged edge: by way of a copy, so that nothing beyond the edge is touched. */
function multiplyEdge(
  thread: i32, weights: usize, parts: i32, panel: usize, panelEnd: usize, target: usize, width: i32, height: i32,
): void {
  const tile = spareTile(thread);
  const rowBytes = <usize>dimension << 2;
  memory.fill(tile, 0, 128);
  for (let r = 0; r < height; r++) {
    memory.copy(tile + (<usize>r << 5), target + <usize>r * rowBytes, <usize>width << 2);
  }
  multiplyTransposed(weights, planesStride, parts, rowsPerThread, panel, panelEnd, tile, 32);
  for (let r = 0; r < height; r++) {
    memory.copy(target + <usize>r * rowBytes, tile + (<usize>r << 5), <usize>width << 2);
  }
}

/** Adds the products of all rows at hand with the candidates of octets `[begin, end)` at one term of one block. */
function multiplyCandidates(thread: i32, block: i32, term: i32, parts: i32, begin: i32, end: i32): void {
  const gradient = gradientOf(candidateColumn(block));
  const query = byDims(queryColumn(block));
  const weights = planeOf(0, block, term);
  const lastDims = endOctet(term);
  const stop = min(firstRow + parts * rowsPerThread, paddedRows);
  const rowBytes = <usize>dimension << 2;
  for (let first = firstOctet(term); first < lastDims; first += DIMS_AT_A_TIME) {
    const last = min(first + DIMS_AT_A_TIME, lastDims);
    for (let quad = begin << 1; quad < end << 1; quad++) {
      const candidate = quad << 2;
      const height = min(4, rows - candidate);
      if (height <= 0) continue;
      const from = weights + <usize>(quad >> 1) * planeOctetStride + (<usize>(quad & 1) << 4);
      for (let dims = first; dims < last; dims++) {
        const panel = query + <usize>dims * dimsStride;
        const panelStart = panel + (<usize>firstRow << 5);
        const panelEnd = panel + (<usize>stop << 5);
        const target = gradient + <usize>candidate * rowBytes + (<usize>octetColumn(dims) << 2);
        const width = octetWidth(dims);
        if (width == 8 && height == 4) {
          multiplyTransposed(from, planesStride, parts, rowsPerThread, panelStart, panelEnd, target, rowBytes);
        } else {
          multiplyEdge(thread, from, parts, panelStart, panelEnd, target, width, height);
        }
      }
    }
  }
}

/** Adds every thread's sums of weight * cosine, in the order of the rows. */
function addPartialSums(column: i32, parts: i32, begin: i32, end: i32): void {
  for (let term = 0; term < terms; term++) {
    const offset = <usize>(term * paddedRows) << 2;
    const sums = candidateSums(column) + offset;
    const partial = <usize>(candidateNumber(column) * terms * paddedRows) << 2;
    for (let at = <usize>begin << 5; at < <usize>end << 5; at += 16) {
      let sum = v128.load(sums + at);
      for (let part = 0; part < parts; part++) {
        sum = f32x4.add(sum, v128.load(partialSums(part) + partial + offset + at));
      }
      v128.store(sums + at, sum);
    }
  }
}

/** This thread's candidates against all rows of the stretch that begins at `firstRow`. */
export function contrastiveCandidates(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const octets = paddedRows >> 3;
  const begin = partStart(octets, thread, threads);
  const end = partStart(octets, thread + 1, threads);
  const remaining = paddedRows - firstRow;
  const parts = min(threads, (remaining + rowsPerThread - 1) / rowsPerThread);
  for (let block = 0; block < blocks; block++) {
    for (let term = 0; term < terms; term++) multiplyCandidates(thread, block, term, parts, begin, end);
  }
  for (let column = 0; column < columns; column++) {
    if (candidateNumber(column) >= 0) addPartialSums(column, parts, begin, end);
  }
}

/** Takes from each candidate's gradient the part along the candidate itself. */
export function contrastiveFinish(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const begin = partStart(rows, thread, threads);
  const end = partStart(rows, thread + 1, threads);
  for (let column = 0; column < columns; column++) {
    if (candidateNumber(column) < 0) continue;
    for (let row = begin; row < end; row++) {
      let radial: f32 = 0;
      for (let term = terms - 1; term >= 0; term--) {
        const at = <usize>(term * paddedRows + row) << 2;
        const norm = load<f32>(inverseNorms(column) + at);
        radial += load<f32>(candidateSums(column) + at) * norm * norm;
        const offset = <usize>row * <usize>dimension;
        let target = gradientOf(column) + ((offset + <usize>firstColumn(term)) << 2);
        let own = embeddings(column) + ((offset + <usize>firstColumn(term)) << 2);
        const stop = gradientOf(column) + ((offset + <usize>endColumn(term)) << 2);
        const factor = f32x4.splat(-radial);
        for (; target + 16 <= stop; target += 16, own += 16) {
          v128.store(target, multiplyAdd(factor, v128.load(own), v128.load(target)));
        }
        for (; target < stop; target += 4, own += 4) store<f32>(target, load<f32>(target) - radial * load<f32>(own));
      }
    }
  }
}
