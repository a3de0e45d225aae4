import { EmbedbagError, type Matrix } from '@embedbag/core';

/** The highest of the 8-bit codes; they span a range in as many steps. */
const HIGHEST_CODE = 255;

/** What an Int8Array's codes and bytes are less than a Uint8Array's. */
const SIGNED_OFFSET = 128;

/** Bytes that a row of `columns` bits takes. */
export function bitRowBytes(columns: number): number {
  return Math.ceil(columns / 8);
}

/** Throws `output-too-short` unless `out` has room for `length` bytes. */
export function checkOutput(out: Int8Array | Uint8Array, length: number): void {
  if (out.length >= length) return;
  throw new EmbedbagError({
    code: 'output-too-short',
    message: `Expected \`out\` to hold ${length} bytes, received ${out.length}. Pass an array of at least that length.`,
    details: { expected: length, received: out.length },
  });
}

/** Throws `ranges-mismatch` unless `ranges` is `[2, columns]`. */
function checkRanges(ranges: Matrix, columns: number): void {
  if (ranges.rows === 2 && ranges.columns === columns && ranges.data.length >= 2 * columns) return;
  throw new EmbedbagError({
    code: 'ranges-mismatch',
    message: `Expected \`ranges\` of shape [2, ${columns}], received [${ranges.rows}, ${ranges.columns}] in ${ranges.data.length} values. Measure them on embeddings truncated to ${columns} dimensions.`,
    details: { expected: columns, received: ranges.columns },
  });
}

/** The extent of one code in every column, `[columns]`. Throws `ranges-mismatch`. */
export function quantizationSteps(ranges: Matrix, columns: number): Float32Array {
  checkRanges(ranges, columns);
  const steps = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const width = Math.fround(ranges.data[columns + column]! - ranges.data[column]!);
    // A column without extent has one code: a step of 1 keeps the division finite.
    steps[column] = Math.fround(width / HIGHEST_CODE) || 1;
  }
  return steps;
}

/** See {@link Kernels.quantizeScalar}. */
export function quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void {
  const { data, rows, columns } = matrix;
  const steps = quantizationSteps(ranges, columns);
  checkOutput(out, rows * columns);
  const minima = ranges.data;
  const offset = out instanceof Int8Array ? SIGNED_OFFSET : 0;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      const distance = Math.fround(data[start + column]! - minima[column]!);
      const quotient = Math.fround(distance / steps[column]!);
      // Written so that NaN gives 0.
      const code = quotient > 0 ? Math.min(Math.floor(quotient), HIGHEST_CODE) : 0;
      out[start + column] = code - offset;
    }
  }
}

/** See {@link Kernels.quantizeBinary}. */
export function quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void {
  const { data, rows, columns } = matrix;
  const rowBytes = bitRowBytes(columns);
  checkOutput(out, rows * rowBytes);
  const offset = out instanceof Int8Array ? SIGNED_OFFSET : 0;
  for (let row = 0; row < rows; row++) {
    for (let byte = 0; byte < rowBytes; byte++) {
      const first = row * columns + byte * 8;
      const width = Math.min(8, columns - byte * 8);
      let bits = 0;
      for (let i = 0; i < width; i++) if (data[first + i]! > 0) bits |= 0x80 >>> i;
      out[row * rowBytes + byte] = bits - offset;
    }
  }
}
