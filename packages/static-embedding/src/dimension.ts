import { EmbedbagError } from '@embedbag/core';

/**
 * Returns `dimension` when it is a whole number from 1 to `limit`, the model's own dimension.
 *
 * Throws `dimension-invalid` and `dimension-too-large`.
 */
export function requireDimension(name: string, dimension: number, limit: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw new EmbedbagError({
      code: 'dimension-invalid',
      message: `Expected \`${name}\` to be a whole number above 0, received ${dimension}. Pass the number of columns an embedding should have.`,
      details: { received: String(dimension) },
    });
  }
  if (dimension > limit) {
    throw new EmbedbagError({
      code: 'dimension-too-large',
      message: `Expected \`${name}\` to be at most the model's ${limit} dimensions, received ${dimension}. Lower it or train a wider StaticEmbedding.`,
      details: { limit, received: dimension },
    });
  }
  return dimension;
}
