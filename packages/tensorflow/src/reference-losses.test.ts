import { createRandom, type Kernels, type Loss, type LossComputeInput, type TextGuide } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import * as losses from '@embedbag/losses';
import {
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  contrastiveLoss,
  cosentLoss,
  cosineSimilarityLoss,
  embeddingDistillationLoss,
  type GuideEmbeddings,
  gistEmbedLoss,
  globalOrthogonalRegularization,
  marginMseLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  sumOfLosses,
  tripletLoss,
} from '@embedbag/losses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_NATIVE, ONE_COPY } from './fixtures/native.js';
import {
  referenceContrastiveLoss,
  referenceCosentLoss,
  referenceCosineSimilarityLoss,
  referenceDistillationLoss,
  referenceMarginMseLoss,
  referenceMatryoshka,
  referenceRegularization,
  referenceSum,
  referenceTripletLoss,
} from './fixtures/reference-pairs.js';
import { referenceGistLoss, referenceRankingLoss } from './fixtures/reference-ranking.js';
import type { ReferenceInput, ReferenceLoss } from './fixtures/reference-tensors.js';
import { HAS_WEBGPU } from './fixtures/webgpu.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { lossFromTensorFlow } from './loss-from-tensorflow.js';
import { tensorflowKernels } from './tensorflow-kernels.js';

const DIMENSION = 12;
/** Enough that a second thread has work. */
const ROWS = 120;

/** A built-in loss, its definition in tensors, and the batch they are compared on. */
interface Comparison {
  readonly loss: () => Loss;
  readonly reference: ReferenceLoss;
  readonly columns: number;
  /** What the loss asks about the texts. */
  readonly guide?: TextGuide;
  readonly labels?: 'class' | number;
  /** Whether the columns from 2 on have rows without a text. */
  readonly ragged?: boolean;
}

/** Embeddings of 8 dimensions that depend on the texts alone. */
const guide: TextGuide = (texts) => vectorsOf(texts, 8);
const teacher: TextGuide = (texts) => vectorsOf(texts, DIMENSION);

function vectorsOf(texts: readonly string[], columns: number): Awaited<ReturnType<TextGuide>> {
  const data = texts.flatMap((text) => {
    const random = createRandom(4, text);
    return Array.from({ length: columns }, () => random.normal());
  });
  return { data: Float32Array.from(data), rows: texts.length, columns };
}

const every = ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'] as const;
const symmetric = { directions: ['query_to_doc', 'doc_to_query'], partitionMode: 'per_direction' } as const;
const hard = (hardnessMode: 'in_batch_negatives' | 'hard_negatives' | 'all_negatives') =>
  ({ hardnessMode, hardnessStrength: 9 }) as const;
const dims = [12, 8, 3];

type RankingOptions = Parameters<typeof multipleNegativesRankingLoss>[0];
const ranking = (options: RankingOptions, columns: number, ragged = false): Comparison => ({
  loss: () => multipleNegativesRankingLoss(options) as Loss,
  reference: referenceRankingLoss(options),
  columns,
  ragged,
});

type GistOptions = Omit<Parameters<typeof gistEmbedLoss>[0], 'guide'>;
const gist = (options: GistOptions, columns: number, ragged = false): Comparison => ({
  loss: () => gistEmbedLoss({ guide, ...options }) as Loss,
  reference: referenceGistLoss(options),
  columns,
  guide,
  ragged,
});

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  'ranking of pairs': ranking({}, 2),
  'ranking with two negatives': ranking({ scale: 5 }, 4),
  'ranking with ragged negatives': ranking({}, 4, true),
  'ranking in all directions': ranking({ directions: every }, 3),
  'ranking in all directions, ragged': ranking({ directions: every }, 4, true),
  'symmetric ranking': ranking(symmetric, 3),
  'ranking with hard in-batch negatives': ranking(hard('in_batch_negatives'), 3),
  'ranking with hard negatives': ranking(hard('hard_negatives'), 4),
  'ranking with all negatives hard': ranking(hard('all_negatives'), 4, true),
  'ranking without equal texts': ranking({ maskEqualTexts: true, directions: every }, 4),
  'symmetric ranking without equal texts': ranking({ maskEqualTexts: true, ...symmetric }, 3, true),
  'cached ranking': {
    ...ranking({ directions: every }, 3),
    loss: () => cachedMultipleNegativesRankingLoss({ directions: every, miniBatchSize: 32 }) as Loss,
  },
  gist: gist({}, 2),
  'gist with negatives and a margin': gist({ temperature: 0.05, margin: 0.1 }, 4, true),
  'gist with a relative margin': gist({ temperature: 0.05, margin: 0.2, marginStrategy: 'relative' }, 3),
  'gist of anchors against positives alone': gist({ contrastAnchors: false, contrastPositives: false }, 3),
  'cached gist': {
    ...gist({ temperature: 0.05 }, 3),
    loss: () => cachedGistEmbedLoss({ guide, temperature: 0.05, miniBatchSize: 32 }) as Loss,
  },
  'matryoshka over ranking': {
    loss: () =>
      matryoshkaLoss(multipleNegativesRankingLoss({ directions: every }), { dims, weights: [1, 0.5, 2] }) as Loss,
    reference: referenceMatryoshka(referenceRankingLoss({ directions: every }), dims, [1, 0.5, 2]),
    columns: 3,
  },
  'matryoshka over gist': {
    loss: () => matryoshkaLoss(gistEmbedLoss({ guide, temperature: 0.05 }), { dims }) as Loss,
    reference: referenceMatryoshka(referenceGistLoss({ temperature: 0.05 }), dims),
    columns: 3,
    guide,
  },
  'matryoshka over triplets': {
    loss: () => matryoshkaLoss(tripletLoss(), { dims, weights: [1, 0.5, 2] }) as Loss,
    reference: referenceMatryoshka(referenceTripletLoss({}), dims, [1, 0.5, 2]),
    columns: 3,
  },
  cosent: { loss: () => cosentLoss(), reference: referenceCosentLoss(), columns: 2, labels: 1 },
  'cosine similarity': {
    loss: () => cosineSimilarityLoss(),
    reference: referenceCosineSimilarityLoss(),
    columns: 2,
    labels: 1,
  },
  ...Object.fromEntries(
    (['cosine', 'euclidean', 'manhattan'] as const).map((distanceMetric) => {
      const options = { distanceMetric, margin: 0.7 };
      const comparison = { loss: () => tripletLoss(options), reference: referenceTripletLoss(options), columns: 3 };
      return [`triplets by ${distanceMetric}, ragged`, { ...comparison, ragged: true }];
    }),
  ),
  ...Object.fromEntries(
    (['cosine_distance', 'euclidean', 'manhattan'] as const).map((distanceMetric) => {
      const options = { distanceMetric, margin: distanceMetric === 'cosine_distance' ? 0.9 : 7 };
      const reference = referenceContrastiveLoss(options);
      return [
        `contrastive by ${distanceMetric}`,
        { loss: () => contrastiveLoss(options), reference, columns: 2, labels: 'class' as const },
      ];
    }),
  ),
  ...Object.fromEntries(
    (['dot', 'cosine'] as const).flatMap((similarity) =>
      [2, 3].map((labels) => {
        const reference = referenceMarginMseLoss({ similarity });
        const comparison = { loss: () => marginMseLoss({ similarity }), reference, columns: 4, labels, ragged: true };
        return [`margins by ${similarity}, ${labels} labels a row`, comparison];
      }),
    ),
  ),
  ...Object.fromEntries(
    (['cosine', 'l2', 'mse'] as const).map((distanceMetric) => {
      const loss = () => embeddingDistillationLoss({ teacher, distanceMetric }) as Loss;
      const reference = referenceDistillationLoss({ distanceMetric });
      return [
        `distillation by ${distanceMetric}, ragged`,
        { loss, reference, columns: 3, guide: teacher, ragged: true },
      ];
    }),
  ),
  'global orthogonal regularization': {
    loss: () => globalOrthogonalRegularization(),
    reference: referenceRegularization(),
    columns: 2,
  },
  'global orthogonal regularization of second moments, summed': {
    loss: () => globalOrthogonalRegularization({ meanWeight: 0, aggregation: 'sum' }),
    reference: referenceRegularization({ meanWeight: 0, aggregation: 'sum' }),
    columns: 3,
  },
  'a sum of losses': {
    loss: () =>
      sumOfLosses([multipleNegativesRankingLoss() as Loss, globalOrthogonalRegularization()], {
        weights: [1, 0.5],
      }) as Loss,
    reference: referenceSum([referenceRankingLoss(), referenceRegularization()], [1, 0.5]),
    columns: 2,
  },
};

const NATIVE = 'native TensorFlow';
const WEBGPU = 'WebGPU';
const IS_MISSING: Readonly<Record<string, boolean>> = { [NATIVE]: !HAS_NATIVE, [WEBGPU]: HAS_NATIVE || !HAS_WEBGPU };

const KERNELS: Readonly<Record<string, () => Promise<Kernels>>> = {
  typescript: async () => createTypeScriptKernels(),
  'WebAssembly, 1 thread': () => createKernels({ backend: 'wasm', threads: 1 }),
  'WebAssembly, 2 threads': () => createKernels({ backend: 'wasm', threads: 2 }),
  'TensorFlow.js cpu': () => tensorflowKernels({ backend: 'cpu', ...ONE_COPY, host: createTypeScriptKernels() }),
  [NATIVE]: () => tensorflowKernels({ backend: 'node', ...ONE_COPY, host: createTypeScriptKernels() }),
  [WEBGPU]: () => tensorflowKernels({ backend: 'webgpu', ...ONE_COPY, host: createTypeScriptKernels() }),
};

type Forward = Parameters<typeof lossFromTensorFlow<ReferenceInput>>[0]['forward'];
type Batch = Omit<LossComputeInput, 'prepared' | 'kernels'> & { readonly texts: readonly (readonly string[])[] };

function labelsOf({ labels }: Comparison): { readonly labels?: Float32Array } {
  const random = createRandom(8, 'labels');
  if (labels === undefined) return {};
  if (labels === 'class') return { labels: Float32Array.from({ length: ROWS }, () => random.below(2)) };
  return { labels: Float32Array.from({ length: ROWS * labels }, () => Math.round(random.uniform() * 20) / 20) };
}

/** Random embeddings, positives near their anchors, one zero row; texts of which some repeat. */
function batchOf(comparison: Comparison): Batch {
  const random = createRandom(7, 'batch');
  const embeddings = Array.from({ length: comparison.columns }, () =>
    Float32Array.from({ length: ROWS * DIMENSION }, () => random.normal()),
  );
  for (const [i, value] of embeddings[0]!.entries()) embeddings[1]![i] = 0.5 * embeddings[1]![i]! + 0.5 * value;
  embeddings[0]!.fill(0, 3 * DIMENSION, 4 * DIMENSION);
  const texts = embeddings.map((_, column) =>
    Array.from({ length: ROWS }, () => `text ${random.below(column < 2 ? 100 : 300)}`),
  );
  const mask = (column: number): Uint8Array | undefined =>
    column < 2 ? undefined : Uint8Array.from({ length: ROWS }, () => (random.uniform() < 0.3 ? 0 : 1));
  const valid = comparison.ragged ? { valid: embeddings.map((_, column) => mask(column)) } : {};
  return { embeddings, rows: ROWS, dimension: DIMENSION, texts, ...valid, ...labelsOf(comparison) };
}

/** What the guide says of a batch's texts. */
async function askedGuide({ guide: ask }: Comparison, { texts }: Batch): Promise<GuideEmbeddings | undefined> {
  if (ask === undefined) return undefined;
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  const matrices = await Promise.all(
    texts.map((column, index) => ask(column, undefined, { dataset: 'd', column: index, rows })),
  );
  return { columns: matrices.map(({ data }) => data as Float32Array), dimension: matrices[0]!.columns };
}

interface Evaluated {
  readonly value: number;
  readonly gradients: readonly Float32Array[];
}

function evaluate(loss: Loss, input: LossComputeInput): Evaluated {
  const gradients = input.embeddings.map((matrix) => new Float32Array(matrix.length).fill(Number.NaN));
  return { value: loss.compute(input, gradients), gradients };
}

/** What a loss prepares for a batch. */
async function preparedOf(loss: Loss, { texts }: Batch): Promise<unknown> {
  const textHashes = texts.map(() => new Uint32Array(ROWS * 2));
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  return loss.prepare?.({ texts, textHashes, dataset: 'd', rows, random: createRandom(1) }, undefined);
}

const definitions = new Map<string, Evaluated>();
let kernels: Kernels;

/** The loss as it is defined, evaluated by automatic differentiation. */
async function definitionOf(name: string, comparison: Comparison, batch: Batch): Promise<Evaluated> {
  const known = definitions.get(name);
  if (known !== undefined) return known;
  const tensorflow = await loadTensorFlow({ backend: 'cpu', ...ONE_COPY });
  const forward: Forward = (tf, embeddings, labels, own) =>
    tf.reshape(comparison.reference(tf, embeddings, labels, own), []);
  const definition = lossFromTensorFlow<ReferenceInput>({ name: 'Definition', tensorflow, forward });
  const own: ReferenceInput = { texts: batch.texts, guide: await askedGuide(comparison, batch) };
  const found = evaluate(definition as Loss, { ...batch, prepared: { tensorflow, own }, kernels });
  definitions.set(name, found);
  return found;
}

test('every loss that there is has a definition', () => {
  const factories = Object.keys(losses).filter((name) => /(Loss|Losses|Regularization)$/.test(name));
  const compared = new Set(Object.values(COMPARISONS).map(({ loss }) => loss().name));
  expect(factories.length).toBeGreaterThan(10);
  expect(compared.size).toBe(factories.length);
});

for (const [kernelsName, createKernelsOf] of Object.entries(KERNELS)) {
  compareOn(kernelsName, createKernelsOf);
}

function compareOn(kernelsName: string, createKernelsOf: () => Promise<Kernels>): void {
  describe.skipIf(IS_MISSING[kernelsName] ?? false)(`on ${kernelsName}`, () => {
    beforeAll(async () => {
      kernels = await createKernelsOf();
    });
    afterAll(() => kernels.dispose());

    test.each(Object.keys(COMPARISONS))('%s is what its definition in tensors says', async (name) => {
      const comparison = COMPARISONS[name]!;
      const batch = batchOf(comparison);
      const loss = comparison.loss();
      const expected = await definitionOf(name, comparison, batch);
      const found = evaluate(loss, { ...batch, prepared: await preparedOf(loss, batch), kernels });
      expect(Math.abs(found.value - expected.value)).toBeLessThanOrEqual(2e-5 * Math.abs(expected.value) + 1e-6);
      const largest = Math.max(...expected.gradients.flatMap((gradient) => [...gradient.map(Math.abs)]));
      expect(largest).toBeGreaterThan(0);
      for (const [column, gradient] of found.gradients.entries()) {
        for (const [index, value] of gradient.entries()) {
          const apart = Math.abs(value - expected.gradients[column]![index]!);
          if (!(apart <= 2e-4 * largest)) expect.fail(`column ${column}, index ${index}: ${value} is ${apart} off`);
        }
      }
    });
  });
}
