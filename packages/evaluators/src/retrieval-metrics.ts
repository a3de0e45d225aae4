/**
 * How one query's ranking is judged, binary gain: `hits[rank]` is 1 where the document at that rank, best first, is
 * relevant, and 0 where it is not. A list shorter than `k` stands for a ranking that ends there.
 */
export type Hits = ArrayLike<number>;

/** The discounted cumulative gain at `k`: the sum of `hits[rank] / log2(rank + 2)`, ranks from 0. */
function discountedGain(hits: Hits, k: number): number {
  let gain = 0;
  for (let rank = 0; rank < Math.min(hits.length, k); rank++) if (hits[rank] !== 0) gain += 1 / Math.log2(rank + 2);
  return gain;
}

/** The number of relevant documents among the first `k`. */
function countHits(hits: Hits, k: number): number {
  let count = 0;
  for (let rank = 0; rank < Math.min(hits.length, k); rank++) if (hits[rank] !== 0) count += 1;
  return count;
}

/** The rank, from 0, of the first relevant document among the first `k`; -1 if there is none. */
function firstHit(hits: Hits, k: number): number {
  for (let rank = 0; rank < Math.min(hits.length, k); rank++) if (hits[rank] !== 0) return rank;
  return -1;
}

/** 1 if a relevant document is among the first `k`, else 0. */
export function accuracyAtK(hits: Hits, k: number): number {
  return firstHit(hits, k) === -1 ? 0 : 1;
}

/** The share of relevant documents among the first `k`; divided by `k` also where the ranking is shorter. */
export function precisionAtK(hits: Hits, k: number): number {
  return countHits(hits, k) / k;
}

/** The share of the query's `relevantCount` documents that are among the first `k`. */
export function recallAtK(hits: Hits, k: number, relevantCount: number): number {
  return countHits(hits, k) / relevantCount;
}

/** 1 divided by the rank, from 1, of the first relevant document; 0 if none is among the first `k`. */
export function reciprocalRankAtK(hits: Hits, k: number): number {
  const rank = firstHit(hits, k);
  return rank === -1 ? 0 : 1 / (rank + 1);
}

/** The sum of the precisions at each relevant document among the first `k`, divided by `min(k, relevantCount)`. */
export function averagePrecisionAtK(hits: Hits, k: number, relevantCount: number): number {
  let count = 0;
  let sum = 0;
  for (let rank = 0; rank < Math.min(hits.length, k); rank++) {
    if (hits[rank] === 0) continue;
    count += 1;
    sum += count / (rank + 1);
  }
  return sum / Math.min(k, relevantCount);
}

/**
 * Normalised discounted cumulative gain, binary: the gain at `k` divided by that of a ranking that has all of the
 * query's `relevantCount` documents first. Järvelin and Kekäläinen 2002.
 */
export function ndcgAtK(hits: Hits, k: number, relevantCount: number): number {
  let best = 0;
  for (let rank = 0; rank < Math.min(relevantCount, k); rank++) best += 1 / Math.log2(rank + 2);
  return discountedGain(hits, k) / best;
}
