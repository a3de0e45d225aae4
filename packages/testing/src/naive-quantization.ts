import { EmbedbagError, type Matrix } from '@embedbag/core';

/** Bytes of codes or bits, signed or not. */
export type ByteArray = Int8Array | Uint8Array;

/** An array of `length` zeros of the same kind as `like`; throws `output-too-short` when `like` is shorter. */
function bytesLike(like: ByteArray, length: number): ByteArray {
  if (like.length < length) {
    throw new EmbedbagError({
      code: 'output-too-short',
      message: `Expected \`out\` to hold ${length} bytes, received ${like.length}. Pass a longer array.`,
    });
  }
  return like instanceof Int8Array ? new Int8Array(length) : new Uint8Array(length);
}

/** The code of `value` in 0..255, each operation rounded to float32. */
function naiveCode(value: number, minimum: number, maximum: number): number {
  const { fround } = Math;
  const step = fround(fround(maximum - minimum) / 255);
  const quotient = fround(fround(value - minimum) / (step === 0 || Number.isNaN(step) ? 1 : step));
  if (Number.isNaN(quotient)) return 0;
  return Math.max(0, Math.min(255, Math.floor(quotient)));
}

/** The 8-bit codes of `matrix`, `[rows, columns]`, of the kind of `like`; throws `ranges-mismatch`, `output-too-short`. */
export function naiveCodes(matrix: Matrix, ranges: Matrix, like: ByteArray): ByteArray {
  const { data, rows, columns } = matrix;
  if (ranges.rows !== 2 || ranges.columns !== columns || ranges.data.length < 2 * columns) {
    throw new EmbedbagError({
      code: 'ranges-mismatch',
      message: `Expected \`ranges\` of shape [2, ${columns}], received another. Measure them on the same columns.`,
    });
  }
  const codes = bytesLike(like, rows * columns);
  for (let i = 0; i < codes.length; i++) {
    const column = i % columns;
    const code = naiveCode(data[i]!, ranges.data[column]!, ranges.data[columns + column]!);
    codes[i] = like instanceof Int8Array ? code - 128 : code;
  }
  return codes;
}

/** The bits of `matrix`, `[rows, ceil(columns / 8)]` bytes, of the kind of `like`; throws `output-too-short`. */
export function naiveBits(matrix: Matrix, like: ByteArray): ByteArray {
  const { data, rows, columns } = matrix;
  const rowBytes = Math.ceil(columns / 8);
  const bytes = bytesLike(like, rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let byte = 0; byte < rowBytes; byte++) {
      const values = data.subarray(row * columns + byte * 8, row * columns + Math.min(columns, byte * 8 + 8));
      const digits = Array.from(values, (value) => (value > 0 ? '1' : '0'));
      const number = Number.parseInt(digits.join('').padEnd(8, '0'), 2);
      bytes[row * rowBytes + byte] = like instanceof Int8Array ? number - 128 : number;
    }
  }
  return bytes;
}
