import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { spearmanCorrelation } from './correlation.js';
import { type EmbeddingSimilarityOptions, embeddingSimilarityEvaluator } from './embedding-similarity-evaluator.js';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
const pairs = {
  sentences1: words.map((word) => `first ${word}`),
  sentences2: words.map((word) => `second ${word}`),
  scores: words.map((_, i) => (i * 3) % 7),
} satisfies EmbeddingSimilarityOptions;

testEvaluator({
  name: 'EmbeddingSimilarityEvaluator, of codes, at several dims',
  create: () =>
    embeddingSimilarityEvaluator({
      ...pairs,
      name: 'words',
      precision: 'int8',
      similarityFunctions: ['cosine', 'manhattan'],
      truncateDims: [16, 4],
    }),
});

const model = vectorModel({ up: [1, 0], right: [0, 1], between: [1, 1], far: [3, 4], none: [0, 0] });
const known = {
  sentences1: ['up', 'up', 'up', 'up'],
  sentences2: ['up', 'between', 'right', 'far'],
  scores: [5, 4, 1, 2],
} satisfies EmbeddingSimilarityOptions;

test('correlates each similarity with the scores, and names the largest', async () => {
  const { metrics, primaryMetric } = await embeddingSimilarityEvaluator({
    ...known,
    similarityFunctions: ['cosine', 'dot'],
  }).evaluate(model);
  // Cosines 1, 0.71, 0, 0.6 are in the order of the scores; dot products 1, 1, 0, 3 are not.
  expect(metrics.spearman_cosine).toBeCloseTo(1, 12);
  expect(metrics.spearman_dot).toBeCloseTo(0.316227766, 6);
  expect(metrics.spearman_max).toBe(metrics.spearman_cosine);
  expect(primaryMetric).toBe('spearman_max');
});

test('embeds each side once for all dims, and names the figures of each', async () => {
  const calls: number[] = [];
  const counting = {
    ...model,
    embed: (texts: readonly string[]) => {
      calls.push(texts.length);
      return model.embed(texts);
    },
  };
  const evaluator = embeddingSimilarityEvaluator({ ...known, name: 'tiny', truncateDims: [1, 2] });
  const { metrics, byDim, csv } = await evaluator.evaluate(counting);
  expect(calls).toEqual([4, 4]);
  expect(metrics.tiny_1_spearman_cosine).toBe(byDim[1]!.spearman_cosine);
  expect(metrics.tiny_2_spearman_cosine).toBe(metrics.tiny_spearman_cosine);
  expect(csv!.map(({ fileName }) => fileName)).toEqual([
    'similarity_evaluation_tiny_results.csv',
    'similarity_evaluation_tiny_1_results.csv',
    'similarity_evaluation_tiny_2_results.csv',
  ]);
});

test('an empty text has a similarity of 0, and bits are set above 0', async () => {
  const options = { ...known, sentences2: ['none', 'between', 'right', 'far'] };
  const spearman = async (precision: 'float32' | 'binary' | 'ubinary'): Promise<number> =>
    (await embeddingSimilarityEvaluator({ ...options, precision }).evaluate(model)).metrics.spearman_cosine!;
  expect(await spearman('float32')).toBeCloseTo(spearmanCorrelation(known.scores, [0, 0.7, 0, 0.6]), 12);
  for (const precision of ['binary', 'ubinary'] as const) {
    expect(await spearman(precision)).toBeCloseTo(spearmanCorrelation(known.scores, [0, 1, 0, 1]), 12);
  }
});

test('describes itself without the texts', () => {
  const { name, config } = embeddingSimilarityEvaluator({ ...known, precision: 'binary', mainSimilarity: 'dot' });
  expect(name).toBe('binary');
  expect(config).toEqual({
    name: '',
    pairs: 4,
    similarityFunctions: ['dot'],
    mainSimilarity: 'dot',
    precision: 'binary',
  });
});

test.each<[Partial<Record<keyof EmbeddingSimilarityOptions, unknown>>, string]>([
  [
    { scores: [1, 2] },
    'length-mismatch: Expected `sentences1` and `scores` to be of the same length, received 4 and 2. Give one entry of each for every row.',
  ],
  [
    { sentences1: [], sentences2: [], scores: [] },
    'empty-list: Expected `sentences1` to hold at least one entry, received none. Check what was read.',
  ],
  [
    { scores: [1, Number.NaN, 2, 3] },
    'scores-invalid: Expected `scores` to be finite numbers that are not all the same, received NaN in row 1. Check what was read.',
  ],
  [
    { scores: [2, 2, 2, 2] },
    'scores-invalid: Expected `scores` to be finite numbers that are not all the same, received 2 in every row. Check what was read.',
  ],
  [
    { precision: 'int4' },
    'precision-unknown: Expected `precision` to be one of `float32`, `int8`, `uint8`, `binary`, `ubinary`, received `int4`. Choose among these.',
  ],
  [
    { mainSimilarity: 'jaccard' },
    'similarity-unknown: Expected `mainSimilarity` to be one of `cosine`, `dot`, `euclidean`, `manhattan`, received `jaccard`. Choose among these.',
  ],
  [
    { truncateDims: [0] },
    'dimension-invalid: Expected `truncateDims[0]` to be a whole number of at least 1, received 0. Give one such as 256.',
  ],
])('refuses %j', async (wrong, expected) => {
  expect(await refusal(() => embeddingSimilarityEvaluator({ ...known, ...wrong } as EmbeddingSimilarityOptions))).toBe(
    expected,
  );
});
