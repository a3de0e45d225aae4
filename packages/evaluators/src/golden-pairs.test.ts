import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EmbeddingModel } from '@embedbag/core';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddingSimilarityOptions, embeddingSimilarityEvaluator } from './embedding-similarity-evaluator.js';
import { type TripletOptions, tripletEvaluator } from './triplet-evaluator.js';

const folder = new URL('../../../../shared/golden/', import.meta.url);

type Figures = Readonly<Record<string, number>>;
type Golden<Options> = Options & Readonly<Record<`results${string}`, Figures>>;

/** The embeddings of `model` with the bits of PyTorch: float32 sums token by token, divided by their number. */
function inPyTorchOrder({ tokenizer, table, dimension, kernels }: StaticEmbedding): EmbeddingModel {
  return {
    dimension,
    kernels,
    embed(texts) {
      const { ids, offsets } = tokenizer.tokenize(texts);
      const data = new Float32Array(texts.length * dimension);
      for (let text = 0; text < texts.length; text++) {
        const mean = data.subarray(text * dimension, (text + 1) * dimension);
        const tokens = ids.subarray(offsets[text]!, offsets[text + 1]!);
        for (const id of tokens) for (let d = 0; d < dimension; d++) mean[d]! += table.data[id * dimension + d]!;
        for (let d = 0; d < dimension; d++) mean[d]! /= Math.max(tokens.length, 1);
      }
      return { data, rows: texts.length, columns: dimension };
    },
  };
}

const ALL = ['cosine', 'dot', 'euclidean', 'manhattan'] as const;

describe.skipIf(!existsSync(folder))('the figures of sentence-transformers', () => {
  let sts: Golden<EmbeddingSimilarityOptions>;
  let triplet: Golden<TripletOptions>;
  let model: StaticEmbedding;

  beforeAll(async () => {
    ({ sts, triplet } = JSON.parse(readFileSync(new URL('evaluators.json', folder), 'utf8')));
    model = await StaticEmbedding.load(fileURLToPath(new URL('models/st-v6', folder)));
  });
  afterAll(() => model.dispose());

  function expectFigures(metrics: Figures, expected: Figures, digits = 6): void {
    expect(Object.keys(metrics)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) expect(metrics[key], key).toBeCloseTo(value, digits);
  }

  test.each([
    ['results', {}],
    ['results_all', { similarityFunctions: ALL }],
    ['results_int8', { precision: 'int8' }],
    ['results_ubinary', { precision: 'ubinary' }],
    ['results_truncated_8', { truncateDims: [8] }],
  ] as const)('of similar pairs: %s', async (key, options) => {
    const evaluator = embeddingSimilarityEvaluator({ ...sts, name: 'tiny', ...options });
    expectFigures((await evaluator.evaluate(inPyTorchOrder(model))).metrics, sts[key]!);
    // Six pairs are of equal texts. How they are ranked, from a rounding error, moves Spearman's correlation this little.
    expectFigures((await evaluator.evaluate(model)).metrics, sts[key]!, 2);
  });

  test.each([
    ['results', {}],
    ['results_margin', { margin: 0.1 }],
    ['results_all', { similarityFunctions: ALL }],
  ] as const)('of triplets: %s', async (key, options) => {
    const { metrics } = await tripletEvaluator({ ...triplet, name: 'tiny', ...options }).evaluate(model);
    expectFigures(metrics, triplet[key]!);
  });
});
