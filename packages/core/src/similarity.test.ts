import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Matrix } from './kernels.js';
import {
  cosineSimilarity,
  dotSimilarity,
  pairwiseCosineSimilarity,
  pairwiseEuclideanSimilarity,
  pairwiseSimilarityFunction,
  SIMILARITY_FUNCTION_NAMES,
  similarityFunction,
} from './similarity.js';

const matrix = (columns: number, ...values: number[]): Matrix => ({
  data: Float32Array.from(values),
  rows: values.length / columns,
  columns,
});

const a = matrix(2, 3, 4, 0, 0);
const b = matrix(2, 6, 8, -4, 3, 1, 0);

describe('the similarity functions', () => {
  it.each([
    ['cosine', [1, 0, 0.6, 0, 0, 0]],
    ['dot', [50, 0, 3, 0, 0, 0]],
    ['euclidean', [-5, -Math.sqrt(50), -Math.sqrt(20), -10, -5, -1]],
    ['manhattan', [-7, -8, -6, -14, -7, -1]],
  ] as const)('compare every row with every row: %s', (name, expected) => {
    const { data, rows, columns } = similarityFunction(name)(a, b);
    expect([rows, columns]).toEqual([2, 3]);
    for (const [index, value] of expected.entries()) expect(data[index]).toBeCloseTo(value, 6);
  });

  it('compare row i with row i in their pairwise form, as on the diagonal of the full form', () => {
    const values = fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(values, values, (left, right) => {
        for (const name of SIMILARITY_FUNCTION_NAMES) {
          const [p, q] = [matrix(3, ...left), matrix(3, ...right)];
          const all = similarityFunction(name)(p, q);
          const pairs = pairwiseSimilarityFunction(name)(p, q);
          expect(pairs).toEqual(Float32Array.from([0, 1, 2, 3], (row) => all.data[row * 5]!));
        }
      }),
    );
  });

  it('give a zero vector a cosine of 0 with everything', () => {
    expect([...cosineSimilarity(matrix(2, 0, 0), matrix(2, 1, 0, 0, 0)).data]).toEqual([0, 0]);
    expect([...pairwiseCosineSimilarity(matrix(2, 0, 0), matrix(2, 1, 0))]).toEqual([0]);
  });

  it('give a text a cosine of exactly 1 with itself', () => {
    const values = fc.array(fc.float({ min: 1, max: 9, noNaN: true }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(values, (row) => {
        expect(cosineSimilarity(matrix(7, ...row), matrix(7, ...row)).data[0]).toBe(1);
      }),
    );
  });

  it('ignore what an array holds beyond its rows', () => {
    expect([...dotSimilarity({ ...a, rows: 1 }, { ...b, rows: 1 }).data]).toEqual([50]);
  });

  it('refuse rows of different lengths', () => {
    expect(() => cosineSimilarity(a, matrix(3, 1, 2, 3))).toThrow(
      'Expected `a` and `b` to have the same columns, received 2 and 3. Encode both with the same model and `truncateDim`.',
    );
  });

  it('refuse pairs of different counts', () => {
    expect(() => pairwiseEuclideanSimilarity(a, b)).toThrow(
      'Expected `a` and `b` to have the same rows, received 2 and 3. Pass one row of `b` for every row of `a`.',
    );
  });
});
