import { existsSync, readFileSync } from 'node:fs';
import { createRandom, type Kernels, type Loss, type LossPrepareInput, type Matrix } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { createNaiveKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import {
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  contrastiveLoss,
  cosentLoss,
  cosineSimilarityLoss,
  embeddingDistillationLoss,
  gistEmbedLoss,
  globalOrthogonalRegularization,
  guideFromVectors,
  marginMseLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  tripletLoss,
} from './index.js';

const GOLDEN = new URL('../../../../shared/golden/losses.json', import.meta.url);

type Vectors = readonly (readonly number[])[];

/** The options of a loss as sentence-transformers was given them, and its name. */
interface GoldenConfig {
  readonly loss: string;
  readonly inner?: GoldenConfig;
}

interface GoldenCase {
  readonly name: string;
  readonly config: GoldenConfig;
  readonly columns: readonly Vectors[];
  /** Embeddings of the guide by column. */
  readonly guide: readonly Vectors[] | null;
  /** One a row, several a row, or a teacher's embedding for every column of a row. */
  readonly labels?: readonly (number | readonly (number | readonly number[])[])[] | null;
  readonly loss: number;
  readonly gradients: readonly Vectors[];
}

const KERNELS: Record<string, () => Promise<Kernels>> = {
  naive: async () => createNaiveKernels(),
  typescript: async () => createTypeScriptKernels(),
  'wasm-simd, 1 thread': () => createKernels({ backend: 'wasm-simd', threads: 1 }),
  'wasm-simd, 2 threads': () => createKernels({ backend: 'wasm-simd', threads: 2 }),
  'wasm-relaxed-simd, 1 thread': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 1 }),
  'wasm-relaxed-simd, 2 threads': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 2 }),
};

function matrixOf(vectors: Vectors): Matrix {
  return { data: Float32Array.from(vectors.flat()), rows: vectors.length, columns: vectors[0]!.length };
}

/** The teacher's embeddings by column, which the reference takes as labels `[rows, columns, dimension]`. */
function teacherOf({ labels, columns }: GoldenCase): Matrix[] {
  const byRow = labels as readonly Vectors[];
  return columns.map((_, column) => matrixOf(byRow.map((row) => row[column]!)));
}

const MAKERS = { mnrl: multipleNegativesRankingLoss, gist: gistEmbedLoss };
const CACHED_MAKERS: typeof MAKERS = {
  mnrl: (options) => cachedMultipleNegativesRankingLoss({ ...options, miniBatchSize: 1 }),
  gist: (options) => cachedGistEmbedLoss({ ...options, miniBatchSize: 1 }),
};

function lossOf(golden: GoldenCase, config: GoldenConfig = golden.config, makers: typeof MAKERS = MAKERS): Loss {
  // What is left is the reference's own options under our names.
  const options = config as never;
  switch (config.loss) {
    case 'mnrl':
      return makers.mnrl(options);
    case 'matryoshka':
      return matryoshkaLoss(lossOf(golden, config.inner!, makers), options) as Loss;
    case 'gist': {
      const guide = guideFromVectors({ golden: golden.guide!.map(matrixOf) });
      return makers.gist({ ...(options as object), guide }) as Loss;
    }
    case 'cosent':
      return cosentLoss(options);
    case 'cosineSimilarity':
      return cosineSimilarityLoss();
    case 'triplet':
      return tripletLoss(options);
    case 'contrastive':
      return contrastiveLoss(options);
    case 'marginMse':
      return marginMseLoss(options);
    case 'embeddingDistillation': {
      const teacher = guideFromVectors({ golden: teacherOf(golden) });
      return embeddingDistillationLoss({ ...(options as object), teacher }) as Loss;
    }
    case 'globalOrthogonalRegularization':
      return globalOrthogonalRegularization(options);
    default:
      throw new Error(`no loss ${config.loss}`);
  }
}

/** What the loss prepares for the case's rows. */
async function prepare(loss: Loss, { columns }: GoldenCase): Promise<unknown> {
  const rows = columns[0]!.length;
  const input: LossPrepareInput = {
    texts: columns.map((_, column) => Array.from({ length: rows }, (_, row) => `text ${row} of ${column}`)),
    textHashes: columns.map((_, column) => Uint32Array.from({ length: rows * 2 }, (_, i) => column * 100 + i)),
    dataset: 'golden',
    rows: Int32Array.from({ length: rows }, (_, row) => row),
    random: createRandom(1),
  };
  return loss.prepare?.(input, undefined);
}

/** A loss that no fused kernel knows, so that every dim is evaluated on its own. */
function withoutForm(loss: Loss): Loss {
  const { contrastive: _, ...rest } = loss;
  return rest;
}

async function compare(loss: Loss, golden: GoldenCase, kernels: Kernels): Promise<void> {
  const rows = golden.columns[0]!.length;
  const dimension = golden.columns[0]![0]!.length;
  const embeddings = golden.columns.map((column) => Float32Array.from(column.flat()));
  const gradients = embeddings.map((column) => new Float32Array(column.length).fill(Number.NaN));
  const input = { embeddings, rows, dimension, prepared: await prepare(loss, golden), kernels };
  const labels = golden.labels && Float32Array.from(golden.labels.flat(2) as number[]);
  const value = loss.compute(labels ? { ...input, labels } : input, gradients);
  expect(Math.abs(value - golden.loss)).toBeLessThanOrEqual(1e-5 * Math.abs(golden.loss));
  for (const [column, gradient] of gradients.entries()) {
    const expected = golden.gradients[column]!.flat();
    const bound = 1e-4 * Math.max(...expected.map(Math.abs));
    for (const [index, entry] of expected.entries()) {
      const error = Math.abs(gradient[index]! - entry);
      expect(error <= bound, `column ${column}, index ${index}: ${gradient[index]} for ${entry}`).toBe(true);
    }
  }
}

describe.skipIf(!existsSync(GOLDEN))('the golden losses of sentence-transformers', () => {
  const cases = existsSync(GOLDEN) ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as GoldenCase[]) : [];

  test('hold 13 ranking, 18 GIST and 12 Matryoshka cases', () => {
    expect(cases.filter(({ config }) => config.loss === 'gist').length).toBe(18);
    expect(cases.filter(({ config }) => config.loss === 'mnrl').length).toBe(13);
    expect(cases.filter(({ config }) => config.loss === 'matryoshka').length).toBe(12);
    expect(cases.length).toBe(59);
  });

  describe.each(Object.keys(KERNELS))('on %s kernels', (name) => {
    test.each(cases)('$name agrees to 1e-5 in value and 1e-4 in gradient', async (golden) => {
      const kernels = await KERNELS[name]!();
      try {
        await compare(lossOf(golden), golden, kernels);
      } finally {
        kernels.dispose();
      }
    });
  });

  const contrastive = cases.filter(({ config }) => ['mnrl', 'gist'].includes(config.inner?.loss ?? config.loss));

  test('hold 43 cases that have a cached form', () => {
    expect(contrastive.length).toBe(43);
  });

  describe.each(Object.keys(KERNELS))('of the cached form on %s kernels', (name) => {
    test.each(contrastive)('$name agrees to 1e-5 in value and 1e-4 in gradient', async (golden) => {
      const kernels = await KERNELS[name]!();
      try {
        await compare(lossOf(golden, golden.config, CACHED_MAKERS), golden, kernels);
      } finally {
        kernels.dispose();
      }
    });
  });

  test.each(cases.filter(({ config }) => config.loss === 'embeddingDistillation'))(
    '$name agrees with the vectors in the labels',
    (golden) => compare(embeddingDistillationLoss(golden.config as never) as Loss, golden, createTypeScriptKernels()),
  );

  test.each(cases.filter(({ config }) => config.loss === 'matryoshka'))(
    '$name agrees without fusing',
    async (golden) => {
      const inner = withoutForm(lossOf(golden, golden.config.inner));
      await compare(matryoshkaLoss(inner, golden.config as never) as Loss, golden, createTypeScriptKernels());
    },
  );
});
