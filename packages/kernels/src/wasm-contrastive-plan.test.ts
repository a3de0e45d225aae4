import type { ContrastiveProblem } from '@embedbag/core';
import { expect, test } from 'vitest';
import { ContrastivePlan } from './wasm-contrastive-plan.js';

const problem: ContrastiveProblem = {
  rows: 2048,
  dimension: 64,
  columns: [],
  scale: 20,
  terms: [{ dim: 64, weight: 1 }],
  blocks: [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }],
};

test('the rows of all threads stay within the bound, which is rounded up to 8', () => {
  for (const threads of [1, 2, 3, 16]) {
    for (const rowsAtOnce of [1, 8, 9, 16, 40, 100, 256]) {
      const plan = new ContrastivePlan({ ...problem, rowsAtOnce }, { threads, withGradients: true });
      expect(plan.threads * plan.rowsPerThread).toBeLessThanOrEqual(Math.ceil(rowsAtOnce / 8) * 8);
      expect(plan.rowsPerThread).toBeGreaterThanOrEqual(8);
    }
  }
});

test('a bound above what the plan takes by itself changes nothing', () => {
  const options = { threads: 2, withGradients: true };
  expect(new ContrastivePlan({ ...problem, rowsAtOnce: 4096 }, options)).toEqual(new ContrastivePlan(problem, options));
});
