// The two inner products of the contrastive kernel, each on a register tile of 4 x 8.
//
// The loops must stay rolled: of several steps in one body V8 loads the operands early and spills the sums, which halves
// the speed (Node 20, x86-64: 53 GFLOP/s rolled, 24 to 32 unrolled by 2 to 8).
import { multiplyAdd } from './vector';

/**
 * `target = source + rows x panel`, a tile of 4 rows and 8 columns, `[4][8]` at `source` and at `target`; and at the end of
 * every segment of the depth the sums so far, each `targetStep` after the last.
 *
 * `rows`: 4 rows in octets, depth `8 o + k` of row `r` at `rows + o * octetStride + r * 32 + k * 4`.
 * `panel`: `[8 * octets][8]`. `segments`: `count` int32, the octets of each segment. Four rows by eight columns is the
 * largest tile whose sums, operands and the splatted value fit into the 16 vector registers of x86-64; with 6 x 8 the engine
 * spills and is half as fast.
 */
export function multiplyOctets(
  rows: usize,
  octetStride: usize,
  panel: usize,
  segments: usize,
  count: i32,
  source: usize,
  target: usize,
  targetStep: usize,
): void {
  let s00 = v128.load(source);
  let s01 = v128.load(source, 16);
  let s10 = v128.load(source, 32);
  let s11 = v128.load(source, 48);
  let s20 = v128.load(source, 64);
  let s21 = v128.load(source, 80);
  let s30 = v128.load(source, 96);
  let s31 = v128.load(source, 112);
  const step = octetStride - 32;
  const segmentsEnd = segments + (<usize>count << 2);
  while (segments < segmentsEnd) {
    const end = panel + (load<u32>(segments) << 8);
    while (panel < end) {
      const octetEnd = panel + 256;
      while (panel < octetEnd) {
        let left = v128.load(panel);
        let right = v128.load(panel, 16);
        let x = v128.load32_splat(rows);
        s00 = multiplyAdd(x, left, s00);
        s01 = multiplyAdd(x, right, s01);
        x = v128.load32_splat(rows, 32);
        s10 = multiplyAdd(x, left, s10);
        s11 = multiplyAdd(x, right, s11);
        x = v128.load32_splat(rows, 64);
        s20 = multiplyAdd(x, left, s20);
        s21 = multiplyAdd(x, right, s21);
        x = v128.load32_splat(rows, 96);
        s30 = multiplyAdd(x, left, s30);
        s31 = multiplyAdd(x, right, s31);
        rows += 4;
        panel += 32;
      }
      rows += step;
    }
    v128.store(target, s00);
    v128.store(target, s01, 16);
    v128.store(target, s10, 32);
    v128.store(target, s11, 48);
    v128.store(target, s20, 64);
    v128.store(target, s21, 80);
    v128.store(target, s30, 96);
    v128.store(target, s31, 112);
    target += targetStep;
    segments += 4;
  }
}

/**
 * Adds to a tile of 4 candidates and 8 dims, `[4][8]`, the product of `rows` rows of a plane (`[rows][8]` candidates, of
 * which the 4 at `weights`) with as many rows of `panel` (`[rows][8]` dims); and that over `parts` planes, one
 * `partStride` after the other, whose rows go on in `panel`. The sums stay in registers all the while.
 */
export function multiplyTransposed(
  weights: usize,
  partStride: usize,
  parts: i32,
  rows: i32,
  panel: usize,
  panelEnd: usize,
  tile: usize,
): void {
  let s00 = v128.load(tile);
  let s01 = v128.load(tile, 16);
  let s10 = v128.load(tile, 32);
  let s11 = v128.load(tile, 48);
  let s20 = v128.load(tile, 64);
  let s21 = v128.load(tile, 80);
  let s30 = v128.load(tile, 96);
  let s31 = v128.load(tile, 112);
  const partBytes = <usize>rows << 5;
  for (let part = 0; part < parts; part++) {
    let w = weights + <usize>part * partStride;
    const end = min(panel + partBytes, panelEnd);
    while (panel < end) {
      let left = v128.load(panel);
      let right = v128.load(panel, 16);
      let x = v128.load32_splat(w);
      s00 = multiplyAdd(x, left, s00);
      s01 = multiplyAdd(x, right, s01);
      x = v128.load32_splat(w, 4);
      s10 = multiplyAdd(x, left, s10);
      s11 = multiplyAdd(x, right, s11);
      x = v128.load32_splat(w, 8);
      s20 = multiplyAdd(x, left, s20);
      s21 = multiplyAdd(x, right, s21);
      x = v128.load32_splat(w, 12);
      s30 = multiplyAdd(x, left, s30);
      s31 = multiplyAdd(x, right, s31);
      w += 32;
      panel += 32;
    }
  }
  v128.store(tile, s00);
  v128.store(tile, s01, 16);
  v128.store(tile, s10, 32);
  v128.store(tile, s11, 48);
  v128.store(tile, s20, 64);
  v128.store(tile, s21, 80);
  v128.store(tile, s30, 96);
  v128.store(tile, s31, 112);
}
