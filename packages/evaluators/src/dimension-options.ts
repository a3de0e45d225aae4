import { EmbedbagError, type EmbeddingModel } from '@embedbag/core';

/** How many columns of the embeddings an evaluator looks at. */
export interface DimensionOptions {
  /**
   * Measure with only the first so many columns of the embeddings. Every text is embedded once for all of them.
   * Default: all columns.
   */
  readonly truncateDims?: readonly number[];
}

/** Throws `code` unless `value`, given as `option`, is a whole number of at least 1. */
export function requireWhole(value: number, option: string, code: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new EmbedbagError({
    code,
    message: `Expected \`${option}\` to be a whole number of at least 1, received ${value}. Give one such as 256.`,
    details: { received: String(value) },
  });
}

/** A copy of the dims of `options`; throws `dimension-invalid`. */
export function resolveTruncateDims({ truncateDims }: DimensionOptions): readonly number[] | undefined {
  if (truncateDims === undefined) return undefined;
  if (truncateDims.length === 0) {
    throw new EmbedbagError({
      code: 'dimension-invalid',
      message: 'Expected `truncateDims` to hold at least one entry, received none. Leave it out for the default.',
      details: { received: '' },
    });
  }
  for (const [i, dim] of truncateDims.entries()) requireWhole(dim, `truncateDims[${i}]`, 'dimension-invalid');
  return [...truncateDims];
}

/** The dims to measure with, each once; throws `dimension-too-large`. */
export function dimensionsFor(model: EmbeddingModel, truncateDims: readonly number[] | undefined): number[] {
  const dims = [...new Set(truncateDims ?? [model.dimension])];
  const tooLarge = dims.find((dim) => dim > model.dimension);
  if (tooLarge === undefined) return dims;
  throw new EmbedbagError({
    code: 'dimension-too-large',
    message: `Expected \`truncateDims\` to be at most the model's ${model.dimension} dimensions, received ${tooLarge}. Lower it or train a wider model.`,
    details: { limit: model.dimension, received: tooLarge },
  });
}
