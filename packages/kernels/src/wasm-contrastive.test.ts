import { type ContrastiveProblem, createRandom, type Kernels } from '@embedbag/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mirroredProblemsFrom, problemsFrom } from './contrastive-fixtures.js';
import { createKernels } from './create-kernels.js';
import { contrastiveInFloat64 } from './typescript-contrastive.js';

/**
 * Float32 against float64. What is left where terms cancel is measured by what a gradient of this problem can be:
 * `scale * weight / (rows * norm)` at the dim where the row's norm is smallest.
 */
function expectClose(problem: ContrastiveProblem, column: number, actual: Float32Array, expected: Float64Array): void {
  const { rows, dimension, scale, terms } = problem;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const weight = terms.reduce((sum, term) => sum + term.weight, 0);
  for (let row = 0; row < rows; row++) {
    const values = problem.columns[column]!.subarray(row * dimension, (row + 1) * dimension);
    const norms = terms.map(({ dim }) => Math.hypot(...values.subarray(0, dim))).filter((norm) => norm > 0);
    const possible = norms.length === 0 ? 0 : (scale * weight) / (rows * Math.min(...norms));
    for (let i = row * dimension; i < (row + 1) * dimension; i++) {
      const tolerance = 1e-4 * Math.abs(expected[i]!) + 2e-5 * largest + 4e-6 * possible;
      if (Math.abs(actual[i]! - expected[i]!) <= tolerance) continue;
      expect.fail(`value ${i} is ${actual[i]}, expected ${expected[i]} within ${tolerance}`);
    }
  }
}

/** Several dims and directions, a guide and equal texts. */
function removingProblem(): ContrastiveProblem {
  const random = createRandom(5);
  const [rows, dimension] = [130, 40];
  const columns = [0, 1].map(() => Float32Array.from({ length: rows * dimension }, () => random.normal()));
  return {
    ...{ rows, dimension, columns, scale: 20 },
    terms: [8, 40].map((dim) => ({ dim, weight: 1 })),
    blocks: [0, 1].map((queries) => ({ queries, candidates: 1 - queries, partition: 0, removeDiagonal: false })),
    guide: { columns, dimension, marginStrategy: 'relative', margin: 0.1 },
    textIds: columns.map(() => Int32Array.from({ length: rows }, () => random.below(100))),
  };
}

const VARIANTS = ['wasm-simd', 'wasm-relaxed-simd'] as const;

describe.each(VARIANTS.flatMap((backend) => [1, 2, 3].map((threads) => ({ backend, threads }))))(
  'contrastive on $backend with $threads threads',
  ({ backend, threads }) => {
    let kernels: Kernels;
    beforeAll(async () => {
      kernels = await createKernels({ backend, threads });
    });
    afterAll(() => kernels.dispose());

    test('gives the same bytes above 2 GiB of its memory as below', async () => {
      const problem = removingProblem();
      const length = problem.rows * problem.dimension;
      const evaluate = (where: Kernels): { loss: number; gradients: Float32Array[]; start: number } => {
        const columns = problem.columns.map(() => where.allocateFloat32(length));
        for (const [column, array] of columns.entries()) array.set(problem.columns[column]!);
        const gradients = columns.map(() => where.allocateFloat32(length));
        const loss = where.contrastive({ ...problem, columns }, gradients);
        return { loss, gradients: gradients.map((one) => one.slice()), start: columns[0]!.byteOffset };
      };
      const low = evaluate(kernels);
      const filled = await createKernels({ backend, threads });
      filled.allocateFloat32(2 ** 29 + 1);
      const high = evaluate(filled);
      filled.dispose();
      expect(high.start).toBeGreaterThan(2 ** 31);
      expect(high.loss).toBe(low.loss);
      expect(high.gradients).toEqual(low.gradients);
    });

    test('agrees with the TypeScript reference where a guide and texts remove entries of both directions', () => {
      const problem = removingProblem();
      const expected = problem.columns.map((column) => new Float64Array(column.length));
      const expectedLoss = contrastiveInFloat64(problem, expected);
      const actual = problem.columns.map((column) => new Float32Array(column.length));
      expect(Math.abs(kernels.contrastive(problem, actual) - expectedLoss)).toBeLessThan(1e-5 * expectedLoss);
      for (const [column, gradient] of actual.entries()) expectClose(problem, column, gradient, expected[column]!);
    });

    test.each([
      ['problems of every shape', problemsFrom(1)],
      ['blocks that mirror others', mirroredProblemsFrom(2)],
    ])('agrees with the TypeScript reference on %s', (_, problems) => {
      fc.assert(
        fc.property(problems, (problem) => {
          const expected = problem.columns.map((column) => new Float64Array(column.length));
          const expectedLoss = contrastiveInFloat64(problem, expected);
          const actual = problem.columns.map((column) => new Float32Array(column.length).fill(Number.NaN));
          const loss = kernels.contrastive(problem, actual);
          expect(Math.abs(loss - expectedLoss)).toBeLessThanOrEqual(1e-5 * Math.abs(expectedLoss) + 1e-5);
          for (const [column, gradient] of actual.entries()) expectClose(problem, column, gradient, expected[column]!);
          expect(kernels.contrastive(problem)).toBe(loss);
          const again = problem.columns.map((column) => new Float32Array(column.length));
          kernels.contrastive(problem, again);
          expect(again).toEqual(actual);
        }),
        { numRuns: 60, seed: 7 },
      );
    });
  },
);
