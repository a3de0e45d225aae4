/**
 * Smooth inverse frequency by token: `sif / (sif + p)`, p being the token's share of all tokens.
 *
 * Without `counts` token number i, counted from 0, has the share of rank i + 2 by Zipf's law, as vocabularies are often
 * ordered by frequency; with them, its own.
 *
 * Source: `compute_weights` of model2vec 0.10, distill/inference.py; Arora et al. 2017, A Simple but Tough-to-Beat Baseline.
 *
 * @example
 * ```ts
 * sifWeights(2, 0.1, Float64Array.of(9, 1)); // => Float64Array(2) [ 0.1, 0.5 ]
 * ```
 */
export function sifWeights(tokens: number, sif: number, counts?: Float64Array): Float64Array {
  const shares = counts ?? Float64Array.from({ length: tokens }, (_, index) => 1 / (index + 2));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => (total > 0 ? sif / (sif + share / total) : 1));
}
