// The fused contrastive kernel, 2 of 9: prefix norms and the layouts of every column.
import { partStart } from './arguments';
import {
  asks, byCandidates, byDims, candidateNumber, candidateSums, candidatesStride, columns, dimOctets, dimension,
  dimsStride, embeddings, endColumn, firstColumn, gradientOf, int16, inverseNorms, octetColumn, octetWidth, paddedRows,
  readProblem, rows, sumsStride, terms, weightedSums, withGradient,
} from './contrastive-problem';
import { writeInt16Layouts } from './contrastive-int16-layouts';
import { transposeWords } from './transpose';
import { sumOfSquares, SMALLEST_NORM } from './vector';

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

/** The octet of rows that begins at `row`, from the layout by dims. */
function writeByCandidates(column: i32, row: i32): void {
  let source = byDims(column) + (<usize>row << 5);
  let target = byCandidates(column) + <usize>(row >> 3) * candidatesStride;
  for (let octet = 0; octet < dimOctets; octet++) {
    transposeWords(source, 32, target);
    transposeWords(source + 128, 32, target + 16);
    transposeWords(source + 16, 32, target + 128);
    transposeWords(source + 144, 32, target + 144);
    source += dimsStride;
    target += 256;
  }
}

/** Lays out the octet of rows that begins at `first`. */
function writeLayouts(column: i32, first: i32, answers: bool): void {
  for (let row = first; row < first + 8; row++) {
    writeInverseNorms(column, row);
    writeByDims(column, row);
  }
  if (answers) writeByCandidates(column, first);
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
        if (int16) writeInt16Layouts(column, first, answers, withGradient);
        else writeLayouts(column, first, answers);
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
      const sums = weightedSums(column) + <usize>octet * sumsStride;
      memory.fill(sums + (<usize>begin << 5), 0, <usize>(end - begin) << 5);
    }
  }
}
