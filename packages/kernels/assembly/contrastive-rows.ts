// The fused contrastive kernel, 3 of 4: products, softmax and the gradient of the rows.
import {
  asks, blocks, byCandidates, byDims, candidateBias, candidateColumn, candidateColumns, candidateNumber,
  candidatesStride, columns, diagonalBias, diagonalScale, dimension, dimsStride, endOctet, firstOctet, firstRow,
  gradientOf, gradientTiles, inverseNorms, labelWeight, logitBound, logitScale, lossWeight, octetColumn, octetWidth,
  paddedRows, partialSums, partitionOf, partitions, planeOctetStride, planeOf, queryColumn, readProblem, rowLosses,
  rowMaxima, rowSums, rows, rowsPerThread, softmaxFactors, softmaxMaxima, softmaxSums, softmaxWeight, terms,
  withGradient, zeroTile,
} from './contrastive-problem';
import { LN2, logarithm, powerOfTwo } from './exponential';
import { multiplyOctets } from './multiply';
import { addOctet, maxLanes, multiplyAdd, sumLanes } from './vector';

/** Octets of depth that are multiplied at a time: 256 * 8 float32 of a panel are 8 KiB and stay in the first cache. */
const OCTETS_AT_A_TIME: i32 = 32;
/** Lowest maximum of a row, far above the -1e30 of removed entries and far below any logit. */
const LOWEST_MAXIMUM: f32 = -1e29;

/** The dot products of `count` rows from `row` with one octet of candidates, at every term: each goes on from the last. */
function multiplyPanel(thread: i32, block: i32, octet: i32, row: i32, count: i32): void {
  const query = byDims(queryColumn(block)) + (<usize>row << 5);
  const panel = byCandidates(candidateColumn(block)) + <usize>octet * candidatesStride;
  const tileBytes = <usize>count << 5;
  let source = zeroTile(thread);
  let sourceStep: usize = 0;
  for (let term = 0; term < terms; term++) {
    const target = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
    const end = endOctet(term);
    for (let first = firstOctet(term); first < end; first += OCTETS_AT_A_TIME) {
      const depth = min(OCTETS_AT_A_TIME, end - first);
      const left = query + <usize>first * dimsStride;
      const right = panel + (<usize>first << 8);
      for (let at: usize = 0, from = source; at < tileBytes; at += 128, from += sourceStep) {
        multiplyOctets(left + at, dimsStride, right, depth, from, target + at);
      }
      source = target;
      sourceStep = 128;
    }
  }
}

/**
 * Goes over one octet of candidates at all terms: with `maxima` it takes the maxima of the logits, without it the sums
 * of `e^(logit - maximum)`. All logits here are in base 2, `logit * log2(e)`.
 */
function reducePanel(thread: i32, block: i32, octet: i32, row: i32, count: i32, maxima: bool): void {
  const column = candidateColumn(block);
  const diagonal = octet << 3 < row + count && row <= octet << 3;
  const lanes = i32x4.add(i32x4.splat(octet << 3), i32x4(0, 1, 2, 3));
  const lanesRight = i32x4.add(lanes, i32x4.splat(4));
  const plain = f32x4.splat(logitScale(block));
  const onDiagonal = f32x4.splat(diagonalScale(block));
  const removal = f32x4.splat(diagonalBias(block));
  const bias = candidateBias(block) + (<usize>octet << 5);
  for (let term = 0; term < terms; term++) {
    const at = (partitionOf(block) * terms + term) * rowsPerThread;
    const highest = softmaxMaxima(thread) + (<usize>at << 4);
    const target = maxima ? highest : softmaxSums(thread) + (<usize>at << 4);
    const plane = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
    const normsLeft = v128.load(inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2));
    const normsRight = v128.load(inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2), 16);
    const plainLeft = f32x4.mul(plain, normsLeft);
    const plainRight = f32x4.mul(plain, normsRight);
    const rowNorms = inverseNorms(queryColumn(block)) + (<usize>(term * paddedRows + row) << 2);
    for (let i = 0; i < count; i++) {
      let scaleLeft = plainLeft;
      let scaleRight = plainRight;
      let left = v128.load(bias);
      let right = v128.load(bias, 16);
      if (diagonal) {
        const self = i32x4.splat(row + i);
        const selfLeft = i32x4.eq(lanes, self);
        const selfRight = i32x4.eq(lanesRight, self);
        scaleLeft = f32x4.mul(v128.bitselect(onDiagonal, plain, selfLeft), normsLeft);
        scaleRight = f32x4.mul(v128.bitselect(onDiagonal, plain, selfRight), normsRight);
        left = f32x4.add(left, v128.and(removal, selfLeft));
        right = f32x4.add(right, v128.and(removal, selfRight));
      }
      const norm = v128.load32_splat(rowNorms + (<usize>i << 2));
      const dots = plane + (<usize>i << 5);
      left = multiplyAdd(f32x4.mul(v128.load(dots), norm), scaleLeft, left);
      right = multiplyAdd(f32x4.mul(v128.load(dots, 16), norm), scaleRight, right);
      const to = target + (<usize>i << 4);
      if (maxima) {
        v128.store(to, f32x4.pmax(v128.load(to), f32x4.pmax(left, right)));
      } else {
        const reference = v128.load(highest + (<usize>i << 4));
        left = powerOfTwo(f32x4.sub(left, reference));
        right = powerOfTwo(f32x4.sub(right, reference));
        v128.store(to, f32x4.add(v128.load(to), f32x4.add(left, right)));
      }
    }
  }
}

/** The logit of row `row` and its label at `term`, in base e. */
function labelLogit(thread: i32, term: i32, row: i32, i: i32): f64 {
  const plane = planeOf(thread, 0, term) + <usize>(row >> 3) * planeOctetStride;
  const dot = load<f32>(plane + (<usize>i << 5) + (<usize>(row & 7) << 2));
  const at = <usize>(term * paddedRows + row) << 2;
  const norm = load<f32>(inverseNorms(queryColumn(0)) + at);
  return <f64>(dot * norm * load<f32>(inverseNorms(candidateColumn(0)) + at)) * <f64>diagonalScale(0) * LN2;
}

/** The loss of each row, and the factor that turns `e^(logit - maximum)` into a weighted softmax. */
function finishSoftmax(thread: i32, row: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    let loss: f64 = 0;
    for (let term = 0; term < terms; term++) {
      let sumOfLogs: f64 = 0;
      for (let partition = 0; partition < partitions; partition++) {
        const at = <usize>((partition * terms + term) * rowsPerThread + i);
        const sum = sumLanes(v128.load(softmaxSums(thread) + (at << 4)));
        const highest = <f64>load<f32>(softmaxMaxima(thread) + (at << 4));
        sumOfLogs += sum > 0 ? highest * LN2 + logarithm(<f64>sum) : -Infinity;
        store<f32>(softmaxFactors(thread) + (at << 2), sum > 0 ? <f32>(softmaxWeight(term) / <f64>sum) : 0);
      }
      if (row + i < rows) {
        loss += lossWeight(term) * (sumOfLogs / <f64>partitions - labelLogit(thread, term, row + i, i));
      }
    }
    if (row + i < rows) store<f64>(rowLosses + (<usize>(row + i) << 3), loss);
  }
}

/** A weighted softmax from cosines. */
// @ts-ignore: decorator
@inline
function weigh(cosine: v128, scale: v128, bias: v128, reference: v128, factor: v128): v128 {
  return f32x4.mul(powerOfTwo(f32x4.sub(multiplyAdd(cosine, scale, bias), reference)), factor);
}

/**
 * Turns one octet of dot products into the gradient's weights `W` at every term, last term first, each the sum of its own
 * and all later ones; adds `P * cosine` to the sums of rows and of candidates.
 */
function weightPanel(thread: i32, block: i32, octet: i32, row: i32, count: i32): void {
  const column = candidateColumn(block);
  const asked = queryColumn(block);
  const diagonal = octet << 3 < row + count && row <= octet << 3;
  const lanes = i32x4.add(i32x4.splat(octet << 3), i32x4(0, 1, 2, 3));
  const lanesRight = i32x4.add(lanes, i32x4.splat(4));
  const plain = f32x4.splat(logitScale(block));
  const onDiagonal = f32x4.splat(diagonalScale(block));
  const removal = f32x4.splat(diagonalBias(block));
  const bias = candidateBias(block) + (<usize>octet << 5);
  let later = zeroTile(thread);
  let laterStep: usize = 0;
  for (let term = terms - 1; term >= 0; term--) {
    const at = (partitionOf(block) * terms + term) * rowsPerThread;
    const highest = softmaxMaxima(thread) + (<usize>at << 4);
    const factors = softmaxFactors(thread) + (<usize>at << 2);
    const sums = rowSums(thread) + (<usize>((asked * terms + term) * rowsPerThread) << 4);
    const plane = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
    const normsLeft = v128.load(inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2));
    const normsRight = v128.load(inverseNorms(column) + (<usize>(term * paddedRows + (octet << 3)) << 2), 16);
    const rowNorms = inverseNorms(asked) + (<usize>(term * paddedRows + row) << 2);
    const label = f32x4.splat(block == 0 ? labelWeight(term) : 0);
    let columnLeft = f32x4.splat(0);
    let columnRight = f32x4.splat(0);
    for (let i = 0; i < count; i++) {
      const norm = v128.load32_splat(rowNorms + (<usize>i << 2));
      const factor = v128.load32_splat(factors + (<usize>i << 2));
      const reference = v128.load(highest + (<usize>i << 4));
      const dots = plane + (<usize>i << 5);
      const cosineLeft = f32x4.mul(f32x4.mul(v128.load(dots), norm), normsLeft);
      const cosineRight = f32x4.mul(f32x4.mul(v128.load(dots, 16), norm), normsRight);
      let left = v128.load(bias);
      let right = v128.load(bias, 16);
      if (diagonal) {
        const self = i32x4.splat(row + i);
        const selfLeft = i32x4.eq(lanes, self);
        const selfRight = i32x4.eq(lanesRight, self);
        left = f32x4.add(left, v128.and(removal, selfLeft));
        right = f32x4.add(right, v128.and(removal, selfRight));
        left = weigh(cosineLeft, v128.bitselect(onDiagonal, plain, selfLeft), left, reference, factor);
        right = weigh(cosineRight, v128.bitselect(onDiagonal, plain, selfRight), right, reference, factor);
        left = f32x4.sub(left, v128.and(label, selfLeft));
        right = f32x4.sub(right, v128.and(label, selfRight));
      } else {
        left = weigh(cosineLeft, plain, left, reference, factor);
        right = weigh(cosineRight, plain, right, reference, factor);
      }
      const shareLeft = f32x4.mul(left, cosineLeft);
      const shareRight = f32x4.mul(right, cosineRight);
      columnLeft = f32x4.add(columnLeft, shareLeft);
      columnRight = f32x4.add(columnRight, shareRight);
      const sum = sums + (<usize>i << 4);
      v128.store(sum, f32x4.add(v128.load(sum), f32x4.add(shareLeft, shareRight)));
      v128.store(dots, multiplyAdd(left, f32x4.mul(norm, normsLeft), v128.load(later)));
      v128.store(dots, multiplyAdd(right, f32x4.mul(norm, normsRight), v128.load(later, 16)), 16);
      later += laterStep;
    }
    const sumsAt = (candidateNumber(column) * terms + term) * paddedRows + (octet << 3);
    addOctet(partialSums(thread) + (<usize>sumsAt << 2), 8, columnLeft, columnRight, 0);
    later = plane;
    laterStep = 32;
  }
}

/** The tiles of `column`'s gradient at `term`: all blocks in which it asks, weights times candidates. */
function multiplyWeights(thread: i32, column: i32, term: i32, row: i32, count: i32): void {
  const first = firstOctet(term);
  const end = endOctet(term);
  const tiles = gradientTiles(thread);
  const tileBytes = <usize>count << 5;
  const candidateOctets = paddedRows >> 3;
  memory.fill(tiles, 0, <usize>(end - first) * tileBytes);
  for (let block = 0; block < blocks; block++) {
    if (queryColumn(block) != column) continue;
    const panels = byDims(candidateColumn(block));
    const weights = planeOf(thread, block, term);
    for (let octet = 0; octet < candidateOctets; octet += OCTETS_AT_A_TIME) {
      const depth = min(OCTETS_AT_A_TIME, candidateOctets - octet);
      const left = weights + <usize>octet * planeOctetStride;
      let target = tiles;
      for (let dims = first; dims < end; dims++) {
        const right = panels + <usize>dims * dimsStride + (<usize>octet << 8);
        for (let at: usize = 0; at < tileBytes; at += 128) {
          multiplyOctets(left + at, planeOctetStride, right, depth, target + at, target + at);
        }
        target += tileBytes;
      }
    }
  }
}

/** Adds the tiles of `term` to `column`'s gradient, less the part along the row itself (`radial` times the row). */
function addRowGradient(thread: i32, column: i32, term: i32, row: i32, i: i32, count: i32, radial: f32): void {
  const factor = f32x4.splat(-radial);
  let tile = gradientTiles(thread) + (<usize>i << 5);
  const target = gradientOf(column) + (<usize>(row + i) * <usize>dimension << 2);
  for (let dims = firstOctet(term); dims < endOctet(term); dims++) {
    const own = byDims(column) + <usize>dims * dimsStride + (<usize>(row + i) << 5);
    const left = multiplyAdd(factor, v128.load(own), v128.load(tile));
    const right = multiplyAdd(factor, v128.load(own, 16), v128.load(tile, 16));
    addOctet(target + (<usize>octetColumn(dims) << 2), octetWidth(dims), left, right, tile);
    tile += <usize>count << 5;
  }
}

function writeRowGradients(thread: i32, row: i32, count: i32): void {
  for (let column = 0; column < columns; column++) {
    if (!asks(column)) continue;
    for (let term = 0; term < terms; term++) {
      multiplyWeights(thread, column, term, row, count);
      for (let i = 0; i < count && row + i < rows; i++) {
        let radial: f32 = 0;
        for (let later = term; later < terms; later++) {
          const norm = load<f32>(inverseNorms(column) + (<usize>(later * paddedRows + row + i) << 2));
          const sums = rowSums(thread) + (<usize>((column * terms + later) * rowsPerThread + i) << 4);
          radial += sumLanes(v128.load(sums)) * norm * norm;
        }
        addRowGradient(thread, column, term, row, i, count, radial);
      }
    }
  }
}

function clearSums(thread: i32): void {
  const entries = partitions * terms * rowsPerThread;
  memory.fill(zeroTile(thread), 0, 128);
  memory.fill(softmaxSums(thread), 0, <usize>entries << 4);
  memory.fill(rowSums(thread), 0, <usize>(columns * terms * rowsPerThread) << 4);
  if (withGradient) memory.fill(partialSums(thread), 0, <usize>(candidateColumns * terms * paddedRows) << 2);
  const reference = f32x4.splat(rowMaxima ? LOWEST_MAXIMUM : logitBound);
  const maxima = softmaxMaxima(thread);
  for (let at: usize = 0; at < <usize>entries << 4; at += 16) v128.store(maxima + at, reference);
}

/** Puts the largest of the four lanes into all of them. */
function spreadMaxima(thread: i32): void {
  const maxima = softmaxMaxima(thread);
  const end = maxima + (<usize>(partitions * terms * rowsPerThread) << 4);
  for (let at = maxima; at < end; at += 16) v128.store(at, f32x4.splat(maxLanes(v128.load(at))));
}

/** This thread's rows of the stretch that begins at `firstRow`: loss, weights and the gradients of the columns that ask. */
export function contrastiveRows(args: usize, thread: i32, threads: i32): void {
  readProblem(args);
  const row = firstRow + thread * rowsPerThread;
  if (row >= paddedRows) return;
  const count = min(rowsPerThread, paddedRows - row);
  const candidateOctets = paddedRows >> 3;
  clearSums(thread);
  for (let block = 0; block < blocks; block++) {
    for (let octet = 0; octet < candidateOctets; octet++) {
      multiplyPanel(thread, block, octet, row, count);
      reducePanel(thread, block, octet, row, count, rowMaxima);
    }
  }
  if (rowMaxima) {
    spreadMaxima(thread);
    for (let block = 0; block < blocks; block++) {
      for (let octet = 0; octet < candidateOctets; octet++) reducePanel(thread, block, octet, row, count, false);
    }
  }
  finishSoftmax(thread, row, count);
  if (!withGradient) return;
  for (let block = 0; block < blocks; block++) {
    for (let octet = 0; octet < candidateOctets; octet++) weightPanel(thread, block, octet, row, count);
  }
  writeRowGradients(thread, row, count);
}
