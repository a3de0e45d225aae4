import { EmbedbagError, LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { oneOf } from './invalid-option.js';
import { checkColumns, checkFinite, clearGradients } from './loss-batch.js';
import { pairMeasure } from './pair-measure.js';

/** What a margin is a difference of. */
export type MarginMseSimilarity = 'dot' | 'cosine';

/** The options of {@link marginMseLoss}. */
export interface MarginMseLossOptions {
  /** Must suit the teacher's scores: cosines have margins between -2 and 2 only. Default: `dot`. */
  readonly similarity?: MarginMseSimilarity;
}

const NAME = 'MarginMSELoss';
const COLUMNS: LossColumns = { min: 3, labels: 'score' };
const SIMILARITIES: readonly MarginMseSimilarity[] = ['dot', 'cosine'];

const CITATION = `@misc{hofstätter2021improving,
    title={Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation},
    author={Sebastian Hofstätter and Sophia Althammer and Michael Schröder and Mete Sertkan and Allan Hanbury},
    year={2021},
    eprint={2010.02666},
    archivePrefix={arXiv},
    primaryClass={cs.IR}
}`;

/** The teacher's margins `[rows, negatives]`, from margins or from the scores of the positive and every negative. */
function teacherMargins({ labels, rows, embeddings }: LossComputeInput): Float64Array {
  const negatives = embeddings.length - 2;
  if (labels?.length === rows * negatives) return Float64Array.from(checkFinite(NAME, labels));
  if (labels?.length === rows * (negatives + 1)) {
    checkFinite(NAME, labels);
    return Float64Array.from({ length: rows * negatives }, (_, index) => {
      const row = Math.floor(index / negatives) * (negatives + 1);
      return labels[row]! - labels[row + 1 + (index % negatives)]!;
    });
  }
  throw new EmbedbagError({
    code: 'wrong-labels',
    message: `Expected \`${NAME}\` to get ${negatives} margins or ${negatives + 1} scores a row as labels for ${negatives} negatives, received ${labels === undefined ? 'none' : labels.length / rows}. Give one for each negative, or drop columns.`,
    details: { negatives, received: labels?.length ?? 0 },
  });
}

/** How many negatives of the batch have a text. */
function countNegatives({ embeddings, rows, valid }: LossComputeInput): number {
  let count = 0;
  for (let column = 2; column < embeddings.length; column++) {
    for (let row = 0; row < rows; row++) if (valid?.[column]?.[row] !== 0) count += 1;
  }
  return count;
}

/**
 * MarginMSELoss: the difference in similarity between the positive and a negative must be that of a teacher's scores.
 *
 *     loss = mean (similarity(query, positive) - similarity(query, negative_i) - margin_i)^2
 *
 * Inputs: (query, positive, negative_1, ..., negative_n), where a positive need not be better than a negative; labels: a
 * row's n margins `teacher(query, positive) - teacher(query, negative_i)`, or its n + 1 scores, the positive's first.
 * A negative without a text counts nothing.
 *
 * Requirements: a teacher's scores, of a cross-encoder as a rule. Recommendations: hard negatives; `cosine` only for a
 * teacher whose scores are cosines.
 *
 * Relations: `multipleNegativesRankingLoss` takes the same columns without labels and learns faster. `embeddingDistillationLoss`
 * takes a teacher's embeddings.
 *
 * Reference: sentence-transformers 6.2, losses/margin_mse.py; Hofstätter et al. 2021, arXiv 2010.02666.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` and `wrong-labels` when it computes a batch that has
 * others.
 *
 * @example
 * ```ts
 * const loss = marginMseLoss({ similarity: 'dot' });
 * ```
 */
export function marginMseLoss(options: MarginMseLossOptions = {}): Loss {
  const similarity = oneOf('similarity', SIMILARITIES, options.similarity ?? 'dot');
  const measure = pairMeasure(similarity);
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { similarity },
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension, valid } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'query, positive and negatives');
      const margins = teacherMargins(input);
      clearGradients(input, gradients);
      const negatives = embeddings.length - 2;
      const count = countNegatives(input);
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        const positive = { a: embeddings[0]!, b: embeddings[1]!, offset: row * dimension, dimension };
        const positiveScore = measure.value(positive);
        let byPositive = 0;
        for (let column = 2; column < embeddings.length; column++) {
          if (valid?.[column]?.[row] === 0) continue;
          const negative = { ...positive, b: embeddings[column]! };
          const error = positiveScore - measure.value(negative) - margins[row * negatives + column - 2]!;
          loss += (error * error) / count;
          byPositive += (2 * error) / count;
          if (gradients) measure.addGradient(negative, (-2 * error) / count, { a: gradients[0], b: gradients[column] });
        }
        if (gradients) measure.addGradient(positive, byPositive, { a: gradients[0], b: gradients[1] });
      }
      return loss;
    },
  };
}
