import { expect, test } from 'vitest';
import { scoreGroups, taskOf } from './score-groups.js';

const plain = (metrics: Record<string, number>): object =>
  Object.fromEntries(
    scoreGroups(metrics).map(({ name, figures }) => [
      name,
      Object.fromEntries([...figures].map(([figure, byDim]) => [figure, [...byDim]])),
    ]),
  );

test('keys are parted into dataset, figure and dim', () => {
  const metrics = {
    'NanoBEIR_mean_cosine_ndcg@10': 0.5,
    'NanoBEIR_mean_256_cosine_ndcg@10': 0.4,
    'Nano_MSMARCO_cosine_ndcg@10': 0.3,
    'Nano_MSMARCO_256_cosine_ndcg@10': 0.2,
    sts_2017_spearman_cosine: 0.8,
    loss: 1.5,
  };
  expect(plain(metrics)).toEqual({
    NanoBEIR_mean: {
      'cosine_ndcg@10': [
        [undefined, 0.5],
        [256, 0.4],
      ],
    },
    Nano_MSMARCO: {
      'cosine_ndcg@10': [
        [undefined, 0.3],
        [256, 0.2],
      ],
    },
    // No dim: nothing is called `sts_spearman_cosine`.
    sts_2017: { spearman_cosine: [[undefined, 0.8]] },
    '': { loss: [[undefined, 1.5]] },
  });
});

test.each([
  [{ 'a_cosine_ndcg@10': 1, 'a_cosine_recall@10': 1 }, 'information-retrieval'],
  [{ a_pearson_cosine: 1, a_spearman_cosine: 1 }, 'semantic-similarity'],
  [{ a_cosine_accuracy: 1 }, 'triplet'],
  [{ a_src2trg_accuracy: 1, a_trg2src_accuracy: 1 }, 'translation'],
  [{ a_cosine_accuracy: 1, a_cosine_f1: 1, a_cosine_ap: 1 }, 'binary-classification'],
  [{ a_map: 1, 'a_mrr@10': 1, 'a_ndcg@10': 1 }, 'reranking'],
  [{ mine: 1 }, 'custom'],
])('%j is of the task %s', (metrics, task) => {
  expect(taskOf(scoreGroups(metrics)[0]!)[0]).toBe(task);
});
