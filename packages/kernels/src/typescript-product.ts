/**
 * Register-blocked matrix products of float64 panels.
 *
 * A panel holds four rows (or four columns) of a matrix side by side, `[depth][4]`, so that the inner loop reads forward only.
 * Panels that stick out over the edge are filled with zeros, and every buffer that a product writes into is padded to
 * multiples of four: the inner loop then has one shape, and equal rows get bit-equal products wherever they stand.
 */

/** Rows and columns of one register tile. */
const TILE = 4;

/** Float32 in training and serving; float64 where a test takes central differences. */
export type FloatArray = Float32Array | Float64Array;

/** The smallest multiple of {@link TILE} that is at least `count`. */
export function padToTile(count: number): number {
  return Math.ceil(count / TILE) * TILE;
}

/** A rectangle of a row-major matrix. */
export interface Rectangle {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly columnStart: number;
  readonly columnEnd: number;
}

/** Packs `rectangle` into panels of four rows; the depth runs over its columns. */
export function packRows(
  matrix: FloatArray,
  stride: number,
  rectangle: Rectangle,
  out: Float64Array,
  outOffset: number,
): void {
  const { rowStart, rowEnd, columnStart, columnEnd } = rectangle;
  let panel = outOffset;
  for (let row = rowStart; row < rowEnd; row += TILE) {
    for (let lane = 0; lane < TILE; lane++) {
      let target = panel + lane;
      if (row + lane >= rowEnd) {
        for (let column = columnStart; column < columnEnd; column++, target += TILE) out[target] = 0;
        continue;
      }
      let source = (row + lane) * stride + columnStart;
      for (let column = columnStart; column < columnEnd; column++, target += TILE) out[target] = matrix[source++]!;
    }
    panel += TILE * (columnEnd - columnStart);
  }
}

/** Packs `rectangle` into panels of four columns; the depth runs over its rows. */
export function packColumns(
  matrix: FloatArray,
  stride: number,
  rectangle: Rectangle,
  out: Float64Array,
  outOffset: number,
): void {
  const { rowStart, rowEnd, columnStart, columnEnd } = rectangle;
  const panelLength = TILE * (rowEnd - rowStart);
  for (let row = rowStart; row < rowEnd; row++) {
    let target = outOffset + (row - rowStart) * TILE;
    const source = row * stride;
    for (let column = columnStart; column < columnEnd; column += TILE, target += panelLength) {
      for (let lane = 0; lane < TILE; lane++) {
        out[target + lane] = column + lane < columnEnd ? matrix[source + column + lane]! : 0;
      }
    }
  }
}

/** One product of packed panels, `out = addend + left * right`. */
export interface PanelProduct {
  readonly left: Float64Array;
  readonly leftOffset: number;
  /** Rows of the product, rounded up to whole panels. */
  readonly rows: number;
  readonly right: Float64Array;
  readonly rightOffset: number;
  /** Columns of the product, rounded up to whole panels. */
  readonly columns: number;
  readonly depth: number;
  /** Row-major, `stride` values a row. */
  readonly out: Float64Array;
  readonly outOffset: number;
  readonly stride: number;
  /** Where in `out` the matrix to add begins, with the same stride; `outOffset` adds in place, -1 adds nothing. */
  readonly addendOffset: number;
}

/** Multiplies all panels of a product. */
export function multiplyPanels(product: PanelProduct): void {
  const { left, leftOffset, right, rightOffset, depth, out, outOffset, stride, addendOffset } = product;
  const panelLength = TILE * depth;
  const rowPanels = Math.ceil(product.rows / TILE);
  const columnPanels = Math.ceil(product.columns / TILE);
  for (let j = 0; j < columnPanels; j++) {
    const rightPanel = rightOffset + j * panelLength;
    for (let i = 0; i < rowPanels; i++) {
      const position = i * TILE * stride + j * TILE;
      const addend = addendOffset < 0 ? -1 : addendOffset + position;
      multiplyTile(
        left,
        leftOffset + i * panelLength,
        right,
        rightPanel,
        depth,
        out,
        outOffset + position,
        stride,
        addend,
      );
    }
  }
}

/** One 4 x 4 tile; sixteen sums stay in registers while the depth runs. */
function multiplyTile(
  left: Float64Array,
  leftStart: number,
  right: Float64Array,
  rightStart: number,
  depth: number,
  out: Float64Array,
  outStart: number,
  stride: number,
  addendStart: number,
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  let l = leftStart;
  let r = rightStart;
  for (let k = 0; k < depth; k++) {
    const a0 = left[l]!,
      a1 = left[l + 1]!,
      a2 = left[l + 2]!,
      a3 = left[l + 3]!;
    const b0 = right[r]!,
      b1 = right[r + 1]!,
      b2 = right[r + 2]!,
      b3 = right[r + 3]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
    l += TILE;
    r += TILE;
  }
  writeRow(out, outStart, addendStart, s00, s01, s02, s03);
  writeRow(out, outStart + stride, addendStart < 0 ? -1 : addendStart + stride, s10, s11, s12, s13);
  writeRow(out, outStart + 2 * stride, addendStart < 0 ? -1 : addendStart + 2 * stride, s20, s21, s22, s23);
  writeRow(out, outStart + 3 * stride, addendStart < 0 ? -1 : addendStart + 3 * stride, s30, s31, s32, s33);
}

function writeRow(
  out: Float64Array,
  start: number,
  addendStart: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  if (addendStart < 0) {
    out[start] = a;
    out[start + 1] = b;
    out[start + 2] = c;
    out[start + 3] = d;
    return;
  }
  out[start] = out[addendStart]! + a;
  out[start + 1] = out[addendStart + 1]! + b;
  out[start + 2] = out[addendStart + 2]! + c;
  out[start + 3] = out[addendStart + 3]! + d;
}
