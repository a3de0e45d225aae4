import { createRandom, type EmbeddingModel, type EmbedOptions, type Kernels, type Matrix } from '@embedbag/core';
import { expect } from 'vitest';

/** What the checks may watch and change of {@link textModel}. */
export interface TextModelOptions {
  readonly dimension: number;
  /** Another seed, other embeddings. */
  readonly seed: number;
  readonly kernels: Kernels;
  /** Give a promise instead of a matrix. */
  readonly isAsynchronous?: boolean;
  /** Called before every answer. */
  readonly onEmbed?: (texts: readonly string[]) => void;
}

/** A model whose embeddings are random numbers, the same for the same text; no two texts agree, and no text is empty. */
export function textModel({
  dimension,
  seed,
  kernels,
  isAsynchronous = false,
  onEmbed,
}: TextModelOptions): EmbeddingModel {
  const embed = (
    texts: readonly string[],
    { truncateDim = dimension, normalize = false }: EmbedOptions = {},
  ): Matrix => {
    expect(
      texts.every((text) => typeof text === 'string'),
      'what the model is asked for is texts',
    ).toBe(true);
    onEmbed?.(texts);
    const data = new Float32Array(texts.length * truncateDim);
    for (const [row, text] of texts.entries()) {
      const random = createRandom(seed, text);
      for (let d = 0; d < truncateDim; d++) data[row * truncateDim + d] = random.normal();
    }
    const matrix = { data, rows: texts.length, columns: truncateDim };
    if (normalize) kernels.normalizeRows(matrix);
    return matrix;
  };
  return { dimension, kernels, embed: isAsynchronous ? async (texts, options) => embed(texts, options) : embed };
}
