import { LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { numberFromZero, oneOf } from './invalid-option.js';
import { checkColumns, clearGradients } from './loss-batch.js';
import { pairMeasure } from './pair-measure.js';

/** How far apart two embeddings are: `1 - cosine`, or the length of their difference by squares or by absolute values. */
export type TripletDistanceMetric = 'cosine' | 'euclidean' | 'manhattan';

/** The options of {@link tripletLoss}. */
export interface TripletLossOptions {
  /** Default: `euclidean`. */
  readonly distanceMetric?: TripletDistanceMetric;
  /** How much farther than the positive the negative should be, from 0 up, in units of the distance. Default: 5. */
  readonly margin?: number;
}

const NAME = 'TripletLoss';
const COLUMNS: LossColumns = { min: 3, max: 3, labels: 'none' };
const METRICS: readonly TripletDistanceMetric[] = ['cosine', 'euclidean', 'manhattan'];

const CITATION = `@misc{hermans2017defense,
    title={In Defense of the Triplet Loss for Person Re-Identification},
    author={Alexander Hermans and Lucas Beyer and Bastian Leibe},
    year={2017},
    eprint={1703.07737},
    archivePrefix={arXiv},
    primaryClass={cs.CV}
}`;

/**
 * TripletLoss: the negative must be farther from the anchor than the positive, by a margin.
 *
 *     loss = mean max(0, distance(anchor, positive) - distance(anchor, negative) + margin)
 *
 * Inputs: (anchor, positive, negative); no labels. A row without a negative counts nothing.
 *
 * Requirements: a margin that suits the metric: cosine distances end at 2, so 5 is for the other two. Recommendations: hard
 * negatives; random ones soon lie beyond the margin, and nothing is learnt from them.
 *
 * Relations: `multipleNegativesRankingLoss` takes the same data, uses all other texts of the batch as negatives too, and
 * gives better models nearly always.
 *
 * Reference: sentence-transformers 6.2, losses/triplet.py; Hermans et al. 2017, arXiv 1703.07737.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` when it computes other than three columns.
 *
 * @example
 * ```ts
 * const loss = tripletLoss({ distanceMetric: 'cosine', margin: 0.5 });
 * ```
 */
export function tripletLoss(options: TripletLossOptions = {}): Loss {
  const distanceMetric = oneOf('distanceMetric', METRICS, options.distanceMetric ?? 'euclidean');
  const margin = numberFromZero('margin', options.margin ?? 5, 'The default is 5.');
  const measure = pairMeasure(distanceMetric);
  // `1 - cosine` falls where the cosine rises; its 1 is in both distances.
  const sign = distanceMetric === 'cosine' ? -1 : 1;
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { distanceMetric, margin },
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension, valid } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'anchor, positive and negative');
      clearGradients(input, gradients);
      const [anchors, positives, negatives] = embeddings as [Float32Array, Float32Array, Float32Array];
      const counted = valid?.[2] ? valid[2].subarray(0, rows).reduce((sum, one) => sum + (one === 0 ? 0 : 1), 0) : rows;
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        if (valid?.[2]?.[row] === 0) continue;
        const near = { a: anchors, b: positives, offset: row * dimension, dimension };
        const far = { ...near, b: negatives };
        const excess = sign * (measure.value(near) - measure.value(far)) + margin;
        if (excess <= 0) continue;
        loss += excess / counted;
        if (!gradients) continue;
        measure.addGradient(near, sign / counted, { a: gradients[0], b: gradients[1] });
        measure.addGradient(far, -sign / counted, { a: gradients[0], b: gradients[2] });
      }
      return loss;
    },
  };
}
