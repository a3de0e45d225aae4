import { testEvaluator } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averagePrecision } from './average-precision.js';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';
import { rerankingEvaluator } from './reranking-evaluator.js';
import { ndcgAtK } from './retrieval-metrics.js';
import { tieAveragedNdcg } from './tie-averaged-ndcg.js';

const words = ['one', 'two', 'three', 'four', 'five'];

testEvaluator({
  name: 'RerankingEvaluator, at several dims',
  create: () =>
    rerankingEvaluator({
      samples: words.map((query, i) => ({
        query,
        positive: words.slice(0, 1 + (i % 2)).map((word) => `${query} answered by ${word}`),
        negative: words.map((word) => `${query} not answered by ${word}`),
      })),
      truncateDims: [16, 4],
    }),
});

const model = vectorModel({ q: [1, 0], near: [1, 0.1], middle: [1, 0.5], far: [0, 1] });

test('ranks the documents of each query by themselves', async () => {
  const evaluator = rerankingEvaluator({
    name: 'ask',
    atK: 2,
    samples: [
      { query: 'q', positive: ['middle'], negative: ['near', 'far'] },
      { query: 'q', positive: 'near', negative: 'far' },
      { query: 'q', positive: [], negative: ['far'] },
    ],
  });
  const { metrics, primaryMetric } = await evaluator.evaluate(model);
  expect(metrics.ask_map).toBe((1 / 2 + 1) / 2);
  expect(metrics['ask_mrr@2']).toBe((1 / 2 + 1) / 2);
  expect(metrics['ask_ndcg@2']).toBeCloseTo((1 / Math.log2(3) + 1) / 2, 12);
  expect(primaryMetric).toBe('ask_ndcg@2');
  expect(evaluator.config).toMatchObject({ samples: 2, atK: 2 });
});

const ranking = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 6 })
  .filter((documents) => documents.some(([, label]) => label === 1));

function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, i) => permutations(values.toSpliced(i, 1)).map((rest) => [value, ...rest]));
}

test('NDCG is the mean over all orders of documents with equal scores', () => {
  fc.assert(
    fc.property(ranking, fc.integer({ min: 1, max: 7 }), (documents, k) => {
      const orders = permutations(documents).filter((order) =>
        order.every(([score], i) => i === 0 || order[i - 1]![0] >= score),
      );
      const relevant = documents.filter(([, label]) => label === 1).length;
      const sum = orders.reduce(
        (total, order) =>
          total +
          ndcgAtK(
            order.map(([, label]) => label),
            k,
            relevant,
          ),
        0,
      );
      const [scores, labels] = [documents.map(([score]) => score), documents.map(([, label]) => label)];
      expect(tieAveragedNdcg(labels, scores, k)).toBeCloseTo(sum / orders.length, 10);
    }),
  );
});

test('the average precision does not depend on the order of documents with equal scores', () => {
  expect(averagePrecision([1, 0, 1], [0.9, 0.8, 0.1])).toBeCloseTo(1 / 2 + (1 / 2) * (2 / 3), 12);
  expect(averagePrecision([0, 0], [1, 2])).toBe(0);
  fc.assert(
    fc.property(ranking, (documents) => {
      const of = (order: typeof documents): number =>
        averagePrecision(
          order.map(([, label]) => label),
          order.map(([score]) => score),
        );
      expect(of([...documents].reverse())).toBeCloseTo(of(documents), 12);
    }),
  );
});

test('refuses samples of which none can be judged, and ranks below 1', async () => {
  expect(await refusal(() => rerankingEvaluator({ samples: [{ query: 'q', positive: ['a'], negative: [] }] }))).toBe(
    'empty-list: Expected `samples` to hold at least one with a positive and a negative, received 1 without. Check what was read.',
  );
  const samples = [{ query: 'q', positive: ['a'], negative: ['b'] }];
  expect(await refusal(() => rerankingEvaluator({ samples, atK: 0 }))).toMatch(/^cutoff-invalid: Expected `atK`/);
  expect(await refusal(() => rerankingEvaluator({ samples, similarityFunction: 'jaccard' as never }))).toMatch(
    /^similarity-unknown: Expected `similarityFunction` to be one of/,
  );
});
