import { EmbedbagError } from '@embedbag/core';

/** Embeddings of several texts, row-major; a `Matrix` of `@embedbag/core`, or quantised ones. */
export interface EmbeddingRows {
  /** `[rows, columns]`; may be longer, the rest is ignored. */
  readonly data: Float32Array | Int8Array | Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

/** The values that count, borrowed. @throws EmbedbagError `matrix-too-short`. */
export function rowValues<T extends EmbeddingRows['data']>(matrix: EmbeddingRows & { readonly data: T }): T {
  const length = matrix.rows * matrix.columns;
  if (matrix.data.length >= length) return matrix.data.subarray(0, length) as T;
  throw new EmbedbagError({
    code: 'matrix-too-short',
    message: `Expected ${matrix.rows} rows of ${matrix.columns} values, received ${matrix.data.length} values. Give \`data\` of rows x columns values.`,
    details: { expected: length, received: matrix.data.length },
  });
}
