import { createRandom, type Kernels, type Loss, type TextGuide } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { testLoss } from '@embedbag/testing';
import {
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  contrastiveLoss,
  cosentLoss,
  cosineSimilarityLoss,
  embeddingDistillationLoss,
  gistEmbedLoss,
  globalOrthogonalRegularization,
  marginMseLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  sumOfLosses,
  tripletLoss,
} from './index.js';

/** Embeddings of 8 dimensions that depend on the texts alone. */
const guide: TextGuide = (texts) => {
  const data = texts.flatMap((text) => {
    const random = createRandom(4, text);
    return Array.from({ length: 8 }, () => random.normal());
  });
  return { data: Float32Array.from(data), rows: texts.length, columns: 8 };
};

// Small scales, so that float32 values a step apart tell the gradient.
const LOSSES: Readonly<Record<string, () => Loss>> = {
  multipleNegativesRankingLoss: () => multipleNegativesRankingLoss({ scale: 4, maskEqualTexts: true }),
  'multipleNegativesRankingLoss in all directions': () =>
    multipleNegativesRankingLoss({
      scale: 4,
      directions: ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'],
    }),
  cachedMultipleNegativesRankingLoss: () => cachedMultipleNegativesRankingLoss({ scale: 4, miniBatchSize: 8 }),
  gistEmbedLoss: () => gistEmbedLoss({ guide, temperature: 0.25, margin: 0.1 }),
  cachedGistEmbedLoss: () => cachedGistEmbedLoss({ guide, temperature: 0.25, margin: 0.1, miniBatchSize: 8 }),
  matryoshkaLoss: () => matryoshkaLoss(multipleNegativesRankingLoss({ scale: 4 }), { dims: [8, 3] }),
  'matryoshkaLoss over triplets': () => matryoshkaLoss(tripletLoss(), { dims: [8, 3] }),
  cosentLoss: () => cosentLoss({ scale: 4 }),
  cosineSimilarityLoss: () => cosineSimilarityLoss(),
  contrastiveLoss: () => contrastiveLoss({ margin: 3 }),
  tripletLoss: () => tripletLoss(),
  marginMseLoss: () => marginMseLoss({ similarity: 'cosine' }),
  embeddingDistillationLoss: () => embeddingDistillationLoss({ teacher: guide, distanceMetric: 'mse' }),
  globalOrthogonalRegularization: () => globalOrthogonalRegularization(),
  sumOfLosses: () => sumOfLosses([multipleNegativesRankingLoss({ scale: 4 }), globalOrthogonalRegularization()]),
};

const KERNELS: Readonly<Record<string, () => Promise<Kernels>>> = {
  typescript: async () => createTypeScriptKernels(),
  'WebAssembly with 1 thread': () => createKernels({ backend: 'wasm-simd', threads: 1 }),
  'WebAssembly with 2 threads': () => createKernels({ backend: 'wasm-simd', threads: 2 }),
};

for (const [kernels, create] of Object.entries(KERNELS)) {
  for (const [loss, createLoss] of Object.entries(LOSSES)) {
    testLoss({
      name: `${loss} on ${kernels}`,
      create: createLoss,
      createKernels: create,
      labelColumns: (columns) => (loss === 'marginMseLoss' ? columns - 2 : 1),
      // Below some 115 rows a second thread is not woken.
      batchSizes: kernels.endsWith('2 threads') ? [1, 120] : [1, 7],
      dimensions: [8],
      step: 1 / 64,
      tolerance: 1e-2,
    });
  }
}
