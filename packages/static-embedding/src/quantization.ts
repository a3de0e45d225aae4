import { EmbedbagError, type Matrix } from '@embedbag/core';
import type { EmbeddingMatrix, Precision } from './precision.js';

/** 8-bit codes span the range in 255 steps. */
const STEPS = 255;

/** Ranges that every value widens: the start of {@link widenRanges}. */
export function emptyRanges(columns: number): Matrix {
  const data = new Float32Array(2 * columns);
  data.fill(Number.POSITIVE_INFINITY, 0, columns);
  data.fill(Number.NEGATIVE_INFINITY, columns);
  return { data, rows: 2, columns };
}

/** Widens the `[2, columns]` minima and maxima in `ranges`, in place, until they hold every row of `embeddings`. */
export function widenRanges(ranges: Matrix, embeddings: Matrix): void {
  const { data, rows, columns } = embeddings;
  const bounds = ranges.data;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = data[row * columns + column]!;
      if (value < bounds[column]!) bounds[column] = value;
      if (value > bounds[columns + column]!) bounds[columns + column] = value;
    }
  }
}

/** Throws `ranges-missing` when ranges would have to be measured on fewer than two embeddings. */
export function requireMeasurable(count: number): void {
  if (count >= 2) return;
  throw new EmbedbagError({
    code: 'ranges-missing',
    message: `Expected at least 2 embeddings to measure quantisation ranges from, received ${count}. Call \`calibrate\` with a representative set of texts, or pass \`ranges\`.`,
    details: { received: count },
  });
}

/**
 * The smallest and the largest value of every column of `embeddings`, `[2, columns]`: minima in row 0, maxima in row 1.
 *
 * Throws `ranges-missing` when there are fewer than two rows, from which no range can be measured.
 */
export function quantizationRanges(embeddings: Matrix): Matrix {
  requireMeasurable(embeddings.rows);
  const ranges = emptyRanges(embeddings.columns);
  widenRanges(ranges, embeddings);
  return ranges;
}

function checkRanges(ranges: Matrix, columns: number): void {
  if (ranges.rows === 2 && ranges.columns === columns && ranges.data.length >= 2 * columns) return;
  throw new EmbedbagError({
    code: 'ranges-mismatch',
    message: `Expected \`ranges\` of shape [2, ${columns}], received [${ranges.rows}, ${ranges.columns}]. Calibrate with the \`truncateDim\` of the call.`,
    details: { expected: columns, received: ranges.columns },
  });
}

/** Writes `floor((x - minimum) / step)`, clipped to 0..255 and less `offset`, all in float32 as numpy computes it. */
function quantizeLinear(embeddings: Matrix, ranges: Matrix, offset: number, out: Int8Array | Uint8Array): void {
  const { data, rows, columns } = embeddings;
  checkRanges(ranges, columns);
  const steps = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const width = Math.fround(ranges.data[columns + column]! - ranges.data[column]!);
    // A column without extent has one code: a step of 1 keeps the division finite.
    steps[column] = Math.fround(width / STEPS) || 1;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const index = row * columns + column;
      const distance = Math.fround(data[index]! - ranges.data[column]!);
      const code = Math.floor(Math.fround(distance / steps[column]!));
      out[index] = Math.max(0, Math.min(code, STEPS)) - offset;
    }
  }
}

/**
 * Codes of -128 to 127 for `embeddings`, given the `[2, columns]` minima and maxima of every column.
 * Source: `quantize_embeddings` of sentence-transformers. Throws `ranges-mismatch`.
 */
export function quantizeInt8(embeddings: Matrix, ranges: Matrix): EmbeddingMatrix<'int8'> {
  const data = new Int8Array(embeddings.rows * embeddings.columns);
  quantizeLinear(embeddings, ranges, 128, data);
  return { data, rows: embeddings.rows, columns: embeddings.columns };
}

/**
 * Codes of 0 to 255 for `embeddings`, given the `[2, columns]` minima and maxima of every column.
 * Source: `quantize_embeddings` of sentence-transformers. Throws `ranges-mismatch`.
 */
export function quantizeUint8(embeddings: Matrix, ranges: Matrix): EmbeddingMatrix<'uint8'> {
  const data = new Uint8Array(embeddings.rows * embeddings.columns);
  quantizeLinear(embeddings, ranges, 0, data);
  return { data, rows: embeddings.rows, columns: embeddings.columns };
}

/**
 * One bit a dimension, set where the value is above 0; the first dimension in the highest bit, the last byte filled up
 * with zeros. Source: numpy's `packbits`.
 */
export function quantizeUbinary(embeddings: Matrix): EmbeddingMatrix<'ubinary'> {
  const { data, rows, columns } = embeddings;
  const rowBytes = Math.ceil(columns / 8);
  const packed = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (data[row * columns + column]! > 0) packed[row * rowBytes + (column >>> 3)]! |= 0x80 >>> (column & 7);
    }
  }
  return { data: packed, rows, columns: rowBytes };
}

/** The bits of {@link quantizeUbinary}, each byte less 128, so that it fits a signed byte. */
export function quantizeBinary(embeddings: Matrix): EmbeddingMatrix<'binary'> {
  const { data, rows, columns } = quantizeUbinary(embeddings);
  for (let index = 0; index < data.length; index++) data[index]! ^= 0x80;
  return { data: new Int8Array(data.buffer), rows, columns };
}

/** Tells the precisions that need ranges. */
export function needsRanges(precision: Precision): boolean {
  return precision === 'int8' || precision === 'uint8';
}

/**
 * Quantises `embeddings` to `precision`; `int8` and `uint8` need `ranges`, or measure them on `embeddings` themselves.
 *
 * Throws `ranges-missing` for a single embedding without ranges, `ranges-mismatch` for ranges of another dimension.
 *
 * @example
 * ```ts
 * import { quantizeEmbeddings } from '@embedbag/static-embedding';
 *
 * const embeddings = { data: Float32Array.of(0.5, -0.5, 0.25, 1), rows: 2, columns: 2 };
 * quantizeEmbeddings(embeddings, 'ubinary').data; // => Uint8Array(2) [ 128, 192 ]
 * ```
 */
export function quantizeEmbeddings<P extends Precision>(
  embeddings: Matrix,
  precision: P,
  ranges?: Matrix,
): EmbeddingMatrix<P> {
  return quantize(embeddings, precision, ranges) as EmbeddingMatrix<P>;
}

function quantize(embeddings: Matrix, precision: Precision, ranges: Matrix | undefined): EmbeddingMatrix<Precision> {
  switch (precision) {
    case 'float32':
      return embeddings;
    case 'int8':
      return quantizeInt8(embeddings, ranges ?? quantizationRanges(embeddings));
    case 'uint8':
      return quantizeUint8(embeddings, ranges ?? quantizationRanges(embeddings));
    case 'binary':
      return quantizeBinary(embeddings);
    case 'ubinary':
      return quantizeUbinary(embeddings);
  }
}
