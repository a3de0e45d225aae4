import { type ContrastiveProblem, createRandom, type Kernels } from '@embedbag/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mirroredProblemsFrom, problemsFrom } from './contrastive-fixtures.js';
import { contrastiveScratchBytes } from './contrastive-scratch-bytes.js';
import { createKernels } from './create-kernels.js';
import { contrastiveInFloat64 } from './typescript-contrastive.js';

/** The scale of one row, as assembly/contrastive-int16-layouts.ts has it. */
function scaleOf(row: Float32Array): number {
  const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return norm <= 1e-12 ? 0 : Math.fround(Math.min(46000 / norm, 8191 / largest));
}

/** `problem` with its rows rounded to integers, and the scale of every row by column. */
function roundRows(problem: ContrastiveProblem): { rounded: ContrastiveProblem; scales: Float32Array[] } {
  const { rows, dimension } = problem;
  const width = Math.max(...problem.terms.map(({ dim }) => dim));
  const rounder = 12_582_912;
  const scales = problem.columns.map(() => new Float32Array(rows));
  const columns = problem.columns.map((matrix, column) => {
    const out = new Float32Array(matrix.length);
    for (let row = 0; row < rows; row++) {
      const values = matrix.subarray(row * dimension, row * dimension + width);
      const scale = scaleOf(values);
      scales[column]![row] = scale;
      for (const [i, value] of values.entries()) {
        out[row * dimension + i] = Math.fround(Math.fround(value * scale) + rounder) - rounder;
      }
    }
    return out;
  });
  return { rounded: { ...problem, columns }, scales };
}

/** Normals, columns alike by `share`. */
function twoColumns(rows: number, dimension: number, share: number, seed = 3): Float32Array[] {
  const random = createRandom(seed);
  const anchors = Float32Array.from({ length: rows * dimension }, () => random.normal());
  return [anchors, anchors.map((value) => share * value + random.normal())];
}

function plainProblem(rows: number, dimension: number, dims: readonly number[], share: number): ContrastiveProblem {
  const columns = twoColumns(rows, dimension, share);
  const blocks = [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }];
  const terms = dims.map((dim) => ({ dim, weight: 1 }));
  return { rows, dimension, columns, blocks, terms, scale: 20, products: 'int16' };
}

const zeros = (problem: ContrastiveProblem): Float32Array[] =>
  problem.columns.map((column) => new Float32Array(column.length));

/** The length of the difference of two rows, and that of the second. */
function distance(a: Float32Array, b: Float64Array, begin: number, end: number): { apart: number; length: number } {
  let [apart, length] = [0, 0];
  for (let i = begin; i < end; i++) {
    apart += (a[i]! - b[i]!) ** 2;
    length += b[i]! ** 2;
  }
  return { apart: Math.sqrt(apart), length: Math.sqrt(length) };
}

const VARIANTS = ['wasm-simd', 'wasm-relaxed-simd'] as const;

describe.each(VARIANTS.flatMap((backend) => [1, 2, 3].map((threads) => ({ backend, threads }))))(
  'contrastive in 16-bit integers on $backend with $threads threads',
  ({ backend, threads }) => {
    let kernels: Kernels;
    beforeAll(async () => {
      kernels = await createKernels({ backend, threads });
    });
    afterAll(() => kernels.dispose());

    test.each([
      ['problems of every shape', problemsFrom(16)],
      ['blocks that mirror others', mirroredProblemsFrom(16)],
    ])('is the loss of the rounded rows, and its gradient but for the rounding of weights, on %s', (_, problems) => {
      fc.assert(
        fc.property(problems, (problem) => {
          const { rows, dimension, scale, terms } = problem;
          const { rounded, scales } = roundRows(problem);
          const expected = problem.columns.map((column) => new Float64Array(column.length));
          const expectedLoss = contrastiveInFloat64(rounded, expected);
          const actual = problem.columns.map((column) => new Float32Array(column.length).fill(Number.NaN));
          const loss = kernels.contrastive({ ...problem, products: 'int16' }, actual);
          expect(Math.abs(loss - expectedLoss)).toBeLessThanOrEqual(1e-5 * Math.abs(expectedLoss) + 1e-5);
          const weight = terms.reduce((sum, term) => sum + term.weight, 0);
          for (const [column, gradient] of actual.entries()) {
            const wanted = expected[column]!.map((value, i) => value * scales[column]![Math.floor(i / dimension)]!);
            let longest = 0;
            for (let begin = 0; begin < wanted.length; begin += dimension) {
              longest = Math.max(longest, distance(gradient, wanted, begin, begin + dimension).length);
            }
            for (let row = 0; row < rows; row++) {
              const [begin, end] = [row * dimension, (row + 1) * dimension];
              const values = problem.columns[column]!.subarray(begin, end);
              const norms = terms.map(({ dim }) => Math.hypot(...values.subarray(0, dim))).filter((norm) => norm > 0);
              const possible = norms.length === 0 ? 0 : (scale * weight) / (rows * Math.min(...norms));
              const { apart, length } = distance(gradient, wanted, begin, end);
              expect(apart).toBeLessThanOrEqual(1e-3 * length + 2e-4 * longest + 3e-4 * possible);
            }
          }
          expect(kernels.contrastive({ ...problem, products: 'int16' })).toBe(loss);
        }),
        { numRuns: 60, seed: 7 },
      );
    });

    test('stays near the loss and the gradient in float32 at many dims', () => {
      for (const share of [0.1, 0.5, 2]) {
        const problem = plainProblem(300, 256, [256, 128, 32], share);
        const exact = problem.columns.map((column) => new Float64Array(column.length));
        const exactLoss = contrastiveInFloat64(problem, exact);
        const gradients = zeros(problem);
        const loss = kernels.contrastive(problem, gradients);
        expect(Math.abs(loss - exactLoss)).toBeLessThan(3e-5 * exactLoss + 1e-6);
        for (const [column, gradient] of gradients.entries()) {
          const { apart, length } = distance(gradient, exact[column]!, 0, gradient.length);
          expect(apart).toBeLessThan(1e-3 * length);
        }
      }
    });

    test('does not overflow where all rows are one and the same, along one dim or all', () => {
      for (const fill of [(i: number) => (i === 0 ? 1 : 0), () => 1, (i: number) => (i % 2 === 0 ? -1e30 : 1e30)]) {
        const problem = plainProblem(600, 64, [64, 16], 0);
        for (const column of problem.columns) for (let i = 0; i < column.length; i++) column[i] = fill(i % 64);
        const gradients = zeros(problem);
        expect(kernels.contrastive(problem, gradients)).toBeCloseTo(2 * Math.log(600), 4);
        // All entries but the label's are rounded in one direction here: 1 % of what a gradient of this problem can be.
        const possible = (20 * 2) / 600 / Math.min(1, Math.abs(fill(0)));
        for (const value of gradients.flatMap((gradient) => [...gradient])) {
          expect(Math.abs(value)).toBeLessThan(0.01 * possible);
        }
      }
    });

    test('has no gradient for a row without tokens, and none that is infinite where rows are tiny', () => {
      const problem = plainProblem(40, 32, [32, 16], 1);
      problem.columns[0]!.fill(0, 0, 32);
      problem.columns[1]!.fill(1e-20, 32, 64);
      problem.columns[0]!.fill(1e-9, 64, 96);
      const gradients = zeros(problem);
      expect(Number.isFinite(kernels.contrastive(problem, gradients))).toBe(true);
      expect(gradients[0]!.subarray(0, 32).every((value) => value === 0)).toBe(true);
      expect(gradients[1]!.subarray(32, 64).every((value) => value === 0)).toBe(true);
      for (const gradient of gradients) expect(gradient.every(Number.isFinite)).toBe(true);
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY])('gives NaN where a value is %s', (value) => {
      const problem = plainProblem(40, 32, [32, 16], 1);
      problem.columns[1]![7] = value;
      expect(kernels.contrastive(problem)).toBeNaN();
    });

    test('takes float32 where a dim is so short that norms differ by far', () => {
      const problem = plainProblem(60, 32, [32, 15], 1);
      const [rounded, exact] = [zeros(problem), zeros(problem)];
      const loss = kernels.contrastive(problem, rounded);
      expect(loss).toBe(kernels.contrastive({ ...problem, products: 'float32' }, exact));
      expect(rounded).toEqual(exact);
    });

    test('takes no more memory than is foretold', async () => {
      const problem = plainProblem(1000, 128, [128, 32], 0.5);
      const fresh = await createKernels({ backend, threads });
      const place = (length: number): Float32Array => fresh.allocateFloat32(length);
      const columns = problem.columns.map((column) => place(column.length));
      const gradients = columns.map((column) => place(column.length));
      const before = columns[0]!.buffer.byteLength;
      fresh.contrastive({ ...problem, columns }, gradients);
      const after = place(1).buffer.byteLength;
      const foretold = contrastiveScratchBytes(problem, { threads });
      expect(after - before).toBeLessThan(foretold + (5 << 20));
      expect(after - before).toBeGreaterThan(foretold - (5 << 20));
      fresh.dispose();
    });
  },
);

test('products of another kind are refused in one sentence', async () => {
  const kernels = await createKernels({ backend: 'wasm-simd', threads: 1 });
  const problem = { ...plainProblem(8, 8, [8], 1), products: 'bfloat16' as 'int16' };
  expect(() => kernels.contrastive(problem)).toThrow(
    'Expected `products` to be `float32` or `int16`, received `bfloat16`. Leave it out for `float32`.',
  );
  kernels.dispose();
});
