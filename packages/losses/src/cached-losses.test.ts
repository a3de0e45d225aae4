import { type ContrastiveProblem, createRandom, type Kernels, type Loss } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { testLoss } from '@embedbag/testing';
import { expect, test } from 'vitest';
import {
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  gistEmbedLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  type TextGuide,
} from './index.js';

const ROWS = 150;
const DIMENSION = 24;

/** A guide whose embeddings depend on the texts alone. */
const guide: TextGuide = (texts) => {
  const data = texts.flatMap((text) => {
    const random = createRandom(1, text);
    return Array.from({ length: 5 }, () => random.normal());
  });
  return { data: Float32Array.from(data), rows: texts.length, columns: 5 };
};

testLoss({ create: () => cachedMultipleNegativesRankingLoss({ miniBatchSize: 2 }) });
testLoss({ create: () => cachedGistEmbedLoss({ guide, temperature: 0.1, miniBatchSize: 2 }) });

async function evaluate(loss: Loss, kernels: Kernels): Promise<number[]> {
  const random = createRandom(3);
  const embeddings = [0, 1, 2].map(() => Float32Array.from({ length: ROWS * DIMENSION }, () => random.normal()));
  const texts = embeddings.map((_, column) => Array.from({ length: ROWS }, (_, row) => `${column} ${row % 40}`));
  const textHashes = texts.map(() => new Uint32Array(ROWS * 2));
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  const batch = { texts, textHashes, dataset: 'd', rows, random: createRandom(1) };
  const prepared = await loss.prepare?.(batch, undefined);
  const gradients = embeddings.map((column) => new Float32Array(column.length));
  const value = loss.compute({ embeddings, rows: ROWS, dimension: DIMENSION, prepared, kernels }, gradients);
  return [value, ...gradients.flatMap((gradient) => [...gradient])];
}

const PAIRS: readonly (readonly [string, Loss, Loss])[] = [
  ['ranking', multipleNegativesRankingLoss(), cachedMultipleNegativesRankingLoss({ miniBatchSize: 8 })],
  [
    'ranking with equal texts masked',
    multipleNegativesRankingLoss({ maskEqualTexts: true }),
    cachedMultipleNegativesRankingLoss({ maskEqualTexts: true, miniBatchSize: 8 }),
  ],
  ['GIST', gistEmbedLoss({ guide }), cachedGistEmbedLoss({ guide, miniBatchSize: 8 })],
];

test.each(PAIRS)('%s and its cached form agree, alone and inside Matryoshka', async (_, plain, cached) => {
  for (const kernels of [createTypeScriptKernels(), await createKernels({ backend: 'wasm-simd', threads: 2 })]) {
    const dims = { dims: [DIMENSION, 12, 5] };
    for (const [a, b] of [
      [plain, cached],
      [matryoshkaLoss(plain, dims), matryoshkaLoss(cached, dims)],
    ] as const) {
      const expected = await evaluate(a, kernels);
      const received = await evaluate(b, kernels);
      const allowed = 1e-5 * Math.max(...expected.slice(1).map(Math.abs));
      expect(received[0]).toBeCloseTo(expected[0]!, 5);
      for (const [index, value] of received.slice(1).entries()) {
        expect(Math.abs(value - expected[index + 1]!)).toBeLessThanOrEqual(allowed);
      }
    }
    kernels.dispose();
  }
});

test('the bound reaches the kernel, inside Matryoshka too', () => {
  const problems: ContrastiveProblem[] = [];
  const kernels = { contrastive: (problem: ContrastiveProblem) => problems.push(problem) } as unknown as Kernels;
  const input = { embeddings: [new Float32Array(4), new Float32Array(4)], rows: 2, dimension: 2, kernels };
  const loss = cachedMultipleNegativesRankingLoss({ miniBatchSize: 64 });
  loss.compute({ ...input, prepared: undefined });
  matryoshkaLoss(loss, { dims: [2, 1] }).compute({ ...input, prepared: undefined });
  expect(problems.map(({ rowsAtOnce }) => rowsAtOnce)).toEqual([64, 64]);
});

test('the config and the citations are those of the plain loss and of gradient caching', () => {
  const ranking = cachedMultipleNegativesRankingLoss({ scale: 30 });
  expect(ranking.name).toBe('CachedMultipleNegativesRankingLoss');
  expect(ranking.config).toEqual({ ...multipleNegativesRankingLoss({ scale: 30 }).config, miniBatchSize: 32 });
  expect(ranking.citation).toContain('gao2021scaling');
  expect(ranking.citation).toContain('oord2019representation');
  const gist = cachedGistEmbedLoss({ guide, guideName: 'first', miniBatchSize: 64 });
  expect(gist.name).toBe('CachedGISTEmbedLoss');
  expect(gist.config).toMatchObject({ guide: 'first', miniBatchSize: 64 });
  expect(gist.citation).toContain('solatorio2024gistembed');
});

test.each([0, -1, 1.5, Number.NaN])('a mini-batch of %d rows is refused', (miniBatchSize) => {
  const message = `Expected \`miniBatchSize\` to be a whole number above 0, received ${miniBatchSize}. The reference takes 32.`;
  expect(() => cachedMultipleNegativesRankingLoss({ miniBatchSize })).toThrow(message);
  expect(() => cachedGistEmbedLoss({ guide, miniBatchSize })).toThrow(message);
});

test('a cached loss names itself where columns are missing', () => {
  const input = { embeddings: [new Float32Array(2)], rows: 1, dimension: 2, kernels: createTypeScriptKernels() };
  expect(() => cachedMultipleNegativesRankingLoss().compute({ ...input, prepared: undefined })).toThrow(
    'Expected `CachedMultipleNegativesRankingLoss` to get at least 2 columns, anchor, positive and negatives, received 1.',
  );
});
