import { EmbedbagError, emptyRanges, type Kernels, type Matrix, widenRanges } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import type { EmbeddingMatrix, Precision } from './precision.js';

/** A precision whose embeddings are codes or bits. */
export type QuantizedPrecision = Exclude<Precision, 'float32'>;

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

/** Tells the precisions that need ranges. */
export function needsRanges(precision: Precision): precision is 'int8' | 'uint8' {
  return precision === 'int8' || precision === 'uint8';
}

/** Zeros for `rows` embeddings of `dimension` dimensions in `precision`. */
export function quantizedZeros(
  precision: QuantizedPrecision,
  rows: number,
  dimension: number,
): EmbeddingMatrix<QuantizedPrecision> {
  const columns = needsRanges(precision) ? dimension : Math.ceil(dimension / 8);
  const isSigned = precision === 'int8' || precision === 'binary';
  return { data: isSigned ? new Int8Array(rows * columns) : new Uint8Array(rows * columns), rows, columns };
}

/** Writes the codes or the bits of `embeddings` into `out`, whose type tells signed from unsigned; see {@link Kernels}. */
export function quantizeInto(
  kernels: Kernels,
  embeddings: Matrix,
  precision: QuantizedPrecision,
  ranges: Matrix | undefined,
  out: Int8Array | Uint8Array,
): void {
  if (needsRanges(precision)) kernels.quantizeScalar(embeddings, ranges ?? quantizationRanges(embeddings), out);
  else kernels.quantizeBinary(embeddings, out);
}

/**
 * Codes of -128 to 127 for `embeddings`, given the `[2, columns]` minima and maxima of every column.
 * Source: `quantize_embeddings` of sentence-transformers. Throws `ranges-mismatch`.
 */
export function quantizeInt8(embeddings: Matrix, ranges: Matrix): EmbeddingMatrix<'int8'> {
  return quantizeEmbeddings(embeddings, 'int8', ranges);
}

/**
 * Codes of 0 to 255 for `embeddings`, given the `[2, columns]` minima and maxima of every column.
 * Source: `quantize_embeddings` of sentence-transformers. Throws `ranges-mismatch`.
 */
export function quantizeUint8(embeddings: Matrix, ranges: Matrix): EmbeddingMatrix<'uint8'> {
  return quantizeEmbeddings(embeddings, 'uint8', ranges);
}

/**
 * One bit a dimension, set where the value is above 0; the first dimension in the highest bit, the last byte filled up
 * with zeros. Source: numpy's `packbits`.
 */
export function quantizeUbinary(embeddings: Matrix): EmbeddingMatrix<'ubinary'> {
  return quantizeEmbeddings(embeddings, 'ubinary');
}

/** The bits of {@link quantizeUbinary}, each byte less 128, so that it fits a signed byte. */
export function quantizeBinary(embeddings: Matrix): EmbeddingMatrix<'binary'> {
  return quantizeEmbeddings(embeddings, 'binary');
}

/**
 * Quantises `embeddings` to `precision`, on one thread of plain TypeScript; `int8` and `uint8` need `ranges`, or measure
 * them on `embeddings` themselves. For many embeddings, `quantizeScalar` and `quantizeBinary` of `model.kernels` are faster.
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
  if (precision === 'float32') return embeddings;
  const result = quantizedZeros(precision, embeddings.rows, embeddings.columns);
  quantizeInto(createTypeScriptKernels(), embeddings, precision, ranges, result.data);
  return result;
}
