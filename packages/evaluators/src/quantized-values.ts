import { EmbedbagError, emptyRanges, type Kernels, type Matrix, widenRanges } from '@embedbag/core';

/** How embeddings are stored before they are compared. */
export type EvaluatedPrecision = 'float32' | 'int8' | 'uint8' | 'binary' | 'ubinary';

const PRECISIONS: readonly EvaluatedPrecision[] = ['float32', 'int8', 'uint8', 'binary', 'ubinary'];

/** Throws `precision-unknown`. */
export function checkPrecision(precision: EvaluatedPrecision): void {
  if (PRECISIONS.includes(precision)) return;
  throw new EmbedbagError({
    code: 'precision-unknown',
    message: `Expected \`precision\` to be one of ${PRECISIONS.map((name) => `\`${name}\``).join(', ')}, received \`${precision}\`. Choose among these.`,
    details: { received: String(precision) },
  });
}

/** The matrices as codes of 8 bits, with ranges measured on all of them together. */
function scalarCodes(matrices: readonly Matrix[], codes: 'int8' | 'uint8', kernels: Kernels): Matrix[] {
  const ranges = emptyRanges(matrices[0]!.columns);
  for (const matrix of matrices) widenRanges(ranges, matrix);
  return matrices.map((matrix) => {
    const length = matrix.rows * matrix.columns;
    const out = codes === 'int8' ? new Int8Array(length) : new Uint8Array(length);
    kernels.quantizeScalar(matrix, ranges, out);
    return { ...matrix, data: Float32Array.from(out) };
  });
}

/**
 * The values by which embeddings in `precision` are compared: codes, or 1 for every value above 0 and else 0.
 * `matrices` have the same columns and are normalised; they are not changed.
 */
export function quantizedValues(
  matrices: readonly Matrix[],
  precision: EvaluatedPrecision,
  kernels: Kernels,
): Matrix[] {
  if (precision === 'float32') return [...matrices];
  if (precision === 'int8' || precision === 'uint8') return scalarCodes(matrices, precision, kernels);
  return matrices.map((matrix) => ({
    ...matrix,
    data: matrix.data.subarray(0, matrix.rows * matrix.columns).map((value) => (value > 0 ? 1 : 0)),
  }));
}
