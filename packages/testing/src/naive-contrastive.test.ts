import { type ContrastiveBlock, createRandom } from '@embedbag/core';
import { expect, test } from 'vitest';
import { type NaiveContrastiveProblem, naiveContrastive } from './naive-contrastive.js';

const ROWS = 4;
const DIMENSION = 6;
const hardness = { strength: 9, entries: 'off-diagonal' } as const;

const FORMS: Record<string, readonly ContrastiveBlock[]> = {
  pairs: [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }],
  'a block with a hardness term': [
    { queries: 0, candidates: 1, partition: 0, removeDiagonal: false, hardness },
    { queries: 0, candidates: 2, partition: 0, removeDiagonal: false, hardness: { ...hardness, entries: 'all' } },
  ],
  'two partitions': [
    { queries: 0, candidates: 1, partition: 0, removeDiagonal: false },
    { queries: 1, candidates: 0, partition: 1, removeDiagonal: false },
  ],
  'self-similarities': [
    { queries: 0, candidates: 1, partition: 0, removeDiagonal: false },
    { queries: 0, candidates: 0, partition: 0, removeDiagonal: true },
    { queries: 1, candidates: 2, partition: 0, removeDiagonal: true },
  ],
};

test.each(Object.keys(FORMS))('the naive gradient agrees with central differences for %s', (form) => {
  const random = createRandom(3, form);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: ROWS * DIMENSION }, () => random.normal()));
  const problem: NaiveContrastiveProblem = {
    rows: ROWS,
    dimension: DIMENSION,
    columns,
    blocks: FORMS[form]!,
    terms: [
      { dim: 6, weight: 1 },
      { dim: 3, weight: 0.5 },
    ],
    scale: 20,
    valid: [undefined, undefined, Uint8Array.of(1, 0, 1, 1)],
  };
  const { gradients } = naiveContrastive(problem);
  const hardnessColumns = columns.map((column) => column.slice());
  const h = 1e-5;
  for (const [index, column] of columns.entries()) {
    for (let i = 0; i < column.length; i++) {
      const held = column[i]!;
      column[i] = held + h;
      const above = naiveContrastive(problem, { hardnessColumns }).loss;
      column[i] = held - h;
      const below = naiveContrastive(problem, { hardnessColumns }).loss;
      column[i] = held;
      expect(gradients[index]![i]).toBeCloseTo((above - below) / (2 * h), 6);
    }
  }
});

test('the naive loss of a batch of one is 0, and of equal candidates the logarithm of their number', () => {
  const blocks = FORMS.pairs!;
  const terms = [{ dim: 2, weight: 1 }];
  const one = {
    rows: 1,
    dimension: 2,
    columns: [
      [1, 0],
      [0, 1],
    ],
    blocks,
    terms,
    scale: 20,
  };
  expect(naiveContrastive(one).loss).toBe(0);
  const equal = {
    rows: 3,
    dimension: 2,
    columns: [
      [1, 0, 0, 1, 1, 1],
      [1, 2, 1, 2, 1, 2],
    ],
    blocks,
    terms,
    scale: 20,
  };
  expect(naiveContrastive(equal).loss).toBeCloseTo(Math.log(3), 12);
});
