import { createRandom, type MatryoshkaTerm } from '@embedbag/core';
import { naiveContrastive } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contrastiveInFloat64, type FloatContrastiveProblem } from './typescript-contrastive.js';
import { layOut } from './typescript-contrastive-layout.js';

function problemOf(rows: number, dimension: number, terms: readonly MatryoshkaTerm[]): FloatContrastiveProblem {
  const random = createRandom(rows * 1000 + dimension, 'float64');
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: rows * dimension }, () => random.normal()));
  const valid = [undefined, undefined, Uint8Array.from({ length: rows }, () => random.below(2))];
  const hardness = { strength: 9, entries: 'off-diagonal' } as const;
  const blocks = [
    { queries: 0, candidates: 1, partition: 0, removeDiagonal: false, hardness },
    { queries: 0, candidates: 2, partition: 0, removeDiagonal: false },
    { queries: 1, candidates: 0, partition: 1, removeDiagonal: false },
    { queries: 1, candidates: 1, partition: 1, removeDiagonal: true },
  ];
  return { rows, dimension, columns, terms, valid, blocks, scale: 20 };
}

test('in float64 the nested form is the naive one to 1e-12, for any shape', () => {
  const dims = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), dims, fc.integer({ min: 20, max: 24 }), (rows, terms, dimension) => {
      const problem = problemOf(
        rows,
        dimension,
        terms.map((dim, index) => ({ dim, weight: index + 0.5 })),
      );
      const gradients = problem.columns.map((column) => new Float64Array(column.length).fill(Number.NaN));
      const loss = contrastiveInFloat64(problem, gradients);
      const expected = naiveContrastive(problem);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-11);
      for (const [column, gradient] of gradients.entries()) {
        for (const [i, entry] of gradient.entries()) {
          // A prefix of one column divides by numbers near zero.
          const allowed = 1e-10 * Math.max(1, Math.abs(1 / problem.columns[column]![i - (i % dimension)]!));
          expect(Math.abs(entry - expected.gradients[column]![i]!)).toBeLessThan(allowed);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('more rows than are worked through at once, and dims wider than one product, give the naive result', () => {
  const problem = problemOf(150, 530, [
    { dim: 530, weight: 1 },
    { dim: 7, weight: 0.5 },
  ]);
  const gradients = problem.columns.map((column) => new Float64Array(column.length));
  const loss = contrastiveInFloat64(problem, gradients);
  const expected = naiveContrastive(problem);
  expect(loss).toBeCloseTo(expected.loss, 11);
  for (const [column, gradient] of gradients.entries()) {
    let worst = 0;
    for (const [i, entry] of gradient.entries())
      worst = Math.max(worst, Math.abs(entry - expected.gradients[column]![i]!));
    expect(worst).toBeLessThan(1e-11);
  }
});

test('no more rows are worked through at once than the problem allows', () => {
  const problem = problemOf(60, 20, [{ dim: 20, weight: 1 }]);
  const rowsFor = (rowsAtOnce: number): number => layOut({ ...problem, rowsAtOnce }).rowsAtOnce;
  expect([1, 8, 17, 1000].map(rowsFor)).toEqual([4, 8, 20, layOut(problem).rowsAtOnce]);
});

test('no rows and no terms give a loss and gradients of zero', () => {
  for (const problem of [problemOf(0, 4, [{ dim: 4, weight: 1 }]), problemOf(3, 4, [])]) {
    const gradients = problem.columns.map((column) => new Float64Array(column.length).fill(1));
    expect(contrastiveInFloat64(problem, gradients)).toBe(0);
    for (const gradient of gradients) expect(gradient.every((value) => value === 0)).toBe(true);
  }
});

test('sizes that do not fit together are refused', () => {
  const right = problemOf(3, 4, [{ dim: 4, weight: 1 }]);
  const block = right.blocks[0]!;
  const refused = (change: Partial<FloatContrastiveProblem>, gradients?: Float64Array[]): string => {
    try {
      contrastiveInFloat64({ ...right, ...change }, gradients);
    } catch (error) {
      expect((error as { code?: string }).code).toBe('invalid-contrastive-problem');
      return (error as Error).message;
    }
    return 'nothing was thrown';
  };
  expect(refused({ terms: [{ dim: 5, weight: 1 }] })).toBe(
    'Expected `dim` to be a whole number from 1 to the 4 dimensions of the embeddings, received 5. Drop it.',
  );
  expect(
    refused({
      terms: [
        { dim: 2, weight: 1 },
        { dim: 2, weight: 1 },
      ],
    }),
  ).toBe('Expected `dim` to be in `terms` once, received 2 twice. Add the two weights instead.');
  expect(refused({ blocks: [] })).toBe(
    'Expected `blocks` to be at least one block, received 0. Add (anchor, positive).',
  );
  expect(refused({ blocks: [{ ...block, candidates: 3 }] })).toBe(
    "Expected a block's column to be from 0 to 2, received 3. Give the loss as many columns as it names.",
  );
  expect(refused({ rowsAtOnce: 0 })).toBe(
    'Expected `rowsAtOnce` to be a whole number from 1, received 0. Leave it out for the fastest.',
  );
  expect(refused({ rows: 4 })).toBe('Expected every column to be 4 x 4 = 16 values, received 12. Fill it.');
  expect(refused({}, [new Float64Array(12)])).toBe(
    'Expected `gradients` to be one matrix for each of 3 columns, received 1. Give each one.',
  );
  expect(
    refused(
      {},
      [0, 1, 2].map(() => new Float64Array(11)),
    ),
  ).toBe('Expected every gradient to be 3 x 4 = 12 values, received 11. Enlarge it.');
});

test('a guide and text ids that do not fit the problem are refused', () => {
  const problem = problemOf(3, 4, [{ dim: 4, weight: 1 }]);
  const joint = { ...problem, blocks: problem.blocks.map((block) => ({ ...block, partition: 0 })) };
  const columns = [0, 1, 2].map(() => new Float32Array(6));
  const guide = { columns, dimension: 2, marginStrategy: 'absolute', margin: 0 } as const;
  const textIds = [0, 1, 2].map(() => new Int32Array(3));
  expect(Number.isFinite(contrastiveInFloat64({ ...joint, guide, textIds }))).toBe(true);
  expect(() => contrastiveInFloat64({ ...problem, guide })).toThrow(
    'Expected `partition` to be 0 in all blocks of a problem with a guide, received others. Use one joint partition.',
  );
  expect(() => contrastiveInFloat64({ ...joint, guide: { ...guide, columns: columns.slice(1) } })).toThrow(
    "Expected the guide's `columns` to be one matrix for each of 3 columns, received 2. Give each one.",
  );
  expect(() => contrastiveInFloat64({ ...joint, guide: { ...guide, dimension: 3 } })).toThrow(
    'Expected every column of the guide to be 3 x 3 = 9 values, and above 0, received 6. Fill it.',
  );
  expect(() => contrastiveInFloat64({ ...problem, textIds: textIds.slice(1) })).toThrow(
    'Expected `textIds` to be one array for each of 3 columns, at least 2, received 2. Give each one.',
  );
  expect(() => contrastiveInFloat64({ ...problem, textIds: textIds.map(() => new Int32Array(2)) })).toThrow(
    'Expected every array of `textIds` to be 3 numbers, received 2. Give one a row.',
  );
});
