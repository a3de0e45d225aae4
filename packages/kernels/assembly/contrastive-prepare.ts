// The fused contrastive kernel, 2 of 7: prefix norms and the two layouts of every column.
import { partStart } from './arguments';
import {
  asks, byCandidates, byDims, candidateNumber, candidateSums, candidatesStride, columns, dimOctets, dimension,
  dimsStride, embeddings, endColumn, firstColumn, gradientOf, inverseNorms, octetColumn, octetWidth, paddedRows,
  readProblem, rows, terms, weightedSums, withGradient,
} from './contrastive-problem';
import { sumOfSquares } from './vector';

/** A row with a norm of at most this is a text without tokens: its cosines and its gradient are 0. */
const SMALLEST_NORM: f64 = 1e-12;

function writeInverseNorms(column: i32, row: i32): void {
  const data = embeddings(column) + (<usize>row * <usize>dimension << 2);
  const stride = <usize>paddedRows << 2;
  let target = inverseNorms(column) + (<usize>row << 2);
  let squares: f64 = 0;
  for (let term = 0; term < terms; term++) {
    if (row < rows) {
      const first = firstColumn(term);
      squares += sumOfSquares(data + (<usize>first << 2), endColumn(term) - first);
    }
    const norm = Math.sqrt(squares);
    store<f32>(target, norm > SMALLEST_NORM ? <f32>(1 / norm) : 0);
    target += stride;
  }
}

function writeByDims(column: i32, row: i32): void {
  const data = embeddings(column) + (<usize>row * <usize>dimension << 2);
  let target = byDims(column) + (<usize>row << 5);
  const zero = f32x4.splat(0);
  for (let octet = 0; octet < dimOctets; octet++) {
    const source = data + (<usize>octetColumn(octet) << 2);
    const width = octetWidth(octet);
    if (row < rows && width == 8) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
    } else {
      v128.store(target, zero);
      v128.store(target, zero, 16);
      if (row < rows) memory.copy(target, source, <usize>width << 2);
    }
    target += dimsStride;
  }
}

/** Turns `[4 rows][4 dims]`, rows 32 bytes apart, into `[4 dims][4 rows]`, dims 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose(source: usize, target: usize): void {
  const a = v128.load(source);
  const b = v128.load(source, 32);
  const c = v128.load(source, 64);
  const d = v128.load(source, 96);
  const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f64>(ab01, cd01, 0, 2));
  v128.store(target, v128.shuffle<f64>(ab01, cd01, 1, 3), 32);
  v128.store(target, v128.shuffle<f64>(ab23, cd23, 0, 2), 64);
  v128.store(target, v128.shuffle<f64>(ab23, cd23, 1, 3), 96);
}

/** The octet of rows that begins at `row`, from the layout by dims. */
function writeByCandidates(column: i32, row: i32): void {
  let source = byDims(column) + (<usize>row << 5);
  let target = byCandidates(column) + <usize>(row >> 3) * candidatesStride;
  for (let octet = 0; octet < dimOctets; octet++) {
    transpose(source, target);
    transpose(source + 128, target + 16);
    transpose(source + 16, target + 128);
    transpose(source + 144, target + 144);
    source += dimsStride;
    target += 256;
  }
}

/** Lays out this thread's rows of every column, and clears their gradients and sums. */
export function contrastivePrepare(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const octets = paddedRows >> 3;
  const begin = partStart(octets, thread, threads) << 3;
  const end = partStart(octets, thread + 1, threads) << 3;
  for (let column = 0; column < columns; column++) {
    const answers = candidateNumber(column) >= 0;
    if (answers || asks(column)) {
      for (let first = begin; first < end; first += 8) {
        for (let row = first; row < first + 8; row++) {
          writeInverseNorms(column, row);
          writeByDims(column, row);
        }
        if (answers) writeByCandidates(column, first);
      }
    }
    if (!withGradient) continue;
    const existing = min(end, rows) - min(begin, rows);
    const rowBytes = <usize>dimension << 2;
    memory.fill(gradientOf(column) + <usize>begin * rowBytes, 0, <usize>existing * rowBytes);
    if (!answers) continue;
    for (let term = 0; term < terms; term++) {
      memory.fill(candidateSums(column) + (<usize>(term * paddedRows + begin) << 2), 0, <usize>(end - begin) << 2);
    }
    for (let octet = 0; octet < dimOctets; octet++) {
      const sums = weightedSums(column) + <usize>octet * dimsStride;
      memory.fill(sums + (<usize>begin << 5), 0, <usize>(end - begin) << 5);
    }
  }
}
