// The fused contrastive kernel, 7 of 9: the gradient's weights as 16-bit integers.
//
// An integer of a weight is `round(scale * weight)`. A row's scale is as large as its largest weight and the sum of all of them
// allow, over all candidates; a candidate's the same over the rows of this thread's stretch. So each sum is exact to about a
// 30,000th of its largest part, however small that part is.
import {
  blocks, gradientTiles, paddedRows, planeOctetStride, planeOf, rowsPerThread, terms, weightScales,
} from './contrastive-problem';
import { LARGEST_TOTAL, LARGEST_WEIGHT, packInt16, pairInt16, toInt16 } from './int16';
import { maxLanes, sumLanes } from './vector';

/** A row or candidate whose weights are all below this has none: its scale would not be a float32. */
const SMALLEST_PEAK: f32 = 1e-32;

// Of a thread: per block, term and row the largest weight in 4 lanes, then the sum of all in 4 lanes; per block, term and
// candidate the largest weight, then the sum of all. `finishScales` puts a scale in the place of the first, in all lanes,
// and its inverse in the place of the second.
// @ts-ignore: decorator
@inline
function rowPeaks(thread: i32, block: i32, term: i32): usize {
  return weightScales(thread) + (<usize>((block * terms + term) * rowsPerThread) << 5);
}
// @ts-ignore: decorator
@inline
function candidatePeaks(thread: i32, block: i32, term: i32): usize {
  return rowPeaks(thread, blocks, 0) + (<usize>((block * terms + term) * paddedRows) << 3);
}

/** What the sums of the rows are multiplied by, `[rowsPerThread][4]`, the same in 4 lanes. */
// @ts-ignore: decorator
@inline
export function rowUnits(thread: i32, block: i32, term: i32): usize {
  return rowPeaks(thread, block, term) + (<usize>rowsPerThread << 4);
}

/** What the sums of the candidates are multiplied by, `[paddedRows]`. */
// @ts-ignore: decorator
@inline
export function candidateUnits(thread: i32, block: i32, term: i32): usize {
  return candidatePeaks(thread, block, term) + (<usize>paddedRows << 2);
}

/** Clears the peaks and sums of the rows, which grow octet by octet; those of a candidate are written once. */
export function clearWeightScales(thread: i32): void {
  const begin = rowPeaks(thread, 0, 0);
  memory.fill(begin, 0, rowPeaks(thread, blocks, 0) - begin);
}

/** Takes the weights of one octet of candidates, `count` rows of them, into the peaks and sums. */
export function measureWeights(thread: i32, block: i32, term: i32, octet: i32, count: i32): void {
  let weights = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
  let peaks = rowPeaks(thread, block, term);
  const toSums = <usize>rowsPerThread << 4;
  const candidates = candidatePeaks(thread, block, term) + (<usize>octet << 5);
  const candidateSums = candidates + (<usize>paddedRows << 2);
  let peakLeft = f32x4.splat(0);
  let peakRight = peakLeft;
  let sumLeft = peakLeft;
  let sumRight = peakLeft;
  for (const end = weights + (<usize>count << 5); weights < end; weights += 32) {
    const left = f32x4.abs(v128.load(weights));
    const right = f32x4.abs(v128.load(weights, 16));
    peakLeft = f32x4.pmax(peakLeft, left);
    peakRight = f32x4.pmax(peakRight, right);
    sumLeft = f32x4.add(sumLeft, left);
    sumRight = f32x4.add(sumRight, right);
    v128.store(peaks, f32x4.pmax(v128.load(peaks), f32x4.pmax(left, right)));
    v128.store(peaks + toSums, f32x4.add(v128.load(peaks + toSums), f32x4.add(left, right)));
    peaks += 16;
  }
  v128.store(candidates, peakLeft);
  v128.store(candidates, peakRight, 16);
  v128.store(candidateSums, sumLeft);
  v128.store(candidateSums, sumRight, 16);
}

// @ts-ignore: decorator
@inline
function scaleFor(peak: f32, sum: f32): f32 {
  return peak > SMALLEST_PEAK ? min(LARGEST_WEIGHT / peak, LARGEST_TOTAL / sum) : 0;
}

// @ts-ignore: decorator
@inline
function unitOf(scale: f32): f32 {
  return scale > 0 ? 1 / scale : 0;
}

function finishScales(thread: i32, count: i32): void {
  for (let block = 0; block < blocks; block++) {
    for (let term = 0; term < terms; term++) {
      let peaks = rowPeaks(thread, block, term);
      let units = rowUnits(thread, block, term);
      for (let row = 0; row < count; row++) {
        const scale = scaleFor(maxLanes(v128.load(peaks)), sumLanes(v128.load(units)));
        v128.store(peaks, f32x4.splat(scale));
        v128.store(units, f32x4.splat(unitOf(scale)));
        peaks += 16;
        units += 16;
      }
      peaks = candidatePeaks(thread, block, term);
      units = candidateUnits(thread, block, term);
      for (const end = units; peaks < end; peaks += 4) {
        const scale = scaleFor(load<f32>(peaks), load<f32>(units));
        store<f32>(peaks, scale);
        store<f32>(units, unitOf(scale));
        units += 4;
      }
    }
  }
}

/** Puts the integers of one octet of candidates in the place of its weights, two rows at a time; `spare` is 16 bytes a row. */
function roundWeights(weights: usize, count: i32, scales: usize, candidates: usize, spare: usize): void {
  const candidatesLeft = v128.load(candidates);
  const candidatesRight = v128.load(candidates, 16);
  const rowBytes = <usize>count << 4;
  let pairs = spare;
  let rows = weights;
  for (let from = weights; from < weights + (rowBytes << 1); from += 64) {
    const left = v128.load(from);
    const right = v128.load(from, 16);
    const nextLeft = v128.load(from, 32);
    const nextRight = v128.load(from, 48);
    const scale = v128.load(scales);
    const nextScale = v128.load(scales, 16);
    v128.store(rows, packInt16(toInt16(left, scale), toInt16(right, scale)));
    v128.store(rows, packInt16(toInt16(nextLeft, nextScale), toInt16(nextRight, nextScale)), 16);
    v128.store(pairs, pairInt16(toInt16(left, candidatesLeft), toInt16(nextLeft, candidatesLeft)));
    v128.store(pairs, pairInt16(toInt16(right, candidatesRight), toInt16(nextRight, candidatesRight)), 16);
    rows += 32;
    pairs += 32;
    scales += 32;
  }
  memory.copy(weights + rowBytes, spare, rowBytes);
}

/** Turns the weights of `count` rows, measured octet by octet, into integers. */
export function roundAllWeights(thread: i32, count: i32): void {
  finishScales(thread, count);
  for (let block = 0; block < blocks; block++) {
    for (let term = 0; term < terms; term++) {
      const scales = rowPeaks(thread, block, term);
      const candidates = candidatePeaks(thread, block, term);
      for (let octet = 0; octet < paddedRows >> 3; octet++) {
        const weights = planeOf(thread, block, term) + <usize>octet * planeOctetStride;
        roundWeights(weights, count, scales, candidates + (<usize>octet << 5), gradientTiles(thread));
      }
    }
  }
}
