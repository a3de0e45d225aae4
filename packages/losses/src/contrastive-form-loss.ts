import {
  type ContrastiveBlock,
  type ContrastiveForm,
  LOSS_CONTRACT,
  type Loss,
  type LossComputeInput,
  type MatryoshkaTerm,
} from '@embedbag/core';
import { invalidOption } from './invalid-option.js';

/** A loss without what follows from its contrastive form. */
export interface ContrastiveFormParts<Prepared> extends Omit<Loss<Prepared>, 'contract' | 'compute'> {
  contrastive(columnCount: number, prepared?: Prepared): ContrastiveForm;
}

/**
 * Matrices that a kernel with a memory of its own makes of these blocks: each column laid out for products, and of each column that
 * holds candidates a second layout and its gradient.
 */
export function matricesOfBlocks(blocks: readonly ContrastiveBlock[]): number {
  const candidates = new Set(blocks.map((block) => block.candidates));
  const used = new Set([...candidates, ...blocks.map((block) => block.queries)]);
  return used.size + 2 * candidates.size;
}

/** The loss of `form` at `terms`, and its gradient, from the kernels of `input`. */
export function computeForm(
  form: ContrastiveForm,
  terms: readonly MatryoshkaTerm[],
  { embeddings, rows, dimension, valid, products, kernels }: LossComputeInput<unknown>,
  gradients: readonly Float32Array[] | undefined,
): number {
  const options = { ...(valid !== undefined && { valid }), ...(products !== undefined && { products }) };
  return kernels.contrastive({ ...form, ...options, rows, dimension, columns: embeddings, terms }, gradients);
}

/** The loss whose value and gradient are those of its contrastive form, at the embeddings' own dimension. */
export function lossFromForm<Prepared>(parts: ContrastiveFormParts<Prepared>): Loss<Prepared> {
  return {
    ...parts,
    contract: LOSS_CONTRACT,
    compute(input: LossComputeInput<Prepared>, gradients?: readonly Float32Array[]): number {
      const form = parts.contrastive(input.embeddings.length, input.prepared);
      return computeForm(form, [{ dim: input.dimension, weight: 1 }], input, gradients);
    },
  };
}

/** What the cached losses take beside the options of the losses that they equal. */
export interface MiniBatchOptions {
  /**
   * Rows of the batch whose similarities to all candidates are held at once, all threads together: `miniBatchSize x batch`
   * floats for each dim and kind of candidate. Rounded up to a multiple of 8; less than some 16 a thread is slower. Default: 32.
   */
  readonly miniBatchSize?: number;
}

const CITATION_GRAD_CACHE = `@misc{gao2021scaling,
    title={Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup},
    author={Luyu Gao and Yunyi Zhang and Jiawei Han and Jamie Callan},
    year={2021},
    eprint={2101.06983},
    archivePrefix={arXiv},
    primaryClass={cs.LG}
}`;

/** The same loss with a bound on the similarities that are held at once: the value and the gradient stay. */
export function withMiniBatches<Prepared>(
  parts: ContrastiveFormParts<Prepared>,
  { miniBatchSize = 32 }: MiniBatchOptions,
): ContrastiveFormParts<Prepared> {
  if (!(Number.isInteger(miniBatchSize) && miniBatchSize > 0)) {
    invalidOption('miniBatchSize', 'to be a whole number above 0', miniBatchSize, 'The reference takes 32.');
  }
  const { citation, config, contrastive } = parts;
  return {
    ...parts,
    config: { ...config, miniBatchSize },
    citation: citation === undefined ? CITATION_GRAD_CACHE : `${CITATION_GRAD_CACHE}\n\n${citation}`,
    contrastive: (columnCount, prepared) => ({ ...contrastive(columnCount, prepared), rowsAtOnce: miniBatchSize }),
  };
}
