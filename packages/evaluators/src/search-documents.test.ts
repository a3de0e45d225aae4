import { type Matrix, similarityFunction } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstColumns } from './matrix-parts.js';
import { searchDocuments } from './search-documents.js';

const COLUMNS = 3;
const kernels = createTypeScriptKernels();

/** Rows of few different values, so that many distances are equal. */
const matrix = (maxRows: number): fc.Arbitrary<Matrix> =>
  fc
    .integer({ min: 1, max: maxRows })
    .chain((rows) =>
      fc
        .array(fc.integer({ min: 0, max: 2 }), { minLength: rows * COLUMNS, maxLength: rows * COLUMNS })
        .map((values) => ({ data: Float32Array.from(values), rows, columns: COLUMNS })),
    );

test('finds the nearest documents of every query, equal ones by lower number', () => {
  const similarity = fc.constantFrom('cosine', 'dot', 'euclidean', 'manhattan');
  const dimension = fc.integer({ min: 1, max: COLUMNS });
  fc.assert(
    fc.property(
      matrix(90),
      matrix(12),
      fc.integer({ min: 1, max: 15 }),
      similarity,
      dimension,
      (queries, documents, k, name, dim) => {
        const {
          indices,
          scores,
          k: depth,
        } = searchDocuments(kernels, { queries, documents, k, similarity: name, dimension: dim });
        expect(depth).toBe(Math.min(k, documents.rows));
        const all = similarityFunction(name)(firstColumns(queries, dim), firstColumns(documents, dim));
        for (let query = 0; query < queries.rows; query++) {
          const row = [...all.data.subarray(query * documents.rows, (query + 1) * documents.rows)];
          const expected = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, depth);
          expect([...indices.subarray(query * depth, (query + 1) * depth)]).toEqual(expected);
          for (const [rank, document] of expected.entries()) {
            expect(scores[query * depth + rank]).toBeCloseTo(row[document]!, 6);
          }
        }
      },
    ),
  );
});
