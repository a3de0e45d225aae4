/** The numbers `0 .. scores.length - 1` by descending score, equal scores in their order. */
export function descendingOrder(scores: ArrayLike<number>): number[] {
  return Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
}

/**
 * The average precision of a ranking by `scores`, where `labels` are 1 for what is relevant and else 0: the precision at
 * each distinct score, weighted by the recall that it adds; 0 where nothing is relevant. The order of equal scores does not
 * matter. Follows `average_precision_score` of scikit-learn.
 *
 * @example
 * ```ts
 * averagePrecision([1, 0, 1], [0.9, 0.8, 0.1]); // 1 / 2 * 1 + 1 / 2 * 2 / 3
 * ```
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = descendingOrder(scores);
  const relevant = order.reduce((count, i) => count + labels[i]!, 0);
  if (relevant === 0) return 0;
  let sum = 0;
  let found = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    const before = found;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      found += labels[order[end]!]!;
      end += 1;
    }
    sum += ((found - before) / relevant) * (found / end);
  }
  return sum;
}
