import { EmbedbagError, LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { numberFromZero, oneOf } from './invalid-option.js';
import { checkColumns, clearGradients, rowLabels } from './loss-batch.js';
import { pairMeasure } from './pair-measure.js';

/** How far apart two embeddings are: `1 - cosine`, or the length of their difference by squares or by absolute values. */
export type ContrastiveDistanceMetric = 'cosine_distance' | 'euclidean' | 'manhattan';

/** The options of {@link contrastiveLoss}. */
export interface ContrastiveLossOptions {
  /** Default: `cosine_distance`. */
  readonly distanceMetric?: ContrastiveDistanceMetric;
  /** How far apart the texts of a negative row should be at least, from 0 up. Default: 0.5. */
  readonly margin?: number;
}

const NAME = 'ContrastiveLoss';
const COLUMNS: LossColumns = { min: 2, max: 2, labels: 'class' };
const METRICS: readonly ContrastiveDistanceMetric[] = ['cosine_distance', 'euclidean', 'manhattan'];
/** What PyTorch's `pairwise_distance` adds to every difference. */
const SHIFT = 1e-6;

const CITATION = `@inproceedings{hadsell2006dimensionality,
    author={Hadsell, R. and Chopra, S. and LeCun, Y.},
    booktitle={2006 IEEE Computer Society Conference on Computer Vision and Pattern Recognition (CVPR'06)},
    title={Dimensionality Reduction by Learning an Invariant Mapping},
    year={2006},
    volume={2},
    number={},
    pages={1735-1742},
    doi={10.1109/CVPR.2006.100}
}`;

function checkLabels(labels: Float32Array): Float32Array {
  const wrong = labels.find((label) => label < 0 || label > 1);
  if (wrong === undefined) return labels;
  throw new EmbedbagError({
    code: 'wrong-labels',
    message: `Expected the labels of \`${NAME}\` to be 1 for texts that belong together and 0 for others, received ${wrong}. Use \`cosineSimilarityLoss\` for scores.`,
    details: { received: wrong },
  });
}

/**
 * ContrastiveLoss: texts that belong together must be near each other, others at least a margin apart.
 *
 *     loss = mean 1/2 (label * distance^2 + (1 - label) * max(0, margin - distance)^2)
 *
 * Inputs: (text_a, text_b); labels: 1 where the two belong together, 0 where not. A label between weighs the two parts.
 *
 * Requirements: a margin that suits the metric: cosine distances end at 2. Recommendations: more rows of label 0 than 1.
 *
 * Relations: `multipleNegativesRankingLoss` on the rows of label 1 alone is often better. `cosineSimilarityLoss` takes
 * scores.
 *
 * Reference: sentence-transformers 6.2, losses/contrastive.py; Hadsell et al. 2006, doi 10.1109/CVPR.2006.100.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` and `wrong-labels` when it computes a batch that has
 * others.
 *
 * @example
 * ```ts
 * const loss = contrastiveLoss({ distanceMetric: 'cosine_distance', margin: 0.5 });
 * ```
 */
export function contrastiveLoss(options: ContrastiveLossOptions = {}): Loss {
  const distanceMetric = oneOf('distanceMetric', METRICS, options.distanceMetric ?? 'cosine_distance');
  const margin = numberFromZero('margin', options.margin ?? 0.5, 'The default is 0.5.');
  const cosine = distanceMetric === 'cosine_distance';
  const measure = cosine ? pairMeasure('cosine') : pairMeasure(distanceMetric, { shift: SHIFT });
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { distanceMetric, margin },
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'two texts');
      const labels = checkLabels(rowLabels(NAME, input));
      clearGradients(input, gradients);
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        const pair = { a: embeddings[0]!, b: embeddings[1]!, offset: row * dimension, dimension };
        const value = measure.value(pair);
        const distance = cosine ? 1 - value : value;
        const label = labels[row]!;
        const missing = Math.max(0, margin - distance);
        loss += (label * distance * distance + (1 - label) * missing * missing) / (2 * rows);
        const byDistance = (label * distance - (1 - label) * missing) / rows;
        if (!gradients || byDistance === 0) continue;
        measure.addGradient(pair, cosine ? -byDistance : byDistance, { a: gradients[0], b: gradients[1] });
      }
      return loss;
    },
  };
}
