import type { Loss } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { createNaiveKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { CACHED_CASES, compareWithGolden, GOLDEN_CASES, lossOf, testGoldenLosses } from './fixtures/golden-losses.js';
import { embeddingDistillationLoss, matryoshkaLoss } from './index.js';

testGoldenLosses({
  naive: async () => createNaiveKernels(),
  typescript: async () => createTypeScriptKernels(),
  'wasm-simd, 1 thread': () => createKernels({ backend: 'wasm-simd', threads: 1 }),
  'wasm-simd, 2 threads': () => createKernels({ backend: 'wasm-simd', threads: 2 }),
  'wasm-relaxed-simd, 1 thread': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 1 }),
  'wasm-relaxed-simd, 2 threads': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 2 }),
});

/** A loss that no fused kernel knows, so that every dim is evaluated on its own. */
function withoutForm(loss: Loss): Loss {
  const { contrastive: _, ...rest } = loss;
  return rest;
}

describe.skipIf(GOLDEN_CASES.length === 0)('the golden losses of sentence-transformers', () => {
  test('hold 13 ranking, 18 GIST and 12 Matryoshka cases, 43 of which have a cached form', () => {
    expect(GOLDEN_CASES.filter(({ config }) => config.loss === 'gist').length).toBe(18);
    expect(GOLDEN_CASES.filter(({ config }) => config.loss === 'mnrl').length).toBe(13);
    expect(GOLDEN_CASES.filter(({ config }) => config.loss === 'matryoshka').length).toBe(12);
    expect(GOLDEN_CASES.length).toBe(59);
    expect(CACHED_CASES.length).toBe(43);
  });

  test.each(GOLDEN_CASES.filter(({ config }) => config.loss === 'embeddingDistillation'))(
    '$name agrees with the vectors in the labels',
    (golden) =>
      compareWithGolden(embeddingDistillationLoss(golden.config as never) as Loss, golden, createTypeScriptKernels()),
  );

  test.each(GOLDEN_CASES.filter(({ config }) => config.loss === 'matryoshka'))(
    '$name agrees without fusing',
    async (golden) => {
      const inner = withoutForm(lossOf(golden, golden.config.inner));
      await compareWithGolden(matryoshkaLoss(inner, golden.config as never) as Loss, golden, createTypeScriptKernels());
    },
  );
});
