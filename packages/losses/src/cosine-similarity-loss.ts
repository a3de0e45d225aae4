import { LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { checkColumns, clearGradients, rowLabels } from './loss-batch.js';
import { pairMeasure } from './pair-measure.js';

const NAME = 'CosineSimilarityLoss';
const COLUMNS: LossColumns = { min: 2, max: 2, labels: 'score' };

const CITATION = `@inproceedings{reimers-2019-sentence-bert,
    title={Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks},
    author={Reimers, Nils and Gurevych, Iryna},
    booktitle={Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing},
    year={2019},
    publisher={Association for Computational Linguistics},
    url={https://arxiv.org/abs/1908.10084},
}`;

/**
 * CosineSimilarityLoss: the mean squared difference between the cosine of two texts and the score they were given.
 *
 * Inputs: (text_a, text_b); labels: one score a row, the cosine to reach.
 *
 * Requirements: scores in the range of a cosine, -1 to 1. Recommendations: `cosentLoss`, which only asks for the order of
 * the scores, often gives better models from the same data.
 *
 * Relations: `cosentLoss` takes the same data. `contrastiveLoss` takes labels 0 and 1.
 *
 * Reference: sentence-transformers 6.2, losses/cosine_similarity.py; Reimers and Gurevych 2019, arXiv 1908.10084.
 *
 * @throws EmbedbagError `wrong-columns` and `wrong-labels` when it computes a batch that has others.
 *
 * @example
 * ```ts
 * const loss = cosineSimilarityLoss();
 * ```
 */
export function cosineSimilarityLoss(): Loss {
  const cosine = pairMeasure('cosine');
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: {},
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'two texts');
      const labels = rowLabels(NAME, input);
      clearGradients(input, gradients);
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        const pair = { a: embeddings[0]!, b: embeddings[1]!, offset: row * dimension, dimension };
        const difference = cosine.value(pair) - labels[row]!;
        loss += (difference * difference) / rows;
        if (gradients) cosine.addGradient(pair, (2 * difference) / rows, { a: gradients[0], b: gradients[1] });
      }
      return loss;
    },
  };
}
