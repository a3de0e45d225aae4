import { LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { positiveNumber } from './invalid-option.js';
import { checkColumns, clearGradients, rowLabels } from './loss-batch.js';
import { pairMeasure } from './pair-measure.js';

/** The options of {@link cosentLoss}. */
export interface CosentLossOptions {
  /** Multiplies every cosine similarity, `1 / temperature`; positive. Default: 20. */
  readonly scale?: number;
}

const NAME = 'CoSENTLoss';
const COLUMNS: LossColumns = { min: 2, max: 2, labels: 'score' };

const CITATION = `@article{10531646,
    author={Huang, Xiang and Peng, Hao and Zou, Dongcheng and Liu, Zhiwei and Li, Jianxin and Liu, Kay and Wu, Jia and Su, Jianlin and Yu, Philip S.},
    journal={IEEE/ACM Transactions on Audio, Speech, and Language Processing},
    title={CoSENT: Consistent Sentence Embedding via Similarity Ranking},
    year={2024},
    doi={10.1109/TASLP.2024.3402087}
}`;

/** `log(exp(a) + exp(b))`. */
function logAdd(a: number, b: number): number {
  const maximum = Math.max(a, b);
  if (maximum === Number.NEGATIVE_INFINITY) return maximum;
  return maximum + Math.log1p(Math.exp(Math.min(a, b) - maximum));
}

/**
 * By place in `order`, the log-sum-exp of `values` over all rows that come before it and have another label.
 * `order` sorts the rows by label, ascending or descending.
 */
function sumsBefore(order: Int32Array, labels: Float32Array, values: Float64Array): Float64Array {
  const sums = new Float64Array(order.length);
  let before = Number.NEGATIVE_INFINITY;
  let group = 0;
  for (let place = 0; place < order.length; place++) {
    if (labels[order[place]!] !== labels[order[group]!]) {
      for (; group < place; group++) before = logAdd(before, values[order[group]!]!);
    }
    sums[place] = before;
  }
  return sums;
}

/**
 * CoSENT's value for scaled similarities and labels; with `gradient` writes its derivative by each of them.
 *
 *     loss = log(1 + sum_{i, j: label_i < label_j} exp(s_i - s_j))
 */
function cosent(similarities: Float64Array, labels: Float32Array, gradient: Float64Array | undefined): number {
  const ascending = Int32Array.from(labels.keys()).sort((i, j) => labels[i]! - labels[j]! || i - j);
  const descending = ascending.slice().reverse();
  const higher = sumsBefore(
    descending,
    labels,
    similarities.map((similarity) => -similarity),
  );
  let loss = 0;
  for (const [place, row] of descending.entries()) loss = logAdd(loss, similarities[row]! + higher[place]!);
  if (!gradient) return loss;
  const lower = sumsBefore(ascending, labels, similarities);
  for (const [place, row] of descending.entries()) gradient[row] = Math.exp(similarities[row]! + higher[place]! - loss);
  for (const [place, row] of ascending.entries()) gradient[row]! -= Math.exp(lower[place]! - similarities[row]! - loss);
  return loss;
}

/**
 * CoSENTLoss: pairs of texts with a higher score must be more similar than pairs with a lower one.
 *
 *     loss = log(1 + sum exp(scale * (cosine_i - cosine_j)))
 *
 * over all rows `i`, `j` of the batch where the score of `i` is below that of `j`. It takes `rows log rows` steps.
 *
 * Inputs: (text_a, text_b); labels: one score a row, of which only the order counts.
 *
 * Requirements: none; a batch with one score only has loss 0. Recommendations: large batches, for more pairs of rows.
 *
 * Relations: `cosineSimilarityLoss` takes the same data and asks for the scores themselves, often a weaker signal.
 *
 * Reference: sentence-transformers 6.2, losses/cosent.py; Huang et al. 2024, doi 10.1109/TASLP.2024.3402087.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` and `wrong-labels` when it computes a batch that has
 * others.
 *
 * @example
 * ```ts
 * const loss = cosentLoss({ scale: 20 });
 * ```
 */
export function cosentLoss(options: CosentLossOptions = {}): Loss {
  const scale = positiveNumber('scale', options.scale ?? 20, 'CoSENT takes 20.');
  const cosine = pairMeasure('cosine');
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { scale },
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'two texts');
      const labels = rowLabels(NAME, input);
      clearGradients(input, gradients);
      const pairs = Array.from({ length: rows }, (_, row) => {
        return { a: embeddings[0]!, b: embeddings[1]!, offset: row * dimension, dimension };
      });
      const similarities = Float64Array.from(pairs, (pair) => scale * cosine.value(pair));
      const bySimilarity = gradients && new Float64Array(rows);
      const loss = cosent(similarities, labels, bySimilarity);
      for (const [row, weight] of (bySimilarity ?? []).entries()) {
        cosine.addGradient(pairs[row]!, scale * weight, { a: gradients![0], b: gradients![1] });
      }
      return loss;
    },
  };
}
