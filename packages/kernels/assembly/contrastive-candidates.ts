// The fused contrastive kernel, 9 of 9: the gradient of the candidates.
import { partStart } from './arguments';
import {
  blocks, byDims, byPairs, candidateColumn, candidateNumber, candidateSums, columns, dimension, dimsStride,
  endOctet, firstOctet, firstRow, gradientOf, int16, inverseNorms, octetColumn, octetWidth, paddedRows, partialSums,
  planeOctetStride, planeOf, planesStride, queryColumn, readProblem, rowScales, rows, rowsPerThread, sumsStride,
  terms, weightedSums,
} from './contrastive-problem';
import { candidateUnits } from './contrastive-int16-weights';
import { addInt16Gradient } from './int16';
import { multiplyTransposed } from './multiply';
import { multiplyTransposedInt16 } from './multiply-int16';
import { addOctet, multiplyAdd } from './vector';

/** Rows that are multiplied at a time: long enough a chain that loading and storing its tile does not count. */
const ROWS_AT_A_TIME: i32 = 256;
/** Octets of dims of so many rows go over the candidates together: 16 KiB, half of the first cache. */
const PANEL_ROWS: i32 = 512;

/** Octets of candidates whose weights, 8 KiB an octet, stay in the second cache while the dims go over them. */
const OCTETS_AT_A_TIME: i32 = 64;

/** Adds the products of the rows of `parts` threads from `part` with the candidates of octets `[begin, end)` at one term. */
function multiplyCandidates(block: i32, term: i32, part: i32, parts: i32, begin: i32, end: i32): void {
  const row = firstRow + part * rowsPerThread;
  const count = min(parts * rowsPerThread, paddedRows - row);
  const query = byDims(queryColumn(block)) + (<usize>row << 5);
  const sums = weightedSums(candidateColumn(block));
  const weights = planeOf(part, block, term);
  const lastDims = endOctet(term);
  const rowsBytes = <usize>count << 5;
  const dimsAtATime = max(1, PANEL_ROWS / count);
  for (let first = firstOctet(term); first < lastDims; first += dimsAtATime) {
    const last = min(first + dimsAtATime, lastDims);
    for (let quad = begin << 1; quad < end << 1; quad++) {
      const from = weights + <usize>(quad >> 1) * planeOctetStride + (<usize>(quad & 1) << 4);
      for (let dims = first; dims < last; dims++) {
        const panel = query + <usize>dims * dimsStride;
        const tile = sums + <usize>dims * sumsStride + (<usize>quad << 7);
        multiplyTransposed(from, planesStride, parts, rowsPerThread, panel, panel + rowsBytes, tile);
      }
    }
  }
}

/** As {@link multiplyCandidates}; the integers of every thread's rows have scales of their own. */
function multiplyCandidatesInt16(block: i32, term: i32, part: i32, parts: i32, begin: i32, end: i32): void {
  const sums = weightedSums(candidateColumn(block));
  const lastDims = endOctet(term);
  const dimsAtATime = max(1, PANEL_ROWS / rowsPerThread);
  for (let first = firstOctet(term); first < lastDims; first += dimsAtATime) {
    const last = min(first + dimsAtATime, lastDims);
    for (let p = part; p < part + parts; p++) {
      const row = firstRow + p * rowsPerThread;
      const query = byPairs(queryColumn(block)) + (<usize>row << 4);
      const rowsBytes = <usize>min(rowsPerThread, paddedRows - row) << 4;
      const weights = planeOf(p, block, term) + rowsBytes;
      const units = candidateUnits(p, block, term);
      for (let quad = begin << 1; quad < end << 1; quad++) {
        const from = weights + <usize>(quad >> 1) * planeOctetStride + (<usize>(quad & 1) << 4);
        for (let dims = first; dims < last; dims++) {
          const panel = query + <usize>dims * dimsStride;
          const tile = sums + <usize>dims * sumsStride + (<usize>quad << 7);
          multiplyTransposedInt16(from, panel, panel + rowsBytes, units + (<usize>quad << 4), tile);
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
  const partsAtATime = max(1, ROWS_AT_A_TIME / rowsPerThread);
  for (let part = 0; part < parts; part += partsAtATime) {
    const together = min(partsAtATime, parts - part);
    for (let block = 0; block < blocks; block++) {
      for (let first = begin; first < end; first += OCTETS_AT_A_TIME) {
        const last = min(first + OCTETS_AT_A_TIME, end);
        for (let term = 0; term < terms; term++) {
          if (int16) multiplyCandidatesInt16(block, term, part, together, first, last);
          else multiplyCandidates(block, term, part, together, first, last);
        }
      }
    }
  }
  for (let column = 0; column < columns; column++) {
    if (candidateNumber(column) >= 0) addPartialSums(column, parts, begin, end);
  }
}

/** One candidate's sums, less the part along the candidate itself, added to its gradient. */
function addCandidateGradient(column: i32, row: i32): void {
  const target = gradientOf(column) + (<usize>row * <usize>dimension << 2);
  const own = byDims(column) + (<usize>row << (int16 ? 4 : 5));
  const sums = weightedSums(column) + (<usize>row << 5);
  const scale: f32 = int16 ? load<f32>(rowScales(column) + (<usize>row << 2)) : 1;
  let radial: f32 = 0;
  for (let term = terms - 1; term >= 0; term--) {
    const at = <usize>(term * paddedRows + row) << 2;
    const norm = load<f32>(inverseNorms(column) + at);
    radial += load<f32>(candidateSums(column) + at) * norm * norm;
    const factor = f32x4.splat(-radial);
    for (let dims = firstOctet(term); dims < endOctet(term); dims++) {
      const from = own + <usize>dims * dimsStride;
      const tile = sums + <usize>dims * sumsStride;
      const to = target + (<usize>octetColumn(dims) << 2);
      if (int16) {
        addInt16Gradient(to, octetWidth(dims), from, radial, scale, tile);
      } else {
        const left = multiplyAdd(factor, v128.load(from), v128.load(tile));
        const right = multiplyAdd(factor, v128.load(from, 16), v128.load(tile, 16));
        addOctet(to, octetWidth(dims), left, right, tile);
      }
    }
  }
}

/** Adds the candidates' sums to their gradients. */
export function contrastiveFinish(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const begin = partStart(rows, thread, threads);
  const end = partStart(rows, thread + 1, threads);
  for (let column = 0; column < columns; column++) {
    if (candidateNumber(column) < 0) continue;
    for (let row = begin; row < end; row++) addCandidateGradient(column, row);
  }
}
