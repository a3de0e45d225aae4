import { createRandom, type Kernels, type Matrix, type TopKRequest, type TopKResult } from '@embedbag/core';
import { expect } from 'vitest';
import { expectClose } from './expect-close.js';
import { guardArrays, PLACES, type Place } from './guarded-array.js';
import { type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';
import { naiveSimilarity } from './naive-kernels.js';

function search(kernels: Kernels, request: TopKRequest, where: Place): TopKResult {
  const guards = guardArrays(kernels, where);
  const queries = { ...request.queries, data: guards.float32(request.queries.data) };
  const documents = { ...request.documents, data: guards.float32(request.documents.data) };
  const { indices, scores, k } = kernels.topK({ ...request, queries, documents });
  const length = request.queries.rows * k;
  const copy = { indices: indices.slice(0, length), scores: scores.slice(0, length), k };
  guards.check();
  return copy;
}

/** Compares a search with the naive similarities: the right scores, the right documents, the right order. */
function compareSearch(kernels: Kernels, request: TopKRequest): void {
  const { queries, documents } = request;
  const label = `${queries.rows} queries, ${documents.rows} documents, k ${request.k}, ${request.similarity}`;
  for (const where of PLACES) {
    const result = search(kernels, request, where);
    const k = Math.min(request.k, documents.rows);
    expect(result.k, `${label}: k`).toBe(k);
    for (let query = 0; query < queries.rows; query++) {
      const indices = [...result.indices.subarray(query * k, (query + 1) * k)];
      const scores = [...result.scores.subarray(query * k, (query + 1) * k)];
      const naive = Array.from({ length: documents.rows }, (_, document) =>
        naiveSimilarity(queries, query, documents, document, request),
      );
      const best = naive.toSorted((a, b) => b - a).slice(0, k);
      expect(new Set(indices).size, `${label}: distinct documents`).toBe(k);
      expectClose(scores, best, 1e-5, `${label}, ${where}: the best scores of query ${query}`);
      const own = indices.map((document) => naive[document] ?? Number.NaN);
      expectClose(scores, own, 1e-5, `${label}, ${where}: the scores of the documents of query ${query}`);
      for (let rank = 1; rank < k; rank++) {
        const ordered =
          scores[rank - 1]! > scores[rank]! ||
          (scores[rank - 1] === scores[rank] && indices[rank - 1]! < indices[rank]!);
        expect(ordered, `${label}: order at rank ${rank} of query ${query}`).toBe(true);
      }
    }
  }
}

function randomMatrix(seed: number, rows: number, columns: number): Matrix {
  return { data: normals(createRandom(seed), rows * columns), rows, columns };
}

/** A matrix whose rows repeat `distinct` rows, so that scores tie across all of it. */
function repeatedRows(seed: number, rows: number, columns: number, distinct: number): Matrix {
  const source = randomMatrix(seed, distinct, columns).data;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = (row % distinct) * columns;
    data.set(source.subarray(from, from + columns), row * columns);
  }
  return { data, rows, columns };
}

/** Checks of `topK` and `normalizeRows`. */
export const kernelsSearchChecks: readonly KernelsCheck[] = [
  kernelsCheck('topK finds the best documents by cosine and by dot product, best first', (kernels) => {
    for (const similarity of ['cosine', 'dot'] as const) {
      for (const columns of [1, 3, 16, 36, 100]) {
        const queries = randomMatrix(columns, 9, columns);
        compareSearch(kernels, { queries, documents: randomMatrix(7, 130, columns), k: 10, similarity });
      }
      const queries = randomMatrix(1, 130, 20);
      compareSearch(kernels, { queries, documents: randomMatrix(2, 1100, 20), k: 100, similarity });
    }
  }),
  kernelsCheck('topK takes k = 1, k above the number of documents, no documents and no queries', (kernels) => {
    const queries = randomMatrix(1, 5, 12);
    for (const rows of [0, 1, 4, 65]) {
      const documents = randomMatrix(2, rows, 12);
      for (const k of [1, 3, 1000]) compareSearch(kernels, { queries, documents, k, similarity: 'cosine' });
    }
    const none = { data: new Float32Array(0), rows: 0, columns: 12 };
    const result = kernels.topK({ queries: none, documents: queries, k: 3, similarity: 'dot' });
    expect([result.k, result.indices.length, result.scores.length]).toEqual([3, 0, 0]);
  }),
  kernelsCheck('topK gives equal documents bit-equal scores, the lower index first, also at the cut', (kernels) => {
    const distinct = 3;
    for (const similarity of ['cosine', 'dot'] as const) {
      for (const columns of [1, 7, 16, 50]) {
        const queries = randomMatrix(columns, 6, columns);
        const documents = repeatedRows(columns + 1, 203, columns, distinct);
        compareSearch(kernels, { queries, documents, k: 203, similarity });
        for (const where of PLACES) {
          const { indices, scores } = search(kernels, { queries, documents, k: 50, similarity }, where);
          for (let query = 0; query < queries.rows; query++) {
            const group = indices[query * 50]! % distinct;
            const expected = Array.from({ length: 50 }, (_, rank) => group + rank * distinct);
            expect([...indices.subarray(query * 50, query * 50 + 50)]).toEqual(
              columns === 1 ? expect.anything() : expected,
            );
            if (columns > 1) expect(new Set(scores.subarray(query * 50, query * 50 + 50)).size).toBe(1);
          }
        }
      }
    }
  }),
  kernelsCheck('topK gives equal queries the same bytes', (kernels) => {
    const queries = repeatedRows(4, 77, 19, 1);
    const { indices, scores, k } = kernels.topK({
      queries,
      documents: randomMatrix(5, 90, 19),
      k: 11,
      similarity: 'cosine',
    });
    for (let query = 1; query < queries.rows; query++) {
      expect(indices.slice(query * k, query * k + k)).toEqual(indices.slice(0, k));
      expect(scores.slice(query * k, query * k + k)).toEqual(scores.slice(0, k));
    }
  }),
  kernelsCheck('topK compares only the first `dimension` columns, with their own norms', (kernels) => {
    const queries = randomMatrix(1, 8, 40);
    const documents = randomMatrix(2, 70, 40);
    for (const similarity of ['cosine', 'dot'] as const) {
      for (const dimension of [1, 5, 16, 39, 40])
        compareSearch(kernels, { queries, documents, k: 7, similarity, dimension });
    }
    const twins = repeatedRows(3, 20, 40, 1);
    for (let row = 0; row < 20; row++) twins.data[row * 40 + 39] = row;
    const { indices } = kernels.topK({ queries, documents: twins, k: 4, similarity: 'cosine', dimension: 39 });
    expect([...indices.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
  }),
  kernelsCheck('topK gives a zero vector cosine 0 with everything', (kernels) => {
    const documents = randomMatrix(2, 30, 10);
    documents.data.fill(0, 40, 50);
    const queries = randomMatrix(3, 3, 10);
    queries.data.fill(0, 0, 10);
    compareSearch(kernels, { queries, documents, k: 30, similarity: 'cosine' });
    const { indices, scores } = search(kernels, { queries, documents, k: 5, similarity: 'cosine' }, 'plain');
    expect([...indices.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
    expect([...scores.subarray(0, 5)].every((score) => score === 0)).toBe(true);
  }),
  kernelsCheck('topK gives the same bytes twice, wherever the arrays lie', (kernels) => {
    const request = { queries: randomMatrix(1, 65, 33), documents: randomMatrix(2, 300, 33), k: 20 };
    const results = [...PLACES, ...PLACES].map((where) => search(kernels, { ...request, similarity: 'cosine' }, where));
    for (const result of results) expect(result).toEqual(results[0]);
  }),
  kernelsCheck('normalizeRows gives rows of norm 1, and zeros for a norm of at most 1e-12', (kernels) => {
    for (const where of PLACES) {
      for (const columns of [1, 3, 16, 36, 257]) {
        const rows = 9;
        const guards = guardArrays(kernels, where);
        const data = guards.output(rows * columns);
        data.set(normals(createRandom(columns), rows * columns));
        data.fill(0, 0, columns);
        data.fill(1e-16, columns, 2 * columns);
        data.fill(1e-9, 2 * columns, 3 * columns);
        const before = data.slice();
        kernels.normalizeRows({ data, rows, columns });
        const expected = Float64Array.from(before, (value, i) => {
          const row = Math.floor(i / columns);
          const norm = Math.hypot(...before.subarray(row * columns, (row + 1) * columns));
          return norm > 1e-12 ? value / norm : 0;
        });
        expectClose(data, expected, 1e-6, `${columns} columns, ${where}`);
        guards.check();
      }
    }
  }),
];
