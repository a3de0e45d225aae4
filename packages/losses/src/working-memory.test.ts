import { createRandom, type Loss, type TextGuide } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';
import { expect, test } from 'vitest';
import {
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  cosentLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  sumOfLosses,
  tripletLoss,
} from './index.js';

const ROWS = 512;
const DIMENSION = 2048;

const guide: TextGuide = (texts) => {
  return { data: new Float32Array(texts.length * DIMENSION).fill(1), rows: texts.length, columns: DIMENSION };
};

test.each<[string, Loss, number]>([
  ['pairs', cachedMultipleNegativesRankingLoss({ miniBatchSize: 8 }), 2],
  ['three columns', cachedMultipleNegativesRankingLoss({ miniBatchSize: 8 }), 3],
  [
    'all directions inside Matryoshka',
    matryoshkaLoss(
      cachedMultipleNegativesRankingLoss({
        directions: ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'],
        miniBatchSize: 8,
      }),
      { dims: [DIMENSION] },
    ),
    2,
  ],
  ['a guide', cachedGistEmbedLoss({ guide, miniBatchSize: 8 }), 2],
])('WebAssembly grows by no more than the loss says, and not by much less: %s', async (_, loss, columnCount) => {
  const kernels = await createKernels({ backend: 'wasm-simd', threads: 1 });
  const random = createRandom(1);
  const matrices = Array.from({ length: columnCount * 2 }, () => kernels.allocateFloat32(ROWS * DIMENSION));
  const embeddings = matrices.slice(0, columnCount);
  for (const matrix of embeddings) for (let i = 0; i < matrix.length; i++) matrix[i] = random.normal();
  const bytes = (): number => kernels.allocateFloat32(1).buffer.byteLength;
  const before = bytes();
  const texts = embeddings.map((_, column) => Array.from({ length: ROWS }, (_, row) => `${column} ${row}`));
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  const textHashes = texts.map(() => new Uint32Array(ROWS * 2));
  const prepared = await loss.prepare?.({ texts, textHashes, dataset: 'd', rows, random }, undefined);
  const input = { embeddings, rows: ROWS, dimension: DIMENSION, prepared, kernels };
  loss.compute(input, matrices.slice(columnCount));
  const matrixBytes = ROWS * DIMENSION * 4;
  const grown = (bytes() - before) / matrixBytes;
  const said = loss.workingMatrices!(columnCount);
  // Beside matrices there are a few rows of similarities, and growth goes in steps.
  expect(grown).toBeLessThan(said + 1.5);
  expect(grown).toBeGreaterThan(said - 0.5);
  kernels.dispose();
});

test('a sum and a loss evaluated by dim need slices, a loss of rows nothing', () => {
  expect(cosentLoss().workingMatrices).toBeUndefined();
  expect(multipleNegativesRankingLoss().workingMatrices!(2)).toBe(4);
  expect(matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [8] }).workingMatrices!(3)).toBe(7);
  expect(matryoshkaLoss(tripletLoss(), { dims: [8] }).workingMatrices!(3)).toBe(6);
  expect(sumOfLosses([multipleNegativesRankingLoss(), tripletLoss()]).workingMatrices!(3)).toBe(10);
});
