import { descendingOrder } from './average-precision.js';

/**
 * NDCG at `k` of a ranking by `scores` with `labels` of 0 or 1, at least one of them 1; among equal scores the mean over all
 * their orders: every one of them has the mean gain of all. McSherry and Najork 2008; follows `ndcg_score` of scikit-learn.
 */
export function tieAveragedNdcg(labels: ArrayLike<number>, scores: ArrayLike<number>, k: number): number {
  const order = descendingOrder(scores);
  const discount = (rank: number): number => (rank < k ? 1 / Math.log2(rank + 2) : 0);
  let gain = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let relevant = 0;
    let discounts = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      relevant += labels[order[end]!]!;
      discounts += discount(end);
    }
    gain += (relevant / (end - start)) * discounts;
  }
  let best = 0;
  let rank = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === 1) best += discount(rank++);
  return gain / best;
}
