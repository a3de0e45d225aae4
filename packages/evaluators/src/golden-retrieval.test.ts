import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { informationRetrievalEvaluator } from './information-retrieval-evaluator.js';

const folder = new URL('../../../../shared/golden/', import.meta.url);

interface GoldenRetrieval {
  readonly queries: Record<string, string>;
  readonly corpus: Record<string, string>;
  readonly relevantDocs: Record<string, string[]>;
  readonly results: Record<string, number>;
  readonly results_truncated_8: Record<string, number>;
}

describe.skipIf(!existsSync(folder))('the figures of sentence-transformers with ties and duplicates', () => {
  let golden: GoldenRetrieval;
  let model: StaticEmbedding;

  beforeAll(async () => {
    golden = JSON.parse(readFileSync(new URL('evaluators.json', folder), 'utf8')).informationRetrieval;
    model = await StaticEmbedding.load(fileURLToPath(new URL('models/st-v6', folder)), {
      kernels: createTypeScriptKernels(),
    });
  });
  afterAll(() => model.dispose());

  function expectFigures(metrics: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
    expect(Object.keys(metrics)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) expect(metrics[key], key).toBeCloseTo(value, 9);
  }

  test('at all dims', async () => {
    const { metrics, primaryMetric } = await informationRetrievalEvaluator({ ...golden, name: 'tiny' }).evaluate(model);
    expectFigures(metrics, golden.results);
    expect(primaryMetric).toBe('tiny_cosine_ndcg@10');
  });

  test('at 8 dims, and so whatever the size of the chunks', async () => {
    for (const corpusChunkSize of [7, 100, 1000]) {
      const evaluator = informationRetrievalEvaluator({ ...golden, name: 'tiny', truncateDims: [8], corpusChunkSize });
      expectFigures((await evaluator.evaluate(model)).metrics, golden.results_truncated_8);
    }
  });

  test('at several dims from one call', async () => {
    const evaluator = informationRetrievalEvaluator({ ...golden, name: 'tiny', truncateDims: [8, model.dimension] });
    const { metrics, byDim } = await evaluator.evaluate(model);
    for (const [key, value] of Object.entries(golden.results_truncated_8)) {
      expect(byDim[8]![key.replace('tiny_', '')], key).toBeCloseTo(value, 9);
      expect(metrics[key.replace('tiny_', 'tiny_8_')], key).toBeCloseTo(value, 9);
      expect(metrics[key], key).toBeCloseTo(golden.results[key]!, 9);
    }
  });
});
