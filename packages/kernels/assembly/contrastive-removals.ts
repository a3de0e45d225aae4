// The fused contrastive kernel, 5 of 9: the entries that a guide or equal texts remove, a stretch of rows at a time.
//
// What is found is written as one plane a block more, behind those of the terms: what to add to the logits of each entry, the
// candidate's bias or less.
import { pointerAt } from './arguments';
import {
  candidateBias, candidateColumn, guideCandidatesStride, guideDimsStride, guideMargin, guideOctets, guideTable,
  hasRelativeMargin, paddedRows, planeOctetStride, planeOf, queryColumn, segmentWord, terms, textTable, thresholds,
  zeroTile,
} from './contrastive-problem';
import { multiplyOctets } from './multiply';

/** What is added to the logit of a removed entry. */
const REMOVAL: f32 = -1e30;
/** The place of a row's own candidate where none is exempt: no octet reaches it. */
const NOWHERE: i32 = 1 << 30;

// The guide's columns have entries like the problem's: the layout by candidates, the layout by dims, the inverse norms.
// @ts-ignore: decorator
@inline
function guideColumn(column: i32, slot: i32): usize {
  return pointerAt(guideTable + (<usize>column << 7), slot);
}

/** What is added to the logits of one octet of candidates, by row. */
// @ts-ignore: decorator
@inline
export function removalsOf(thread: i32, block: i32, octet: i32): usize {
  return planeOf(thread, block, terms) + <usize>octet * planeOctetStride;
}

/** The guide's dot products of one octet of candidates with the rows from `row` whose tiles lie at `[begin, end)` bytes. */
function multiplyGuide(thread: i32, block: i32, octet: i32, row: i32, begin: usize, end: usize): void {
  const left = guideColumn(queryColumn(block), 2) + (<usize>row << 5);
  const right = guideColumn(candidateColumn(block), 1) + <usize>octet * guideCandidatesStride;
  const target = removalsOf(thread, block, octet);
  const segment = segmentWord(thread);
  store<i32>(segment, guideOctets);
  for (let at = begin; at < end; at += 128) {
    multiplyOctets(left + at, guideDimsStride, right, segment, 1, zeroTile(thread), target + at, 0);
  }
}

/** The cosine of each row's label as the guide sees it, less the margin: computed as any other, so that equals are equal. */
export function writeThresholds(thread: i32, row: i32, count: i32): void {
  const queryNorms = guideColumn(queryColumn(0), 3);
  const candidateNorms = guideColumn(candidateColumn(0), 3);
  for (let first = row; first < row + count; first += 8) {
    const octet = first >> 3;
    const begin = <usize>(first - row) << 5;
    multiplyGuide(thread, 0, octet, row, begin, begin + 256);
    for (let i = first; i < first + 8; i++) {
      const dot = load<f32>(removalsOf(thread, 0, octet) + (<usize>(i - row) << 5) + (<usize>(i & 7) << 2));
      const norms = load<f32>(queryNorms + (<usize>i << 2)) * load<f32>(candidateNorms + (<usize>i << 2));
      const label = dot * norms;
      const margin = hasRelativeMargin ? abs(label) * guideMargin : guideMargin;
      store<f32>(thresholds(thread) + (<usize>(i - row) << 2), label - margin);
    }
  }
}

/** Replaces the guide's dot products by what is added to the logits. */
function compareGuide(
  tile: usize,
  end: usize,
  norms: usize,
  inverse: usize,
  limits: usize,
  bias: usize,
  self: i32,
): void {
  const removal = f32x4.splat(REMOVAL);
  const inverseLeft = v128.load(inverse);
  const inverseRight = v128.load(inverse, 16);
  const biasLeft = v128.load(bias);
  const biasRight = v128.load(bias, 16);
  while (tile < end) {
    const norm = v128.load32_splat(norms);
    const limit = v128.load32_splat(limits);
    let left = f32x4.gt(f32x4.mul(v128.load(tile), f32x4.mul(norm, inverseLeft)), limit);
    let right = f32x4.gt(f32x4.mul(v128.load(tile, 16), f32x4.mul(norm, inverseRight)), limit);
    left = v128.andnot(left, i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(self)));
    right = v128.andnot(right, i32x4.eq(i32x4(4, 5, 6, 7), i32x4.splat(self)));
    v128.store(tile, f32x4.add(biasLeft, v128.and(removal, left)));
    v128.store(tile, f32x4.add(biasRight, v128.and(removal, right)), 16);
    norms += 4;
    limits += 4;
    tile += 32;
    self += 1;
  }
}

/** Removes the candidates whose number in `first` or `second` is the row's in `rowFirst` or `rowSecond`. */
function compareTexts(
  tile: usize,
  end: usize,
  first: usize,
  rowFirst: usize,
  second: usize,
  rowSecond: usize,
  self: i32,
): void {
  const removal = f32x4.splat(REMOVAL);
  const firstLeft = v128.load(first);
  const firstRight = v128.load(first, 16);
  const secondLeft = v128.load(second);
  const secondRight = v128.load(second, 16);
  while (tile < end) {
    const a = v128.load32_splat(rowFirst);
    const b = v128.load32_splat(rowSecond);
    let left = v128.or(i32x4.eq(firstLeft, a), i32x4.eq(secondLeft, b));
    let right = v128.or(i32x4.eq(firstRight, a), i32x4.eq(secondRight, b));
    left = v128.andnot(left, i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(self)));
    right = v128.andnot(right, i32x4.eq(i32x4(4, 5, 6, 7), i32x4.splat(self)));
    v128.store(tile, f32x4.add(v128.load(tile), v128.and(removal, left)));
    v128.store(tile, f32x4.add(v128.load(tile, 16), v128.and(removal, right)), 16);
    rowFirst += 4;
    rowSecond += 4;
    tile += 32;
    self += 1;
  }
}

function fillBias(tile: usize, end: usize, bias: usize): void {
  const left = v128.load(bias);
  const right = v128.load(bias, 16);
  for (; tile < end; tile += 32) {
    v128.store(tile, left);
    v128.store(tile, right, 16);
  }
}

/** The texts of column `column`, a number each, `[paddedRows]`. */
// @ts-ignore: decorator
@inline
function textsOf(column: i32): usize {
  return textTable + (<usize>column * <usize>paddedRows << 2);
}

/** Writes what is added to the logits of `count` rows from `row` and one octet of candidates. */
export function writeRemovals(thread: i32, block: i32, octet: i32, row: i32, count: i32): void {
  const candidates = candidateColumn(block);
  const tile = removalsOf(thread, block, octet);
  const end = tile + (<usize>count << 5);
  const bias = candidateBias(block) + (<usize>octet << 5);
  const self = row - (octet << 3);
  if (guideTable != 0) {
    const norms = guideColumn(queryColumn(block), 3) + (<usize>row << 2);
    const inverse = guideColumn(candidates, 3) + (<usize>octet << 5);
    multiplyGuide(thread, block, octet, row, 0, <usize>count << 5);
    compareGuide(tile, end, norms, inverse, thresholds(thread), bias, block == 0 ? self : NOWHERE);
  } else {
    fillBias(tile, end, bias);
  }
  if (textTable == 0) return;
  const rowOffset = <usize>row << 2;
  const octetOffset = <usize>octet << 5;
  if (candidates > 1) {
    const own = textsOf(1) + rowOffset;
    const others = textsOf(candidates) + octetOffset;
    compareTexts(tile, end, others, own, others, own, NOWHERE);
  } else {
    const anchors = textsOf(0);
    const positives = textsOf(1);
    compareTexts(
      tile, end, anchors + octetOffset, anchors + rowOffset, positives + octetOffset, positives + rowOffset, self,
    );
  }
}
