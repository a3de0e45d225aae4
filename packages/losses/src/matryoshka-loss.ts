import { EmbedbagError, LOSS_CONTRACT, type Loss, type LossComputeInput, type MatryoshkaTerm } from '@embedbag/core';
import { computeForm } from './contrastive-form-loss.js';
import { invalidOption } from './invalid-option.js';

/** The options of {@link matryoshkaLoss}. */
export interface MatryoshkaLossOptions {
  /** The prefixes of the embedding that are trained, distinct, in any order; should hold the model's own dimension. */
  readonly dims: readonly number[];
  /** By dim, its share in the sum. Default: 1 each. */
  readonly weights?: readonly number[];
  /** How many dims, chosen at random, a step uses; -1 for all. Default: -1. */
  readonly nDimsPerStep?: number;
}

/** What {@link matryoshkaLoss} prepares for a batch. */
export interface MatryoshkaPrepared<Prepared> {
  readonly inner: Prepared;
  /** The dims of this step and their weights. */
  readonly terms: readonly MatryoshkaTerm[];
}

const CITATION = `@misc{kusupati2024matryoshka,
    title={Matryoshka Representation Learning},
    author={Aditya Kusupati and Gantavya Bhatt and Aniket Rege and Matthew Wallingford and Aditya Sinha and Vivek Ramanujan and William Howard-Snyder and Kaifeng Chen and Sham Kakade and Prateek Jain and Ali Farhadi},
    year={2024},
    eprint={2205.13147},
    archivePrefix={arXiv},
    primaryClass={cs.LG}
}`;

/** The checked terms, largest dim first, as the reference keeps them. */
function termsOf(options: MatryoshkaLossOptions): MatryoshkaTerm[] {
  const { dims } = options;
  const weights = options.weights ?? dims.map(() => 1);
  if (dims.length === 0)
    invalidOption('dims', 'to have at least one dimension', dims, "Begin with the model's dimension.");
  for (const dim of dims) {
    if (!(Number.isInteger(dim) && dim > 0)) invalidOption('dims', 'to be whole numbers above 0', dim, 'Drop it.');
  }
  const duplicate = dims.find((dim, index) => dims.indexOf(dim) !== index);
  if (duplicate !== undefined) invalidOption('dims', 'to be distinct', dims, 'Give it a larger weight instead.');
  if (weights.length !== dims.length) {
    invalidOption('weights', `to be as many as the ${dims.length} \`dims\``, weights.length, 'Give one weight a dim.');
  }
  for (const weight of weights) {
    if (!Number.isFinite(weight)) invalidOption('weights', 'to be finite numbers', weight, 'Use 1 where unsure.');
  }
  return dims.map((dim, index) => ({ dim, weight: weights[index]! })).sort((a, b) => b.dim - a.dim);
}

function dimsPerStep(options: MatryoshkaLossOptions): number {
  const count = options.nDimsPerStep ?? -1;
  if (count === -1 || (Number.isInteger(count) && count > 0)) return count;
  return invalidOption('nDimsPerStep', 'to be -1 or a whole number above 0', count, 'Leave it out to use all dims.');
}

function checkDimension(terms: readonly MatryoshkaTerm[], dimension: number): void {
  const largest = Math.max(...terms.map(({ dim }) => dim));
  if (largest <= dimension) return;
  throw new EmbedbagError({
    code: 'dimension-too-large',
    message: `Expected \`dims\` to be at most the model's ${dimension} dimensions, received ${largest}. Lower it or train a wider model.`,
    details: { limit: dimension, received: largest },
  });
}

/** Copies the first `dim` columns of a `[rows, dimension]` matrix into `out`, `[rows, dim]`. */
function slice(matrix: Float32Array, rows: number, dimension: number, dim: number, out: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    out.set(matrix.subarray(row * dimension, row * dimension + dim), row * dim);
  }
}

/** Adds `weight` times a `[rows, dim]` matrix to the first `dim` columns of a `[rows, dimension]` one. */
function addSlice(part: Float32Array, rows: number, dimension: number, term: MatryoshkaTerm, sum: Float32Array): void {
  const { dim, weight } = term;
  for (let row = 0; row < rows; row++) {
    for (let d = 0; d < dim; d++) sum[row * dimension + d]! += weight * part[row * dim + d]!;
  }
}

/** One evaluation of the inner loss a dim, for losses that no fused kernel knows. */
function computeByDim<Prepared>(
  inner: Loss<Prepared>,
  input: LossComputeInput<Prepared>,
  terms: readonly MatryoshkaTerm[],
  gradients: readonly Float32Array[] | undefined,
): number {
  const { embeddings, rows, dimension, kernels } = input;
  const length = rows * Math.max(...terms.map(({ dim }) => dim));
  const parts = embeddings.map(() => kernels.allocateFloat32(length));
  const partGradients = gradients?.map(() => kernels.allocateFloat32(length));
  try {
    for (const gradient of gradients ?? []) gradient.fill(0, 0, rows * dimension);
    let loss = 0;
    for (const term of terms) {
      const { dim, weight } = term;
      for (const [column, matrix] of embeddings.entries()) slice(matrix, rows, dimension, dim, parts[column]!);
      const shaped = parts.map((part) => part.subarray(0, rows * dim));
      const written = partGradients?.map((part) => part.subarray(0, rows * dim));
      loss += weight * inner.compute({ ...input, embeddings: shaped, dimension: dim }, written);
      for (const [column, part] of (written ?? []).entries())
        addSlice(part, rows, dimension, term, gradients![column]!);
    }
    return loss;
  } finally {
    for (const part of [...parts, ...(partGradients ?? [])]) kernels.release(part);
  }
}

/**
 * MatryoshkaLoss: the weighted sum of another loss over prefixes of the embedding, so that a truncated embedding still works.
 *
 * A loss that describes itself as contrastive runs at all dims in one fused pass; any other is evaluated once a dim, on
 * sliced columns. The value and the gradient are the same. The sum is not divided by the weights.
 *
 * Inputs and labels: those of `inner`. Requirements: those of `inner`, and no dim above the model's. Recommendations: let
 * `dims` hold the model's own dimension, or the whole embedding is not trained.
 *
 * Relations: `sumOfLosses` adds several losses at the whole dimension; inside it this loss stays fused.
 *
 * Reference: sentence-transformers 6.2, losses/matryoshka.py; Kusupati et al. 2022, arXiv 2205.13147.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `dimension-too-large` when a dim is above the embeddings' dimension.
 *
 * @example
 * ```ts
 * const loss = matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [1024, 512, 256, 128, 64, 32] });
 * ```
 */
export function matryoshkaLoss<Prepared = unknown>(
  inner: Loss<Prepared>,
  options: MatryoshkaLossOptions,
): Loss<MatryoshkaPrepared<Prepared> | undefined> {
  const terms = termsOf(options);
  const perStep = dimsPerStep(options);
  const samples = perStep > 0 && perStep < terms.length;

  const loss: Loss<MatryoshkaPrepared<Prepared> | undefined> = {
    contract: LOSS_CONTRACT,
    name: 'MatryoshkaLoss',
    config: {
      loss: inner.name,
      lossConfig: inner.config,
      dims: terms.map(({ dim }) => dim),
      weights: terms.map(({ weight }) => weight),
      nDimsPerStep: perStep,
    },
    columns: inner.columns,
    // What is evaluated once a dim needs a slice of every column and of its gradient.
    workingMatrices: (columnCount) =>
      (inner.workingMatrices?.(columnCount) ?? 0) + (inner.contrastive ? 0 : 2 * columnCount),
    citation: inner.citation === undefined ? CITATION : `${CITATION}\n\n${inner.citation}`,
    compute(
      input: LossComputeInput<MatryoshkaPrepared<Prepared> | undefined>,
      gradients?: readonly Float32Array[],
    ): number {
      const chosen = input.prepared?.terms ?? terms;
      checkDimension(terms, input.dimension);
      if (!inner.contrastive) {
        return computeByDim(inner, { ...input, prepared: input.prepared?.inner as Prepared }, chosen, gradients);
      }
      const form = inner.contrastive(input.embeddings.length, input.prepared?.inner);
      return computeForm(form, chosen, input, gradients);
    },
  };
  if (!samples && !inner.prepare) return loss;
  return {
    ...loss,
    async prepare(input, signal): Promise<MatryoshkaPrepared<Prepared>> {
      const order = Int32Array.from(terms.keys());
      if (samples) input.random.shuffle(order);
      const chosen = samples ? order.slice(0, perStep).sort() : order;
      const prepared = (await inner.prepare?.(input, signal)) as Prepared;
      return { inner: prepared, terms: Array.from(chosen, (index) => terms[index]!) };
    },
  };
}
