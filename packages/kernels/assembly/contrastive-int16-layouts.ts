// The fused contrastive kernel, 3 of 9: the layouts of 16-bit integers of every column, see contrastive-problem.ts.
import {
  byCandidates, byDims, byPairs, candidatesStride, dimOctets, dimension, dimsStride, embeddings, endColumn, endOctet,
  firstOctet, inverseNorms, octetColumn, octetWidth, paddedRows, rowScales, rows, terms,
} from './contrastive-problem';
import { LARGEST_ENTRY, packInt16, toInt16 } from './int16';
import { transposeWords } from './transpose';
import { SMALLEST_NORM, sumOfSquares } from './vector';

/**
 * The norm of a row of integers: by Cauchy and Schwarz no sum of products, whole or partial, is above its square, 2.12e9,
 * which with what rounding adds (half a unit in up to 400,000 dims) stays below 2^31.
 */
const INTEGER_NORM: f64 = 46000;

/** The largest absolute value among `count` float32 at `data`. */
function largestOf(data: usize, count: i32): f32 {
  let largest: f32 = 0;
  for (const end = data + (<usize>count << 2); data < end; data += 4) largest = max(largest, abs(load<f32>(data)));
  return largest;
}

/** The scale of a row: 0 for a row without a direction, NaN for one with a value that is not finite. */
function scaleOf(column: i32, row: i32): f32 {
  if (row >= rows) return 0;
  const data = embeddings(column) + (<usize>row * <usize>dimension << 2);
  const width = endColumn(terms - 1);
  const norm = Math.sqrt(sumOfSquares(data, width));
  if (!(norm < Infinity)) return NaN;
  if (norm <= SMALLEST_NORM) return 0;
  return <f32>min(INTEGER_NORM / norm, LARGEST_ENTRY / <f64>largestOf(data, width));
}

/** One row by dims; its padding is zero. */
function writeRow(column: i32, row: i32, scale: f32): void {
  const data = embeddings(column) + (<usize>row * <usize>dimension << 2);
  const scales = f32x4.splat(scale);
  let target = byDims(column) + (<usize>row << 4);
  for (let octet = 0; octet < dimOctets; octet++) {
    const source = data + (<usize>octetColumn(octet) << 2);
    const width = octetWidth(octet);
    if (!(scale > 0)) {
      v128.store(target, i32x4.splat(0));
    } else if (width == 8) {
      v128.store(target, packInt16(toInt16(v128.load(source), scales), toInt16(v128.load(source, 16), scales)));
    } else {
      v128.store(target, i32x4.splat(0));
      for (let at = 0; at < width; at++) {
        store<i16>(target + (<usize>at << 1), <i16>nearest(load<f32>(source + (<usize>at << 2)) * scale));
      }
    }
    target += dimsStride;
  }
}

/** The inverse norms of one row of integers at every term; NaN where its scale is. */
function writeNorms(column: i32, row: i32, scale: f32): void {
  let source = byDims(column) + (<usize>row << 4);
  let target = inverseNorms(column) + (<usize>row << 2);
  let squares = i32x4.splat(0);
  for (let term = 0; term < terms; term++) {
    for (let octet = firstOctet(term); octet < endOctet(term); octet++) {
      const values = v128.load(source);
      squares = i32x4.add(squares, i32x4.dot_i16x8_s(values, values));
      source += dimsStride;
    }
    const sum =
      <f64>i32x4.extract_lane(squares, 0) +
      <f64>i32x4.extract_lane(squares, 1) +
      (<f64>i32x4.extract_lane(squares, 2) + <f64>i32x4.extract_lane(squares, 3));
    const inverse: f32 = sum > 0 ? <f32>(1 / Math.sqrt(sum)) : 0;
    store<f32>(target, scale == scale ? inverse : NaN);
    target += <usize>paddedRows << 2;
  }
}

/** The octet of rows that begins at `row`, two neighbouring rows to a word. */
function writeByPairs(column: i32, row: i32): void {
  let source = byDims(column) + (<usize>row << 4);
  let target = byPairs(column) + (<usize>row << 4);
  for (let octet = 0; octet < dimOctets; octet++) {
    for (let at: usize = 0; at < 128; at += 32) {
      const first = v128.load(source + at);
      const second = v128.load(source + at, 16);
      v128.store(target + at, v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(target + at, v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    }
    source += dimsStride;
    target += dimsStride;
  }
}

/** The octet of candidates that begins at `row`, side by side. */
function writeByCandidates(column: i32, row: i32): void {
  let source = byDims(column) + (<usize>row << 4);
  let target = byCandidates(column) + <usize>(row >> 3) * candidatesStride;
  for (let octet = 0; octet < dimOctets; octet++) {
    transposeWords(source, 16, target);
    transposeWords(source + 64, 16, target + 16);
    source += dimsStride;
    target += 128;
  }
}

/** Lays out the octet of rows that begins at `row`. */
export function writeInt16Layouts(column: i32, row: i32, answers: bool, pairs: bool): void {
  for (let i = row; i < row + 8; i++) {
    const scale = scaleOf(column, i);
    store<f32>(rowScales(column) + (<usize>i << 2), scale);
    writeRow(column, i, scale);
    writeNorms(column, i, scale);
  }
  if (answers) writeByCandidates(column, row);
  if (pairs) writeByPairs(column, row);
}
