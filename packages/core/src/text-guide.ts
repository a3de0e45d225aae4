import type { Matrix } from './kernels.js';

/** Where the texts that a {@link TextGuide} gets stand: what a guide with embeddings made before the run goes by. */
export interface TextPlace {
  /** The dataset's name. */
  readonly dataset: string;
  /** The column in that dataset: 0 the anchors, 1 the positives, ... */
  readonly column: number;
  /** The row number of every text. */
  readonly rows: Int32Array;
}

/**
 * A second model that a loss asks about its texts: the guide of GISTEmbedLoss, the teacher of EmbedDistillLoss.
 *
 * It returns one embedding a text, `[texts, dimension]`, of the same dimension at every call; the loss keeps them for one
 * step and changes nothing. It is asked once a column and step, and may do what takes time: run a transformer, read a file.
 *
 * @example
 * ```ts
 * const lengths: TextGuide = (texts) => {
 *   return { data: Float32Array.from(texts, (text) => text.length), rows: texts.length, columns: 1 };
 * };
 * ```
 */
export type TextGuide = (
  texts: readonly string[],
  signal: AbortSignal | undefined,
  place: TextPlace,
) => Matrix | Promise<Matrix>;
