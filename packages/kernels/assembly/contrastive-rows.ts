// The fused contrastive kernel, 6 of 9: products and softmax of a stretch of rows.
import {
  blocks, byCandidates, byDims, candidateBias, candidateColumn, candidateColumns, candidateNumber, candidatesStride,
  columns, diagonalBias, diagonalScale, dimsStride, firstOctetOfRun, firstRow, firstTermOfRun, guideTable,
  hasRemovals, holdsPlanes, int16, inverseNorms, labelCosines, labelWeight, logitBound, logitScale, lossWeight, mirrorNumber,
  mirrorPartition, mirrors, mirrorSums, paddedRows, partialSums, partitionOf, partitions, planeOctetStride, planeOf,
  planeStride, queryColumn, readProblem, rowLosses, rowMaxima, rowSums, rows, rowsPerThread, runs, segmentCountOfRun,
  segmentsOfRun, softmaxFactors, softmaxReferences, softmaxSums, softmaxWeight, sourceTermOfRun, terms, unreadOctet,
  withGradient, zeroTile,
} from './contrastive-problem';
import { partStart } from './arguments';
import { clearWeightScales, measureWeights, roundAllWeights } from './contrastive-int16-weights';
import { removalsOf, writeRemovals, writeThresholds } from './contrastive-removals';
import { writeRowGradients } from './contrastive-row-gradients';
import {
  maximizeAny, sumAny, sumMirrored, sumPlain, weighAny, weighMirrored, weighPlain,
} from './contrastive-softmax';
import { LN2, logarithm } from './exponential';
import { multiplyOctets } from './multiply';
import { multiplyOctetsInt16 } from './multiply-int16';
import { maxLanes, sumLanes } from './vector';

/** Lowest maximum of a row, far above the -1e30 of removed entries and far below any logit. */
const LOWEST_MAXIMUM: f32 = -1e29;

/** The dot products of `count` rows from `row` with one octet of candidates, at every term: each goes on from the last. */
function multiplyPanel(thread: i32, block: i32, octet: i32, row: i32, count: i32): void {
  const rowShift: usize = int16 ? 4 : 5;
  const query = byDims(queryColumn(block)) + (<usize>row << rowShift);
  const panel = byCandidates(candidateColumn(block)) + <usize>octet * candidatesStride;
  const tiles = planeOf(thread, block, 0) + <usize>octet * planeOctetStride;
  const tileBytes = <usize>count << 5;
  for (let run = 0; run < runs; run++) {
    const first = firstOctetOfRun(run);
    const left = query + <usize>first * dimsStride;
    const right = panel + (<usize>first << (rowShift + 3));
    const segments = segmentsOfRun(run);
    const segmentCount = segmentCountOfRun(run);
    const target = tiles + <usize>firstTermOfRun(run) * planeStride;
    const fromZero = first == 0;
    const sourceStep: usize = fromZero ? 0 : 128;
    let source = fromZero ? zeroTile(thread) : tiles + <usize>sourceTermOfRun(run) * planeStride;
    for (let at: usize = 0; at < tileBytes; at += 128) {
      if (int16) {
        multiplyOctetsInt16(left + (at >> 1), dimsStride, right, segments, segmentCount, source, target + at, planeStride);
      } else {
        multiplyOctets(left + at, dimsStride, right, segments, segmentCount, source, target + at, planeStride);
      }
      source += sourceStep;
    }
  }
}

/** Whether no entry of an octet is removed, and none is a row's own candidate. */
function isPlain(block: i32, octet: i32, row: i32, count: i32): bool {
  if (hasRemovals) return false;
  const bias = candidateBias(block) + (<usize>octet << 5);
  if (octet << 3 < row + count && row <= octet << 3) return false;
  return !v128.any_true(v128.or(v128.load(bias), v128.load(bias, 16)));
}

/** Where the mirror of `block` has its softmax sums of the octet, `[8]`; a place that nobody reads where it has no mirror. */
// @ts-ignore: decorator
@inline
function mirrorSumsOf(thread: i32, block: i32, term: i32, octet: i32): usize {
  const number = mirrorNumber(block);
  if (number < 0) return unreadOctet(thread);
  return mirrorSums(thread) + (<usize>((number * terms + term) * paddedRows + (octet << 3)) << 2);
}

/** The softmax factors of the candidates of the octet, `[8]`, as rows of the mirror of `block`; zeros where it has no mirror. */
// @ts-ignore: decorator
@inline
function mirrorFactorsOf(thread: i32, block: i32, term: i32, octet: i32): usize {
  const partition = mirrorPartition(block);
  if (partition < 0) return zeroTile(thread);
  return softmaxFactors + (<usize>((partition * terms + term) * paddedRows + (octet << 3)) << 2);
}

/**
 * Goes over one octet of candidates at all terms: with `maxima` it takes the maxima of the logits, without it the sums
 * of `2^(logit + reference)`, those of padding left out.
 */
function reducePanel(thread: i32, block: i32, octet: i32, row: i32, count: i32, maxima: bool): void {
  const column = candidateColumn(block);
  const plain = isPlain(block, octet, row, count);
  const scale = f32x4.splat(logitScale(block));
  const selfScale = f32x4.splat(diagonalScale(block));
  const selfBias = f32x4.splat(diagonalBias(block));
  const bias = hasRemovals ? removalsOf(thread, block, octet) : candidateBias(block) + (<usize>octet << 5);
  const biasStep: usize = hasRemovals ? 32 : 0;
  const self = row - (octet << 3);
  const counted = maxima ? count : min(count, rows - row);
  const mirrored = mirrorNumber(block) >= 0;
  for (let term = 0; term < terms; term++) {
    const at = <usize>((partitionOf(block) * terms + term) * rowsPerThread) << 4;
    const references = softmaxReferences(thread) + at;
    const sums = softmaxSums(thread) + at;
    const dots = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
    const end = dots + (<usize>counted << 5);
    const inverse = inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2);
    const norms = inverseNorms(queryColumn(block)) + (<usize>(term * paddedRows + row) << 2);
    const left = f32x4.mul(scale, v128.load(inverse));
    const right = f32x4.mul(scale, v128.load(inverse, 16));
    if (plain && !mirrored && !maxima) {
      sumPlain(dots, end, norms, references, sums, left, right);
      continue;
    }
    const mirror = mirrorSumsOf(thread, block, term, octet);
    if (plain && !maxima) {
      sumMirrored(dots, end, norms, references, sums, mirror, left, right);
      continue;
    }
    const selfLeft = f32x4.mul(selfScale, v128.load(inverse));
    const selfRight = f32x4.mul(selfScale, v128.load(inverse, 16));
    if (maxima) {
      maximizeAny(dots, end, norms, references, left, right, selfLeft, selfRight, bias, biasStep, selfBias, self);
    } else {
      sumAny(
        dots, end, norms, references, sums, mirror, left, right, selfLeft, selfRight, bias, biasStep, selfBias, self,
      );
    }
  }
}

/** Keeps the softmax sums of each row, and the cosine of its label at every term. */
function keepSums(thread: i32, row: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    const octet = <usize>((row + i) >> 3) * planeOctetStride + (<usize>i << 5) + (<usize>((row + i) & 7) << 2);
    for (let term = 0; term < terms; term++) {
      for (let partition = 0; partition < partitions; partition++) {
        const at = partition * terms + term;
        const sum = sumLanes(v128.load(softmaxSums(thread) + (<usize>(at * rowsPerThread + i) << 4)));
        store<f32>(softmaxFactors + (<usize>(at * paddedRows + row + i) << 2), sum);
      }
      const at = <usize>(term * paddedRows + row + i) << 2;
      const norm = load<f32>(inverseNorms(queryColumn(0)) + at);
      const cosine = load<f32>(planeOf(thread, 0, term) + octet) * norm * load<f32>(inverseNorms(candidateColumn(0)) + at);
      store<f32>(labelCosines() + at, cosine);
    }
  }
}

/** The loss of each row; its softmax sums become the factors that turn `2^(logit + reference)` into a weighted softmax. */
function finishSoftmax(thread: i32, row: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    let loss: f64 = 0;
    for (let term = 0; term < terms; term++) {
      let sumOfLogs: f64 = 0;
      for (let partition = 0; partition < partitions; partition++) {
        const at = partition * terms + term;
        const factor = softmaxFactors + (<usize>(at * paddedRows + row + i) << 2);
        const sum = load<f32>(factor);
        let reference = -logitBound;
        if (rowMaxima) reference = load<f32>(softmaxReferences(thread) + (<usize>(at * rowsPerThread + i) << 4));
        sumOfLogs += sum > 0 ? logarithm(<f64>sum) - <f64>reference * LN2 : -Infinity;
        store<f32>(factor, sum > 0 ? <f32>(softmaxWeight(term) / <f64>sum) : 0);
      }
      const cosine = load<f32>(labelCosines() + (<usize>(term * paddedRows + row + i) << 2));
      const label = <f64>cosine * <f64>diagonalScale(0) * LN2;
      loss += lossWeight(term) * (sumOfLogs / <f64>partitions - label);
    }
    if (row + i < rows) store<f64>(rowLosses + (<usize>(row + i) << 3), loss);
  }
}

/**
 * Turns one octet of dot products into the gradient's weights `W` at every term, last term first, each the sum of its own
 * and all later ones; adds `P * cosine` to the sums of rows and of candidates.
 */
function weightPanel(thread: i32, block: i32, octet: i32, row: i32, count: i32): void {
  const column = candidateColumn(block);
  const asked = queryColumn(block);
  const plain = isPlain(block, octet, row, count);
  const scale = f32x4.splat(logitScale(block));
  const selfScale = f32x4.splat(diagonalScale(block));
  const selfBias = f32x4.splat(diagonalBias(block));
  const bias = hasRemovals ? removalsOf(thread, block, octet) : candidateBias(block) + (<usize>octet << 5);
  const biasStep: usize = hasRemovals ? 32 : 0;
  let later = zeroTile(thread);
  let laterStep: usize = 0;
  for (let term = terms - 1; term >= 0; term--) {
    const at = partitionOf(block) * terms + term;
    const references = softmaxReferences(thread) + (<usize>(at * rowsPerThread) << 4);
    const factors = softmaxFactors + (<usize>(at * paddedRows + row) << 2);
    const sums = rowSums(thread) + (<usize>((asked * terms + term) * rowsPerThread) << 4);
    const sumsAt = (candidateNumber(column) * terms + term) * paddedRows + (octet << 3);
    const columnSums = partialSums(thread) + (<usize>sumsAt << 2);
    const dots = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
    const end = dots + (<usize>count << 5);
    const inverse = inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2);
    const norms = inverseNorms(asked) + (<usize>(term * paddedRows + row) << 2);
    const inverseLeft = v128.load(inverse);
    const inverseRight = v128.load(inverse, 16);
    const left = f32x4.mul(scale, inverseLeft);
    const right = f32x4.mul(scale, inverseRight);
    if (plain && mirrorPartition(block) < 0) {
      weighPlain(
        dots, end, norms, references, factors, sums, columnSums, later, laterStep, left, right, inverseLeft,
        inverseRight,
      );
    } else if (plain) {
      const mirror = mirrorFactorsOf(thread, block, term, octet);
      weighMirrored(
        dots, end, norms, references, factors, mirror, sums, columnSums, later, laterStep, left, right, inverseLeft,
        inverseRight,
      );
    } else {
      const mirror = mirrorFactorsOf(thread, block, term, octet);
      weighAny(
        dots, end, norms, references, factors, mirror, sums, columnSums, later, laterStep, left, right, inverseLeft,
        inverseRight, f32x4.mul(selfScale, inverseLeft), f32x4.mul(selfScale, inverseRight), bias, biasStep,
        selfBias, row - (octet << 3), f32x4.splat(block == 0 ? labelWeight(term) : 0),
      );
    }
    if (int16) measureWeights(thread, block, term, octet, count);
    later = dots;
    laterStep = 32;
  }
}

function clearSums(thread: i32): void {
  const entries = partitions * terms * rowsPerThread;
  memory.fill(zeroTile(thread), 0, 128);
  memory.fill(softmaxSums(thread), 0, <usize>entries << 4);
  memory.fill(rowSums(thread), 0, <usize>(columns * terms * rowsPerThread) << 4);
  if (withGradient) memory.fill(partialSums(thread), 0, <usize>(candidateColumns * terms * paddedRows) << 2);
  if (withGradient && int16) clearWeightScales(thread);
  const reference = f32x4.splat(rowMaxima ? LOWEST_MAXIMUM : -logitBound);
  const references = softmaxReferences(thread);
  for (let at: usize = 0; at < <usize>entries << 4; at += 16) v128.store(references + at, reference);
}

/** Turns the maxima of the four lanes into references: less the largest, in all of them. */
function negateMaxima(thread: i32): void {
  const maxima = softmaxReferences(thread);
  const end = maxima + (<usize>(partitions * terms * rowsPerThread) << 4);
  for (let at = maxima; at < end; at += 16) v128.store(at, f32x4.splat(-maxLanes(v128.load(at))));
}

/** The products of `count` rows from `row`, and their softmax sums. */
function reduceRows(thread: i32, row: i32, count: i32): void {
  const candidateOctets = paddedRows >> 3;
  if (guideTable != 0) writeThresholds(thread, row, count);
  for (let block = 0; block < blocks; block++) {
    for (let octet = 0; octet < candidateOctets; octet++) {
      if (hasRemovals) writeRemovals(thread, block, octet, row, count);
      multiplyPanel(thread, block, octet, row, count);
      reducePanel(thread, block, octet, row, count, rowMaxima);
    }
  }
  if (rowMaxima) {
    negateMaxima(thread);
    for (let block = 0; block < blocks; block++) {
      for (let octet = 0; octet < candidateOctets; octet++) reducePanel(thread, block, octet, row, count, false);
    }
  }
  keepSums(thread, row, count);
}

/** Where there are mirrors: this thread's rows of the stretch that begins at `firstRow`, no further than their sums. */
export function contrastiveSums(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  if (firstRow == 0) memory.fill(mirrorSums(thread), 0, <usize>(mirrors * terms * paddedRows) << 2);
  const row = firstRow + thread * rowsPerThread;
  if (row >= paddedRows) return;
  clearSums(thread);
  reduceRows(thread, row, min(rowsPerThread, paddedRows - row));
}

/** Where there are mirrors: their sums, those of all threads together, come to the sums of this thread's rows; then the loss. */
export function contrastiveFactors(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const begin = partStart(paddedRows >> 3, thread, threads) << 3;
  const end = partStart(paddedRows >> 3, thread + 1, threads) << 3;
  for (let block = 0; block < blocks; block++) {
    const number = mirrorNumber(block);
    if (number < 0) continue;
    for (let term = 0; term < terms; term++) {
      const sums = softmaxFactors + (<usize>((mirrorPartition(block) * terms + term) * paddedRows) << 2);
      const offset = <usize>((number * terms + term) * paddedRows) << 2;
      for (let at = <usize>begin << 2; at < <usize>end << 2; at += 16) {
        let sum = v128.load(sums + at);
        for (let other = 0; other < threads; other++) sum = f32x4.add(sum, v128.load(mirrorSums(other) + offset + at));
        v128.store(sums + at, sum);
      }
    }
  }
  finishSoftmax(thread, begin, end - begin);
}

/**
 * This thread's rows of the stretch that begins at `firstRow`: weights and the gradients of the columns that ask, and the
 * loss, where there are no mirrors.
 */
export function contrastiveRows(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const row = firstRow + thread * rowsPerThread;
  if (row >= paddedRows) return;
  const count = min(rowsPerThread, paddedRows - row);
  clearSums(thread);
  if (mirrors == 0) {
    reduceRows(thread, row, count);
    finishSoftmax(thread, row, count);
  }
  if (!withGradient) return;
  const multiplies = mirrors > 0 && !holdsPlanes;
  for (let block = 0; block < blocks; block++) {
    for (let octet = 0; octet < paddedRows >> 3; octet++) {
      if (multiplies) multiplyPanel(thread, block, octet, row, count);
      weightPanel(thread, block, octet, row, count);
    }
  }
  if (int16) roundAllWeights(thread, count);
  writeRowGradients(thread, row, count);
}
