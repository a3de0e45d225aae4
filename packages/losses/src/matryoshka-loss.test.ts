import { createRandom, LOSS_CONTRACT, type Loss, type LossPrepareInput } from '@embedbag/core';
import { contrastiveInFloat64, createTypeScriptKernels } from '@embedbag/kernels';
import { testLoss } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { type MatryoshkaLossOptions, matryoshkaLoss } from './matryoshka-loss.js';
import { multipleNegativesRankingLoss } from './multiple-negatives-ranking-loss.js';

/** Mean squared distance of the columns: a loss that no fused kernel knows, with something to prepare. */
function distanceLoss(): Loss<number> {
  return {
    contract: LOSS_CONTRACT,
    name: 'DistanceLoss',
    config: {},
    columns: { min: 2, max: 2, labels: 'none' },
    prepare: async ({ rows }) => rows.length,
    compute({ embeddings: [a, b], rows, dimension, prepared }, gradients) {
      expect(prepared).toBe(rows);
      let loss = 0;
      for (let i = 0; i < rows * dimension; i++) {
        const difference = a![i]! - b![i]!;
        loss += (difference * difference) / rows;
        if (!gradients) continue;
        gradients[0]![i] = (2 * difference) / rows;
        gradients[1]![i] = (-2 * difference) / rows;
      }
      return loss;
    },
  };
}

const OPTIONS: MatryoshkaLossOptions = { dims: [4, 8, 2], weights: [0.5, 1, 2] };
const DIMENSIONS = [8, 11];

testLoss({
  name: 'MatryoshkaLoss, fused',
  create: () => matryoshkaLoss(multipleNegativesRankingLoss(), OPTIONS),
  createKernels: async () => createTypeScriptKernels(),
  dimensions: DIMENSIONS,
});
testLoss({
  name: 'MatryoshkaLoss, one dim after the other',
  create: () => matryoshkaLoss(distanceLoss(), OPTIONS),
  dimensions: DIMENSIONS,
});
testLoss({
  name: 'MatryoshkaLoss, sampled dims',
  create: () => matryoshkaLoss(multipleNegativesRankingLoss(), { ...OPTIONS, nDimsPerStep: 2 }),
  createKernels: async () => createTypeScriptKernels(),
  dimensions: DIMENSIONS,
});

function evaluate(loss: Loss, columnCount: number): { value: number; gradients: Float32Array[] } {
  const kernels = createTypeScriptKernels();
  const random = createRandom(columnCount, 'matryoshka');
  const rows = 9;
  const dimension = 12;
  const embeddings = Array.from({ length: columnCount }, () =>
    Float32Array.from({ length: rows * dimension }, () => random.normal()),
  );
  const valid = embeddings.map((_, column) => (column === 2 ? Uint8Array.of(1, 1, 0, 1, 0, 1, 1, 1, 1) : undefined));
  const gradients = embeddings.map((column) => new Float32Array(column.length));
  const value = loss.compute({ embeddings, rows, dimension, valid, prepared: undefined, kernels }, gradients);
  return { value, gradients };
}

test.each([2, 4])('fused and one dim after the other agree, %i columns', (columnCount) => {
  for (const directions of [
    ['query_to_doc'],
    ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'],
  ] as const) {
    const inner = multipleNegativesRankingLoss({ directions, hardnessMode: 'all_negatives', hardnessStrength: 9 });
    const { contrastive: _, ...plain } = inner;
    const options = { dims: [3, 12, 7, 5], weights: [1, 0.25, 2, 0.5] };
    const fused = evaluate(matryoshkaLoss(inner, options), columnCount);
    const sliced = evaluate(matryoshkaLoss(plain, options), columnCount);
    expect(fused.value).toBeCloseTo(sliced.value, 9);
    for (const [column, gradient] of fused.gradients.entries()) {
      for (const [i, entry] of gradient.entries()) expect(entry).toBeCloseTo(sliced.gradients[column]![i]!, 5);
    }
  }
});

test('the fused float64 gradient agrees with central differences', () => {
  const random = createRandom(5);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: 40 }, () => random.normal()));
  const terms = [
    { dim: 8, weight: 1 },
    { dim: 3, weight: 0.5 },
    { dim: 5, weight: 2 },
  ];
  const problem = { ...multipleNegativesRankingLoss().contrastive!(3), rows: 5, dimension: 8, columns, terms };
  const gradients = columns.map((column) => new Float64Array(column.length));
  contrastiveInFloat64(problem, gradients);
  for (const [index, column] of columns.entries()) {
    for (let i = 0; i < column.length; i++) {
      const held = column[i]!;
      column[i] = held + 1e-5;
      const above = contrastiveInFloat64(problem);
      column[i] = held - 1e-5;
      const below = contrastiveInFloat64(problem);
      column[i] = held;
      expect(gradients[index]![i]).toBeCloseTo((above - below) / 2e-5, 5);
    }
  }
});

function batch(seed: number): LossPrepareInput {
  const texts = [['a'], ['b']];
  const textHashes = [new Uint32Array(2), new Uint32Array(2)];
  return { texts, textHashes, dataset: 'd', rows: Int32Array.of(0), random: createRandom(seed) };
}

test('nDimsPerStep draws that many distinct dims, every one in the end, the same for the same seed', async () => {
  const options = { dims: [2, 4, 8, 16], nDimsPerStep: 2 };
  const loss = matryoshkaLoss(multipleNegativesRankingLoss(), options);
  const seen = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const prepared = await loss.prepare!(batch(seed), undefined);
    const dims = prepared!.terms.map(({ dim }) => dim);
    expect(new Set(dims).size).toBe(2);
    expect(await loss.prepare!(batch(seed), undefined)).toEqual(prepared);
    for (const dim of dims) seen.add(dim);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual([2, 4, 8, 16]);
});

test('there is nothing to prepare when all dims are used and the inner loss prepares nothing', () => {
  for (const nDimsPerStep of [-1, 4, 9]) {
    const options = { dims: [2, 4, 8, 16], nDimsPerStep };
    expect(matryoshkaLoss(multipleNegativesRankingLoss(), options).prepare).toBeUndefined();
  }
});

test('the config names the inner loss and holds the dims from the largest, with their weights', () => {
  const inner = multipleNegativesRankingLoss({ scale: 30 });
  const loss = matryoshkaLoss(inner, { dims: [32, 128, 64], weights: [3, 1, 2] });
  expect(loss.config).toEqual({
    loss: 'MultipleNegativesRankingLoss',
    lossConfig: inner.config,
    dims: [128, 64, 32],
    weights: [1, 2, 3],
    nDimsPerStep: -1,
  });
  expect(loss.columns).toBe(inner.columns);
  expect(loss.citation).toContain('kusupati2024matryoshka');
  expect(loss.citation).toContain('oord2019');
});

test('a dim above the embedding is refused', () => {
  expect(() => evaluate(matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [12, 13] }), 2)).toThrow(
    "Expected `dims` to be at most the model's 12 dimensions, received 13. Lower it or train a wider model.",
  );
});

test.each([
  [{ dims: [] }, "Expected `dims` to have at least one dimension, received []. Begin with the model's dimension."],
  [{ dims: [8, 0] }, 'Expected `dims` to be whole numbers above 0, received 0. Drop it.'],
  [{ dims: [8, 2.5] }, 'Expected `dims` to be whole numbers above 0, received 2.5. Drop it.'],
  [{ dims: [8, 4, 8] }, 'Expected `dims` to be distinct, received [8,4,8]. Give it a larger weight instead.'],
  [
    { dims: [8, 4], weights: [1] },
    'Expected `weights` to be as many as the 2 `dims`, received 1. Give one weight a dim.',
  ],
  [{ dims: [8], weights: [Number.NaN] }, 'Expected `weights` to be finite numbers, received NaN. Use 1 where unsure.'],
  [
    { dims: [8], nDimsPerStep: 0 },
    'Expected `nDimsPerStep` to be -1 or a whole number above 0, received 0. Leave it out to use all dims.',
  ],
])('the options %j are refused', (options, message) => {
  expect(() => matryoshkaLoss(multipleNegativesRankingLoss(), options)).toThrow(message);
});

test('the sum of two losses of one dim is the loss of both', () => {
  const inner = multipleNegativesRankingLoss();
  const value = (dims: number[], weights: number[]): number =>
    evaluate(matryoshkaLoss(inner, { dims, weights }), 3).value;
  expect(value([4, 12], [2, 3])).toBeCloseTo(2 * value([4], [1]) + 3 * value([12], [1]), 10);
});
