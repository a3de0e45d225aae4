import { type ContrastiveBlock, type ContrastiveProblem, checkContrastive } from '@embedbag/core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';
import { sumOf } from './sum-of.js';
import {
  addRangeGradients,
  createGradients,
  disposeGradients,
  writeGradients,
} from './tensorflow-contrastive-gradient.js';
import { diagonalOf, keptEntries, type MaskPlan, planMasks } from './tensorflow-contrastive-mask.js';
import {
  asColumn,
  asRow,
  type ContrastivePlan,
  planContrastive,
  type RowRange,
  segmentDots,
} from './tensorflow-contrastive-plan.js';

/** What is needed of a row range at every dim. */
interface RangeInput {
  readonly plan: ContrastivePlan;
  readonly range: RowRange;
  /** By block; undefined where all entries take part. */
  readonly kept: readonly (Tensor | undefined)[];
  /** The entries `(i, i)`, boolean. */
  readonly diagonal: Tensor;
}

/** One block's part of a dim's gradient. */
export type BlockWeights = {
  /** DESIGN's `W`, `[rows of the range, rows]`. */
  readonly weights: Tensor2D;
  /** DESIGN's `r`, `[rows of the range]`. */
  readonly queryRadial: Tensor1D;
  /** The range's part of DESIGN's `c`, `[rows]`. */
  readonly candidateRadial: Tensor1D;
};

/** What a cosine counts in the logit: the scale, and the hardness where it applies. */
function logitsOf({ plan, diagonal }: RangeInput, { hardness }: ContrastiveBlock, cosines: Tensor2D): Tensor2D {
  const { tf, problem } = plan;
  const { scale } = problem;
  if (hardness === undefined) return tf.mul(cosines, scale);
  const raised = scale + hardness.strength;
  if (hardness.entries === 'all') return tf.mul(cosines, raised);
  const [onDiagonal, elsewhere] = hardness.entries === 'diagonal' ? [raised, scale] : [scale, raised];
  return tf.mul(cosines, tf.where(diagonal, tf.scalar(onDiagonal), tf.scalar(elsewhere))) as Tensor2D;
}

/** The exponentials of one partition's logits by block, their sums by row, and what was taken off before. */
interface Exponentials {
  readonly exponentials: Map<number, Tensor2D>;
  /** `[rows of the range, 1]` */
  readonly sums: Tensor;
  readonly maximum: Tensor | undefined;
}

function exponentialsOf(input: RangeInput, logits: readonly Tensor2D[], partition: number): Exponentials {
  const { plan, kept } = input;
  const { tf, problem } = plan;
  const members = problem.blocks.flatMap((block, b) => (block.partition === partition ? [b] : []));
  const replaceRemoved = (b: number, values: Tensor2D, by: number): Tensor2D => {
    const mask = kept[b];
    return mask === undefined ? values : tf.where<Tensor2D>(mask, values, tf.fill(values.shape, by) as Tensor2D);
  };
  let maximum: Tensor | undefined;
  if (plan.needsMaximum) {
    const maxima = members.map((b) => tf.max(replaceRemoved(b, logits[b]!, -1e30), 1, true));
    maximum = maxima.reduce((a, b) => tf.maximum(a, b));
  }
  const exponentials = new Map(
    members.map((b) => {
      const shifted = maximum === undefined ? logits[b]! : tf.sub<Tensor2D>(logits[b]!, maximum);
      return [b, replaceRemoved(b, tf.exp(shifted), 0)];
    }),
  );
  const sums = [...exponentials.values()].map((values) => tf.sum(values, 1, true));
  return { exponentials, sums: sumOf(tf, sums), maximum };
}

/** What one dim gives: `losses` `[rows of the range]`, and the weights by block. */
type TermResult = { losses: Tensor; blocks: BlockWeights[] };

/** The losses of a range's rows at one dim, and with `weigh` what its gradient needs. */
function evaluateTerm(input: RangeInput, dots: readonly Tensor2D[], t: number, weigh: boolean): TermResult {
  const { plan, range } = input;
  const { tf, problem, columns } = plan;
  const cosines = problem.blocks.map(({ queries, candidates }, b) => {
    const asking = asColumn(tf, columns[queries]!.inverseNorms[t]!, range);
    return tf.mul(tf.mul(dots[b]!, asking), asRow(tf, columns[candidates]!.inverseNorms[t]!)) as Tensor2D;
  });
  const logits = problem.blocks.map((block, b) => logitsOf(input, block, cosines[b]!));
  const rows = range.end - range.start;
  // The labels by the mask that is on the backend: `tf.eye` would be made in ordinary memory and brought over at every dim.
  let losses: Tensor = tf.neg(tf.sum(tf.where(input.diagonal, logits[0]!, tf.zerosLike(logits[0]!)), 1));
  const blocks: BlockWeights[] = [];
  for (let partition = 0; partition < plan.partitions; partition++) {
    const found = exponentialsOf(input, logits, partition);
    const logSums = tf.log(found.sums);
    const normalizers = found.maximum === undefined ? logSums : tf.add(logSums, found.maximum);
    losses = tf.add(losses, tf.div(tf.reshape(normalizers, [rows]), plan.partitions));
    if (!weigh) continue;
    for (const [b, values] of found.exponentials) blocks[b] = weighBlock(input, b, t, values, found.sums, cosines[b]!);
  }
  return { losses: tf.mul(losses, plan.terms[t]!.weight), blocks };
}

/** `W`, `r` and `c` of one block, from its exponentials: `P = weight / rows * scale * (softmax / partitions - [label])`. */
function weighBlock(
  { plan, range, diagonal }: RangeInput,
  b: number,
  t: number,
  exponentials: Tensor2D,
  sums: Tensor,
  cosines: Tensor2D,
): BlockWeights {
  const { tf, problem, columns } = plan;
  const { queries, candidates } = problem.blocks[b]!;
  const share = (plan.terms[t]!.weight / problem.rows) * problem.scale;
  // A row without any entry has no softmax: its sum is 0, and so are all its exponentials.
  const shares = tf.div(share / plan.partitions, tf.where(tf.greater(sums, 0), sums, tf.onesLike(sums)));
  const softmax = tf.mul(exponentials, shares);
  const p = b === 0 ? tf.sub(softmax, tf.mul(tf.cast(diagonal, 'float32'), share)) : softmax;
  const weighted = tf.mul(p, cosines);
  const asking = asColumn(tf, columns[queries]!.inverseNorms[t]!, range);
  return {
    weights: tf.mul(tf.mul(p, asking), asRow(tf, columns[candidates]!.inverseNorms[t]!)) as Tensor2D,
    queryRadial: tf.sum(weighted, 1) as Tensor1D,
    candidateRadial: tf.sum(weighted, 0) as Tensor1D,
  };
}

/** All dims of a row range: the sum of its losses, and by dim and block what the gradient needs. */
function evaluateRange(
  masks: MaskPlan,
  range: RowRange,
  weigh: boolean,
): { readonly loss: number; readonly weights: BlockWeights[][] } {
  const { plan } = masks;
  const { tf, problem, terms } = plan;
  const input = { plan, range, kept: keptEntries(masks, range), diagonal: diagonalOf(masks, range) };
  const weights: BlockWeights[][] = [];
  let loss = 0;
  let dots: Tensor2D[] = [];
  for (let t = 0; t < terms.length; t++) {
    const below: Tensor2D[] = dots;
    dots = problem.blocks.map((block, b) =>
      tf.tidy(() => {
        const product = segmentDots(tf, plan.columns, block, t, range);
        return below[b] === undefined ? product : tf.add<Tensor2D>(below[b], product);
      }),
    );
    tf.dispose(below);
    const { losses, blocks } = tf.tidy(() => evaluateTerm(input, dots, t, weigh));
    for (const value of losses.dataSync()) loss += value;
    losses.dispose();
    weights.push(blocks);
  }
  return { loss, weights };
}

/**
 * See `Kernels.contrastive`: DESIGN's nested form in tensor operations, rows in ranges of which no more than
 * `similaritiesAtOnce` similarities exist at a time, and a few times as many in between.
 */
export function contrastive(
  tf: TensorFlow,
  problem: ContrastiveProblem,
  gradients: readonly Float32Array[] | undefined,
  similaritiesAtOnce: number,
): number {
  checkContrastive(problem, gradients);
  if (gradients) for (const gradient of gradients) gradient.fill(0, 0, problem.rows * problem.dimension);
  if (problem.rows === 0 || problem.terms.length === 0) return 0;
  return tf.tidy(() => {
    const plan = planContrastive(tf, problem, similaritiesAtOnce);
    const masks = planMasks(plan);
    const sums = gradients && createGradients(plan);
    let loss = 0;
    try {
      for (let start = 0; start < problem.rows; start += plan.rowsAtOnce) {
        const range = { start, end: Math.min(problem.rows, start + plan.rowsAtOnce) };
        tf.tidy(() => {
          const evaluated = evaluateRange(masks, range, sums !== undefined);
          loss += evaluated.loss;
          if (sums) addRangeGradients(plan, sums, range, evaluated.weights);
        });
      }
      if (sums && gradients) writeGradients(plan, sums, gradients);
    } finally {
      if (sums) disposeGradients(plan, sums);
    }
    return loss / problem.rows;
  });
}
