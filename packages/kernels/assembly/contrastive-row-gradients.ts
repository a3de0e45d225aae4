// The fused contrastive kernel, 8 of 9: the gradient of the rows.
import {
  asks, blocks, byDims, byPairs, candidateColumn, columns, dimension, dimsStride, embeddings, endColumn, endOctet,
  firstColumn, firstOctet, gradientOf, gradientTiles, int16, inverseNorms, octetColumn, octetWidth, paddedRows,
  planeOctetStride, planeOf,
  queryColumn, rowScales, rowSums, rows, rowsPerThread, segmentWord, terms, tileStride,
} from './contrastive-problem';
import { rowUnits } from './contrastive-int16-weights';
import { addInt16Gradient } from './int16';
import { multiplyOctets } from './multiply';
import { multiplyWeightsInt16 } from './multiply-int16';
import { multiplyAdd, sumLanes } from './vector';

/** Octets of candidates that are multiplied at a time: 512 * 8 float32 of a panel, 16 KiB, half of the first cache. */
const OCTETS_AT_A_TIME: i32 = 64;

/** The tiles of `column`'s gradient at `term`, an octet of dims every `tileStride` bytes: all blocks in which it asks, weights times candidates. */
function multiplyWeights(thread: i32, column: i32, term: i32, count: i32): void {
  const first = firstOctet(term);
  const end = endOctet(term);
  const tiles = gradientTiles(thread);
  const tileBytes = <usize>count << 5;
  const candidateOctets = paddedRows >> 3;
  memory.fill(tiles, 0, <usize>(end - first) * tileStride);
  for (let block = 0; block < blocks; block++) {
    if (queryColumn(block) != column) continue;
    const panels = int16 ? byPairs(candidateColumn(block)) : byDims(candidateColumn(block));
    const octetShift: usize = int16 ? 7 : 8;
    const weights = planeOf(thread, block, term);
    const units = rowUnits(thread, block, term);
    const segment = segmentWord(thread);
    for (let octet = 0; octet < candidateOctets; octet += OCTETS_AT_A_TIME) {
      store<i32>(segment, min(OCTETS_AT_A_TIME, candidateOctets - octet));
      const left = weights + <usize>octet * planeOctetStride;
      let target = tiles;
      for (let dims = first; dims < end; dims++) {
        const right = panels + <usize>dims * dimsStride + (<usize>octet << octetShift);
        for (let at: usize = 0; at < tileBytes; at += 128) {
          if (int16) {
            multiplyWeightsInt16(left + (at >> 1), planeOctetStride, right, segment, units + (at >> 1), target + at);
          } else {
            multiplyOctets(left + at, planeOctetStride, right, segment, 1, target + at, target + at, 0);
          }
        }
        target += tileStride;
      }
    }
  }
}

/** Adds the tiles of `term` to `column`'s gradient, less the part along the row itself (`radial` times the row). */
function addRowGradient(thread: i32, column: i32, term: i32, row: i32, i: i32, radial: f32): void {
  const factor = f32x4.splat(-radial);
  const rowOffset = <usize>(row + i) * <usize>dimension << 2;
  const first = firstColumn(term);
  const wholeBytes = <usize>(endColumn(term) - first) << 2 & ~31;
  let own = embeddings(column) + rowOffset + (<usize>first << 2);
  let target = gradientOf(column) + rowOffset + (<usize>first << 2);
  let tile = gradientTiles(thread) + (<usize>i << 5);
  for (const end = target + wholeBytes; target < end; target += 32) {
    const left = multiplyAdd(factor, v128.load(own), v128.load(tile));
    const right = multiplyAdd(factor, v128.load(own, 16), v128.load(tile, 16));
    v128.store(target, f32x4.add(v128.load(target), left));
    v128.store(target, f32x4.add(v128.load(target, 16), right), 16);
    own += 32;
    tile += tileStride;
  }
  for (const end = gradientOf(column) + rowOffset + (<usize>endColumn(term) << 2); target < end; target += 4) {
    store<f32>(target, load<f32>(target) + (load<f32>(tile) - radial * load<f32>(own)));
    own += 4;
    tile += 4;
  }
}

/** As {@link addRowGradient}, of rows of integers: their gradient times their scale. */
function addRowGradientInt16(thread: i32, column: i32, term: i32, row: i32, i: i32, radial: f32): void {
  const target = gradientOf(column) + (<usize>(row + i) * <usize>dimension << 2);
  const scale = load<f32>(rowScales(column) + (<usize>(row + i) << 2));
  let own = byDims(column) + <usize>firstOctet(term) * dimsStride + (<usize>(row + i) << 4);
  let tile = gradientTiles(thread) + (<usize>i << 5);
  for (let octet = firstOctet(term); octet < endOctet(term); octet++) {
    addInt16Gradient(target + (<usize>octetColumn(octet) << 2), octetWidth(octet), own, radial, scale, tile);
    own += dimsStride;
    tile += tileStride;
  }
}

/** Writes the gradients of `count` rows from `row` of all columns that ask. */
export function writeRowGradients(thread: i32, row: i32, count: i32): void {
  for (let column = 0; column < columns; column++) {
    if (!asks(column)) continue;
    for (let term = 0; term < terms; term++) {
      multiplyWeights(thread, column, term, count);
      for (let i = 0; i < count && row + i < rows; i++) {
        let radial: f32 = 0;
        for (let later = term; later < terms; later++) {
          const norm = load<f32>(inverseNorms(column) + (<usize>(later * paddedRows + row + i) << 2));
          const sums = rowSums(thread) + (<usize>((column * terms + later) * rowsPerThread + i) << 4);
          radial += sumLanes(v128.load(sums)) * norm * norm;
        }
        if (int16) addRowGradientInt16(thread, column, term, row, i, radial);
        else addRowGradient(thread, column, term, row, i, radial);
      }
    }
  }
}
