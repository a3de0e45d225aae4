import { EmbedbagError } from './embedbag-error.js';
import type { TopKRequest } from './kernels.js';

/**
 * The number of columns that a search compares: `dimension`, or all.
 *
 * Every backend calls this first, so that all refuse the same requests in the same words.
 *
 * @throws EmbedbagError `shape-mismatch` where queries and documents have different columns, `dimension-too-large` where
 * `dimension` is not a number of their columns.
 */
export function comparedDimension(request: TopKRequest): number {
  const { queries, documents } = request;
  const dimension = request.dimension ?? queries.columns;
  if (queries.columns !== documents.columns) {
    throw new EmbedbagError({
      code: 'shape-mismatch',
      message: `Expected \`queries\` and \`documents\` to have the same number of columns, received ${queries.columns} and ${documents.columns}. Encode both with one model.`,
      details: { queries: queries.columns, documents: documents.columns },
    });
  }
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > queries.columns) {
    throw new EmbedbagError({
      code: 'dimension-too-large',
      message: `Expected \`dimension\` to be a whole number from 1 to ${queries.columns}, received ${dimension}. Compare at most the columns that the matrices have.`,
      details: { limit: queries.columns, received: dimension },
    });
  }
  return dimension;
}
