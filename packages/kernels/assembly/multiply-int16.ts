// The inner products of multiply.ts on 16-bit integers: a word of one operand, two integers, meets the same two of the other,
// and their sum is one instruction. On x86-64 a tile of 4 x 8 takes 1.9 times the terms a second that float32 does.
//
// Sums stay in 32-bit integers over one call and no longer; the loops must stay rolled, as there.

// @ts-ignore: decorator
@inline
function addProducts(a: v128, b: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

// @ts-ignore: decorator
@inline
function addScaled(tile: usize, sums: v128, scale: v128): void {
  v128.store(tile, f32x4.add(v128.load(tile), f32x4.mul(f32x4.convert_i32x4_s(sums), scale)));
}

/** `tile[8] += sums * scale`: one row of a tile. */
// @ts-ignore: decorator
@inline
function addRow(tile: usize, left: v128, right: v128, scale: v128): void {
  addScaled(tile, left, scale);
  addScaled(tile + 16, right, scale);
}

// @ts-ignore: decorator
@inline
function addTo(target: usize, source: usize, sums: v128): void {
  v128.store(target, f32x4.add(v128.load(source), f32x4.convert_i32x4_s(sums)));
}

/**
 * Both products of rows by rows with panels. `scaled` adds the sums times `scales` to the one tile at `target`; else they are
 * added to the tile at `source` after every segment and written to `target`.
 */
// @ts-ignore: decorator
@inline
function multiply(
  scaled: bool,
  rows: usize,
  octetStride: usize,
  panel: usize,
  segments: usize,
  count: i32,
  source: usize,
  target: usize,
  targetStep: usize,
  scales: usize,
): void {
  let s00 = i32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  const step = octetStride - 16;
  const segmentsEnd = segments + (<usize>count << 2);
  while (segments < segmentsEnd) {
    const end = panel + (load<u32>(segments) << 7);
    while (panel < end) {
      const octetEnd = panel + 128;
      while (panel < octetEnd) {
        let left = v128.load(panel);
        let right = v128.load(panel, 16);
        let x = v128.load32_splat(rows);
        s00 = addProducts(x, left, s00);
        s01 = addProducts(x, right, s01);
        x = v128.load32_splat(rows, 16);
        s10 = addProducts(x, left, s10);
        s11 = addProducts(x, right, s11);
        x = v128.load32_splat(rows, 32);
        s20 = addProducts(x, left, s20);
        s21 = addProducts(x, right, s21);
        x = v128.load32_splat(rows, 48);
        s30 = addProducts(x, left, s30);
        s31 = addProducts(x, right, s31);
        rows += 4;
        panel += 32;
      }
      rows += step;
    }
    if (scaled) {
      addRow(target, s00, s01, v128.load(scales));
      addRow(target + 32, s10, s11, v128.load(scales, 16));
      addRow(target + 64, s20, s21, v128.load(scales, 32));
      addRow(target + 96, s30, s31, v128.load(scales, 48));
    } else {
      addTo(target, source, s00);
      addTo(target + 16, source + 16, s01);
      addTo(target + 32, source + 32, s10);
      addTo(target + 48, source + 48, s11);
      addTo(target + 64, source + 64, s20);
      addTo(target + 80, source + 80, s21);
      addTo(target + 96, source + 96, s30);
      addTo(target + 112, source + 112, s31);
    }
    target += targetStep;
    segments += 4;
  }
}

/**
 * As `multiplyOctets`: `rows` are 4 rows in octets of depth, 16 bytes a row, `panel` is `[4 * octets][8]` words. `source` and
 * `target` are float32 as there.
 */
export function multiplyOctetsInt16(
  rows: usize,
  octetStride: usize,
  panel: usize,
  segments: usize,
  count: i32,
  source: usize,
  target: usize,
  targetStep: usize,
): void {
  multiply(false, rows, octetStride, panel, segments, count, source, target, targetStep, 0);
}

/**
 * Adds to a tile of 4 rows and 8 dims, `[4][8]`, the product of the rows' weights with octets of candidates by pairs,
 * `[4 * octets][8]` words at `panel`; `segment` holds how many octets. `weights`: those of the 4 rows by rows, an octet of
 * candidates `octetStride` bytes. `scales`: what each row's sums are multiplied by, `[4][4]`, the same in 4 lanes.
 */
export function multiplyWeightsInt16(
  weights: usize,
  octetStride: usize,
  panel: usize,
  segment: usize,
  scales: usize,
  tile: usize,
): void {
  multiply(true, weights, octetStride, panel, segment, 1, 0, tile, 0, scales);
}

/**
 * Adds to a tile of 4 candidates and 8 dims, `[4][8]`, the product of their weights with rows by pairs, words `[8]` from `panel`
 * to `end`. `weights`: the words of the 4 candidates, a pair of rows 32 bytes. `scales`: what each candidate's sums are
 * multiplied by, `[4]`.
 */
export function multiplyTransposedInt16(weights: usize, panel: usize, end: usize, scales: usize, tile: usize): void {
  let s00 = i32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  while (panel < end) {
    let left = v128.load(panel);
    let right = v128.load(panel, 16);
    let x = v128.load32_splat(weights);
    s00 = addProducts(x, left, s00);
    s01 = addProducts(x, right, s01);
    x = v128.load32_splat(weights, 4);
    s10 = addProducts(x, left, s10);
    s11 = addProducts(x, right, s11);
    x = v128.load32_splat(weights, 8);
    s20 = addProducts(x, left, s20);
    s21 = addProducts(x, right, s21);
    x = v128.load32_splat(weights, 12);
    s30 = addProducts(x, left, s30);
    s31 = addProducts(x, right, s31);
    weights += 32;
    panel += 32;
  }
  addRow(tile, s00, s01, v128.load32_splat(scales));
  addRow(tile + 32, s10, s11, v128.load32_splat(scales, 4));
  addRow(tile + 64, s20, s21, v128.load32_splat(scales, 8));
  addRow(tile + 96, s30, s31, v128.load32_splat(scales, 12));
}
