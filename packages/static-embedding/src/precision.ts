/** The array that holds embeddings of each precision. */
export interface EmbeddingArrays {
  readonly float32: Float32Array;
  /** One code from -128 to 127 a dimension. */
  readonly int8: Int8Array;
  /** One code from 0 to 255 a dimension. */
  readonly uint8: Uint8Array;
  /** One bit a dimension, eight to a byte, the first in the highest bit, each byte less 128. */
  readonly binary: Int8Array;
  /** One bit a dimension, eight to a byte, the first in the highest bit. */
  readonly ubinary: Uint8Array;
}

/** How an embedding is stored: `float32` or one of four quantised forms. */
export type Precision = keyof EmbeddingArrays;

/** The array that one embedding of precision `P` comes in. */
export type EmbeddingArray<P extends Precision = 'float32'> = EmbeddingArrays[P];

/** Embeddings of several texts, row-major. With `float32` it is a `Matrix` of `@embedbag/core`. */
export interface EmbeddingMatrix<P extends Precision = 'float32'> {
  /** `[rows, columns]`. */
  readonly data: EmbeddingArrays[P];
  readonly rows: number;
  /** Array entries an embedding: its dimensions, or an eighth of them (rounded up) for `binary` and `ubinary`. */
  readonly columns: number;
}

/** Every {@link Precision}. */
export const PRECISIONS: readonly Precision[] = ['float32', 'int8', 'uint8', 'binary', 'ubinary'];
