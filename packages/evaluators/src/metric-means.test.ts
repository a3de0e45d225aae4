import { expect, test } from 'vitest';
import { deepestCutoff, metricMeans, resolveCutoffs } from './metric-means.js';

test('the default cutoffs and the order of the keys are those of sentence-transformers', () => {
  const cutoffs = resolveCutoffs({});
  expect(Object.keys(metricMeans([{ hits: [1], relevantCount: 1 }], cutoffs))).toEqual([
    'accuracy@1',
    'accuracy@3',
    'accuracy@5',
    'accuracy@10',
    'precision@1',
    'precision@3',
    'precision@5',
    'precision@10',
    'recall@1',
    'recall@3',
    'recall@5',
    'recall@10',
    'ndcg@10',
    'mrr@10',
    'map@100',
  ]);
  expect(deepestCutoff(cutoffs)).toBe(100);
});

test('a figure is the mean over the queries', () => {
  const rankings = [
    { hits: [1, 0], relevantCount: 1 },
    { hits: [0, 1], relevantCount: 2 },
    { hits: [], relevantCount: 1 },
  ];
  const means = metricMeans(
    rankings,
    resolveCutoffs({ accuracyAtK: [1], precisionRecallAtK: [2], mrrAtK: [2], mapAtK: [] }),
  );
  expect(means['accuracy@1']).toBeCloseTo(1 / 3, 15);
  expect(means['precision@2']).toBeCloseTo((1 / 2 + 1 / 2) / 3, 15);
  expect(means['recall@2']).toBeCloseTo((1 + 1 / 2) / 3, 15);
  expect(means['mrr@2']).toBeCloseTo((1 + 1 / 2) / 3, 15);
  expect(Object.keys(means)).not.toContain('map@100');
});

test('refuses ranks below 1, and no rank at all for the primary metric', () => {
  expect(() => resolveCutoffs({ mrrAtK: [10, 0] })).toThrow(
    'Expected `mrrAtK` to hold whole numbers of at least 1, received 0. Give ranks such as 10.',
  );
  expect(() => resolveCutoffs({ ndcgAtK: [] })).toThrow(
    'Expected `ndcgAtK` to hold at least one rank, received none. The largest one is the primary metric; give `[10]`.',
  );
});
