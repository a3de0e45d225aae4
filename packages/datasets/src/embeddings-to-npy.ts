import { type EmbeddingRows, rowValues } from './embedding-rows.js';

/** Bytes before the values: enough for any count of rows, so that a writer can put in the count at the end. */
export const NPY_HEADER_BYTES = 128;

/** What a .npy header says. */
export interface NpyShape {
  readonly descr: '<f4' | '|i1' | '|u1';
  readonly rows: number;
  readonly columns: number;
}

/**
 * The embeddings as the bytes of a .npy file: shape `[rows, columns]`, dtype float32, int8 or uint8 after the array given.
 *
 * Follows NumPy's format specification, version 1.0.
 *
 * @throws EmbedbagError `matrix-too-short`.
 *
 * @example
 * ```ts
 * await writeFile('embeddings.npy', embeddingsToNpy({ data: new Float32Array(6), rows: 2, columns: 3 }));
 * ```
 */
export function embeddingsToNpy(matrix: EmbeddingRows): Uint8Array {
  const values = valueBytes(matrix);
  const bytes = new Uint8Array(NPY_HEADER_BYTES + values.byteLength);
  bytes.set(npyHeader({ descr: npyDescr(matrix), rows: matrix.rows, columns: matrix.columns }));
  bytes.set(values, NPY_HEADER_BYTES);
  return bytes;
}

/** The name NumPy has for the values of `matrix`. */
export function npyDescr(matrix: EmbeddingRows): NpyShape['descr'] {
  if (matrix.data instanceof Float32Array) return '<f4';
  return matrix.data instanceof Int8Array ? '|i1' : '|u1';
}

/** The values of `matrix` as they lie in memory, borrowed; every platform that runs Node.js is little-endian. */
export function valueBytes(matrix: EmbeddingRows): Uint8Array {
  const values = rowValues(matrix);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The first {@link NPY_HEADER_BYTES} bytes of a .npy file. */
export function npyHeader({ descr, rows, columns }: NpyShape): Uint8Array {
  const description = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const text = `${description.padEnd(NPY_HEADER_BYTES - 11, ' ')}\n`;
  const bytes = new Uint8Array(NPY_HEADER_BYTES);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  for (let index = 0; index < text.length; index++) bytes[10 + index] = text.charCodeAt(index);
  return bytes;
}
