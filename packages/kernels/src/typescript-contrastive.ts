import { type ContrastiveBlock, type ContrastiveProblem, checkContrastive } from '@embedbag/core';
import { computeDots } from './typescript-contrastive-dots.js';
import { addGradients, finishGradients } from './typescript-contrastive-gradient.js';
import { layOutGuide, removeGuided } from './typescript-contrastive-guide.js';
import { type ContrastiveLayout, layOut, REMOVED } from './typescript-contrastive-layout.js';
import { removeEqualTexts } from './typescript-contrastive-texts.js';
import { exponential, logarithm } from './typescript-exponential.js';
import type { FloatArray } from './typescript-product.js';

/** A {@link ContrastiveProblem} whose columns may be float64, for checks by central differences. */
export type FloatContrastiveProblem = Omit<ContrastiveProblem, 'columns'> & { readonly columns: readonly FloatArray[] };

/**
 * The fused contrastive loss in plain TypeScript, all arithmetic in float64; see {@link Kernels.contrastive}.
 *
 * DESIGN's nested form: the dot product at one Matryoshka dim continues from that of the dim below, so all dims together
 * cost one product of `dimension` columns. Rows are worked through in blocks; no more than one block's similarities exist
 * at a time. With float64 columns and gradients nothing is rounded to float32.
 *
 * @returns the loss; `gradients`, if given, are written `[rows, dimension]` a column.
 * @throws EmbedbagError `invalid-contrastive-problem` where sizes do not fit together.
 *
 * @example
 * ```ts
 * const problem = {
 *   rows: 2, dimension: 2, columns: [Float64Array.of(1, 0, 0, 1), Float64Array.of(1, 0, 0, 1)], scale: 20,
 *   terms: [{ dim: 2, weight: 1 }], blocks: [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }],
 * };
 * const loss = contrastiveInFloat64(problem);
 * ```
 */
export function contrastiveInFloat64(problem: FloatContrastiveProblem, gradients?: readonly FloatArray[]): number {
  checkContrastive(problem, gradients);
  if (gradients) for (const gradient of gradients) gradient.fill(0, 0, problem.rows * problem.dimension);
  if (problem.rows === 0 || problem.terms.length === 0) return 0;
  const layout = layOut(problem);
  const guide = layOutGuide(problem);
  let loss = 0;
  for (let start = 0; start < problem.rows; start += layout.rowsAtOnce) {
    const end = Math.min(problem.rows, start + layout.rowsAtOnce);
    computeDots(layout, start, end);
    computeCosines(layout, start, end);
    removeEqualTexts(layout, start, end);
    if (guide) removeGuided(layout, guide, start, end);
    for (let row = start; row < end; row++) loss += rowLoss(layout, row, row - start, gradients !== undefined);
    if (gradients) addGradients(layout, start, end, gradients);
  }
  if (gradients) finishGradients(layout, gradients);
  return loss / problem.rows;
}

/** Turns dot products into cosines; an entry that its block removes becomes {@link REMOVED}. */
function computeCosines(layout: ContrastiveLayout, start: number, end: number): void {
  const { problem, similarities, inverseNorms } = layout;
  for (let b = 0; b < problem.blocks.length; b++) {
    const block = problem.blocks[b]!;
    const valid = problem.valid?.[block.candidates];
    for (let t = 0; t < layout.terms.length; t++) {
      const queryNorms = inverseNorms[block.queries]![t]!;
      const candidateNorms = inverseNorms[block.candidates]![t]!;
      for (let row = start; row < end; row++) {
        const offset = layout.similarityOffset(b, t) + (row - start) * layout.stride;
        const queryNorm = queryNorms[row]!;
        for (let j = 0; j < problem.rows; j++) similarities[offset + j]! *= queryNorm * candidateNorms[j]!;
        if (block.removeDiagonal) similarities[offset + row] = REMOVED;
        if (!valid) continue;
        for (let j = 0; j < problem.rows; j++) if (valid[j] === 0) similarities[offset + j] = REMOVED;
      }
    }
  }
}

/** What a cosine of the block counts in the logit: the scale, and the hardness where it applies. */
function logitFactor(block: ContrastiveBlock, scale: number, diagonal: boolean): number {
  const { hardness } = block;
  if (!hardness) return scale;
  const applies = hardness.entries === 'all' || (hardness.entries === 'diagonal') === diagonal;
  return applies ? scale + hardness.strength : scale;
}

/** The loss of one row over all dims; with `weigh` its cosines are replaced by their weights in the gradient. */
function rowLoss(layout: ContrastiveLayout, row: number, localRow: number, weigh: boolean): number {
  const { problem, terms } = layout;
  const label = problem.blocks[0]!;
  let loss = 0;
  for (let t = 0; t < terms.length; t++) {
    const labelCosine = layout.similarities[layout.similarityOffset(0, t) + localRow * layout.stride + row]!;
    let normalizers = 0;
    for (let partition = 0; partition < layout.partitions; partition++) {
      const logZ = partitionNormalizer(layout, partition, t, row, localRow);
      normalizers += logZ;
      if (weigh) weighPartition(layout, partition, t, row, localRow, logZ);
    }
    loss +=
      terms[t]!.weight * (normalizers / layout.partitions - labelCosine * logitFactor(label, problem.scale, true));
  }
  return loss;
}

/** The log-sum-exp of a row's logits in one partition, -Infinity where it has no entry. */
function partitionNormalizer(
  layout: ContrastiveLayout,
  partition: number,
  t: number,
  row: number,
  localRow: number,
): number {
  const { problem, similarities } = layout;
  const { blocks, scale, rows } = problem;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let b = 0; b < blocks.length; b++) {
    if (blocks[b]!.partition !== partition) continue;
    const offset = layout.similarityOffset(b, t) + localRow * layout.stride;
    const factor = logitFactor(blocks[b]!, scale, false);
    const diagonalFactor = logitFactor(blocks[b]!, scale, true);
    for (let j = 0; j < rows; j++) {
      const cosine = similarities[offset + j]!;
      const logit = cosine * (j === row ? diagonalFactor : factor);
      if (logit > maximum && cosine !== REMOVED) maximum = logit;
    }
  }
  if (maximum === Number.NEGATIVE_INFINITY) return maximum;
  let sum = 0;
  for (let b = 0; b < blocks.length; b++) {
    if (blocks[b]!.partition !== partition) continue;
    const offset = layout.similarityOffset(b, t) + localRow * layout.stride;
    const factor = logitFactor(blocks[b]!, scale, false);
    const diagonalFactor = logitFactor(blocks[b]!, scale, true);
    for (let j = 0; j < rows; j++) {
      const cosine = similarities[offset + j]!;
      if (cosine !== REMOVED) sum += exponential(cosine * (j === row ? diagonalFactor : factor) - maximum);
    }
  }
  return maximum + logarithm(sum);
}

/**
 * Replaces the cosines of a row in one partition by `W = P / (n_i m_j)`, and adds `P cos` to the radial sums of both sides,
 * with `P = weight / rows * scale * (softmax / partitions - [label])`. The hardness is a constant in `P`'s derivation.
 */
function weighPartition(
  layout: ContrastiveLayout,
  partition: number,
  t: number,
  row: number,
  localRow: number,
  logZ: number,
): void {
  const { problem, similarities, inverseNorms, radial } = layout;
  const share = (layout.terms[t]!.weight / problem.rows) * problem.scale;
  for (let b = 0; b < problem.blocks.length; b++) {
    const block = problem.blocks[b]!;
    if (block.partition !== partition) continue;
    const offset = layout.similarityOffset(b, t) + localRow * layout.stride;
    const factor = logitFactor(block, problem.scale, false);
    const diagonalFactor = logitFactor(block, problem.scale, true);
    const queryNorm = inverseNorms[block.queries]![t]![row]!;
    const candidateNorms = inverseNorms[block.candidates]![t]!;
    const candidateRadial = radial[block.candidates]![t]!;
    let queryRadial = 0;
    for (let j = 0; j < problem.rows; j++) {
      const cosine = similarities[offset + j]!;
      if (cosine === REMOVED) {
        similarities[offset + j] = 0;
        continue;
      }
      const softmax = exponential(cosine * (j === row ? diagonalFactor : factor) - logZ);
      const p = share * (softmax / layout.partitions - (b === 0 && j === row ? 1 : 0));
      queryRadial += p * cosine;
      candidateRadial[j]! += p * cosine;
      similarities[offset + j] = p * queryNorm * candidateNorms[j]!;
    }
    radial[block.queries]![t]![row]! += queryRadial;
  }
}
