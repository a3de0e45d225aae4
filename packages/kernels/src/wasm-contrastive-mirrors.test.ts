import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';
import { describe, expect, test } from 'vitest';
import { withoutMirrors } from './wasm-contrastive-mirrors.js';
import { ContrastivePlan } from './wasm-contrastive-plan.js';

const block = (queries: number, candidates: number, partition = 0): ContrastiveBlock => ({
  ...{ queries, candidates, partition, removeDiagonal: false },
});
const symmetric = [block(0, 1), block(1, 0, 1)];

function problemOf(blocks: readonly ContrastiveBlock[], change: Partial<ContrastiveProblem> = {}): ContrastiveProblem {
  const terms = [64, 32].map((dim) => ({ dim, weight: 1 }));
  return { rows: 1000, dimension: 64, columns: [], scale: 20, terms, blocks, ...change };
}

/** `[queries, candidates, partition of the mirror]` of every block that is computed. */
const computed = (problem: ContrastiveProblem): (number | undefined)[][] =>
  withoutMirrors(problem).map(({ queries, candidates, mirrorPartition }) => [queries, candidates, mirrorPartition]);

test('a block with the columns of an earlier one exchanged is left out, in its own partition or another', () => {
  expect(computed(problemOf(symmetric))).toEqual([[0, 1, 1]]);
  expect(computed(problemOf([block(0, 1), block(1, 0)]))).toEqual([[0, 1, 0]]);
  expect(computed(problemOf([block(0, 1), block(0, 2), block(1, 0, 1)]))).toEqual([
    [0, 1, 1],
    [0, 2, undefined],
  ]);
  expect(computed(problemOf([block(0, 1), block(0, 1), block(1, 0, 1), block(1, 0, 2), block(1, 0, 3)]))).toEqual([
    [0, 1, 1],
    [0, 1, 2],
    [1, 0, undefined],
  ]);
});

describe('every block is computed', () => {
  test.each<[string, readonly ContrastiveBlock[], Partial<ContrastiveProblem>]>([
    ['that no other mirrors', [block(0, 1), block(0, 2), block(2, 1)], {}],
    ['of a column with itself', [block(0, 0), block(0, 0)], {}],
    ['with a guide', symmetric, { guide: { columns: [], dimension: 1, margin: 0, marginStrategy: 'absolute' } }],
    ['with text ids', symmetric, { textIds: [] }],
    [
      'where a candidate may be invalid',
      [block(0, 2), block(2, 0)],
      { valid: [undefined, undefined, new Uint8Array(9)] },
    ],
    ['where one of two removes its diagonal', [block(0, 1), { ...block(1, 0), removeDiagonal: true }], {}],
    ['with hardness', [{ ...block(0, 1), hardness: { strength: 1, entries: 'all' } }, block(1, 0)], {}],
    ['whose mirror has hardness', [block(0, 1), { ...block(1, 0), hardness: { strength: 1, entries: 'all' } }], {}],
  ])('%s', (_, blocks, change) => {
    expect(computed(problemOf(blocks, change))).toEqual(
      blocks.map(({ queries, candidates }) => [queries, candidates, undefined]),
    );
  });
});

describe('the plan', () => {
  const planOf = (problem: ContrastiveProblem, withGradients = true, threads = 2): ContrastivePlan =>
    new ContrastivePlan(problem, { threads, withGradients });

  test('holds the planes of all rows where they fit into 256 MiB, and those of a stretch where they do not', () => {
    const small = planOf(problemOf(symmetric, { rows: 5520 }));
    expect(small).toMatchObject({ mirrors: 1, holdsPlanes: true });
    expect(small.planeBytes).toBeLessThan(256 * 2 ** 20);
    const large = planOf(problemOf(symmetric, { rows: 5530 }));
    expect(large).toMatchObject({ mirrors: 1, holdsPlanes: false });
    expect(large.planeBytes).toBeLessThan(16 * 2 ** 20);
  });

  test('holds no more rows than a problem allows', () => {
    for (const rowsAtOnce of [8, 40, 256, 999]) {
      const plan = planOf(problemOf(symmetric, { rowsAtOnce }));
      expect(plan).toMatchObject({ mirrors: 1, holdsPlanes: false });
      const rowBytes = 2 * plan.paddedRows * 4;
      expect(plan.planeBytes).toBeLessThanOrEqual(Math.ceil(rowsAtOnce / 8) * 8 * rowBytes * 1.25);
    }
    expect(planOf(problemOf(symmetric, { rowsAtOnce: 1000 }))).toMatchObject({ mirrors: 1, holdsPlanes: true });
  });

  test('holds planes for gradients only', () => {
    expect(planOf(problemOf(symmetric), false)).toMatchObject({ mirrors: 1, holdsPlanes: false });
  });

  test('computes every block where making dot products twice is more than the mirrors save', () => {
    const blocks = [block(0, 1), block(0, 2), block(0, 3), block(1, 0)];
    expect(planOf(problemOf(blocks))).toMatchObject({ mirrors: 1, holdsPlanes: true });
    for (const withGradients of [false, true]) {
      expect(planOf(problemOf(blocks, { rowsAtOnce: 64 }), withGradients).mirrors).toBe(0);
      expect(
        planOf(problemOf([block(0, 1), block(0, 2), block(1, 0)], { rowsAtOnce: 64 }), withGradients).mirrors,
      ).toBe(1);
    }
  });

  test('computes every block where logits are too large for one bound of all rows', () => {
    expect(planOf(problemOf(symmetric, { scale: 29 })).mirrors).toBe(1);
    expect(planOf(problemOf(symmetric, { scale: 31 })).mirrors).toBe(0);
  });
});
