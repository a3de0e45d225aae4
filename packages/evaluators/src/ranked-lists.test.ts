import type { TopKResult } from '@embedbag/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RankedLists } from './ranked-lists.js';

/** The best `k` of each query's `scores`, as a kernel gives them. */
function bestOf(scores: readonly (readonly number[])[], k: number): TopKResult {
  const kept = Math.min(k, scores[0]!.length);
  const ranked = scores.map((row) =>
    row
      .map((score, document) => ({ score, document }))
      .sort((a, b) => b.score - a.score || a.document - b.document)
      .slice(0, kept),
  );
  return {
    indices: Int32Array.from(ranked.flat(), ({ document }) => document),
    scores: Float32Array.from(ranked.flat(), ({ score }) => score),
    k: kept,
  };
}

const problem = fc
  .record({ queries: fc.integer({ min: 1, max: 3 }), documents: fc.integer({ min: 1, max: 30 }) })
  .chain(({ queries, documents }) =>
    fc.record({
      scores: fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: documents, maxLength: documents }), {
        minLength: queries,
        maxLength: queries,
      }),
      depth: fc.integer({ min: 1, max: 8 }),
      chunk: fc.integer({ min: 1, max: 10 }),
    }),
  );

test('chunk by chunk gives what one look at the whole corpus gives, ties included', () => {
  fc.assert(
    fc.property(problem, ({ scores, depth, chunk }) => {
      const whole = bestOf(scores, depth);
      const lists = new RankedLists(scores.length, depth);
      for (let start = 0; start < scores[0]!.length; start += chunk) {
        const part = scores.map((row) => row.slice(start, start + chunk));
        // Queries come in parts too: here one at a time.
        for (const [query, row] of part.entries()) lists.merge(bestOf([row], depth), query, start);
      }
      for (let query = 0; query < scores.length; query++) {
        const expected = whole.indices.slice(query * whole.k, (query + 1) * whole.k);
        expect([...lists.documents(query)]).toEqual([...expected]);
      }
    }),
    { numRuns: 300 },
  );
});
