import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';
import {
  asColumn,
  asRow,
  type ContrastivePlan,
  planContrastive,
  type RowRange,
  segmentDots,
} from './tensorflow-contrastive-plan.js';

/** What the masks of all row ranges are made of; see `ContrastiveForm`. */
export interface MaskPlan {
  readonly plan: ContrastivePlan;
  /** The guide's embeddings as columns of one term. */
  readonly guide: ContrastivePlan | undefined;
  /** The row numbers `[1, rows]`. */
  readonly numbers: Tensor2D;
}

/** Brings the guide's embeddings to the backend; the caller's `tidy` disposes them. */
export function planMasks(plan: ContrastivePlan): MaskPlan {
  const { tf, problem } = plan;
  const { rows, blocks, scale, guide } = problem;
  const numbers = tf.tensor2d(
    Int32Array.from({ length: rows }, (_, i) => i),
    [1, rows],
    'int32',
  );
  if (guide === undefined) return { plan, guide, numbers };
  const { columns, dimension } = guide;
  const terms = [{ dim: dimension, weight: 1 }];
  return { plan, guide: planContrastive(tf, { rows, blocks, scale, columns, dimension, terms }, 1), numbers };
}

/** Where entry `(i, i)` stands, `[rows of the range, rows]`, boolean. */
export function diagonalOf({ plan, numbers }: MaskPlan, { start, end }: RowRange): Tensor {
  const { tf } = plan;
  return tf.equal(tf.transpose(tf.slice(numbers, [0, start], [1, end - start])), numbers);
}

/** `ids` of the range against `ids` of all rows: where they are equal, `[rows of the range, rows]`, boolean. */
function equalIds(tf: TensorFlow, own: Int32Array, others: Int32Array, rows: number, { start, end }: RowRange): Tensor {
  const asking = tf.tensor2d(own.slice(start, end), [end - start, 1], 'int32');
  return tf.equal(asking, tf.tensor2d(others.slice(0, rows), [1, rows], 'int32'));
}

/** What the texts say is a negative; see `ContrastiveForm.textIds`. */
function keptByText(
  tf: TensorFlow,
  { rows, textIds }: ContrastiveProblem,
  { candidates }: ContrastiveBlock,
  range: RowRange,
  diagonal: Tensor,
): Tensor | undefined {
  if (textIds === undefined) return undefined;
  const [anchors, positives] = [textIds[0]!, textIds[1]!];
  if (candidates > 1) return tf.logicalNot(equalIds(tf, positives, textIds[candidates]!, rows, range));
  const same = tf.logicalOr(
    equalIds(tf, anchors, anchors, rows, range),
    equalIds(tf, positives, positives, rows, range),
  );
  return tf.logicalOr(diagonal, tf.logicalNot(same));
}

/** The guide's cosines of one block, `[rows of the range, rows]`. */
function guideCosines({ tf, columns }: ContrastivePlan, block: ContrastiveBlock, range: RowRange): Tensor2D {
  const asking = asColumn(tf, columns[block.queries]!.inverseNorms[0]!, range);
  const answering = asRow(tf, columns[block.candidates]!.inverseNorms[0]!);
  // The factors first, so that two vectors have the same bits in either order.
  return tf.mul(segmentDots(tf, columns, block, 0, range), tf.mul(asking, answering));
}

/** By block, what the guide does not find more similar than the label; see `ContrastiveGuide`. */
function keptByGuide({ plan, guide }: MaskPlan, range: RowRange, diagonal: Tensor): (Tensor | undefined)[] {
  const { tf, problem } = plan;
  if (guide === undefined || problem.guide === undefined) return problem.blocks.map(() => undefined);
  const { margin, marginStrategy } = problem.guide;
  const cosines = problem.blocks.map((block) => guideCosines(guide, block, range));
  // Taken out of the product itself, so that a duplicate of the positive has the very same bits.
  const label = tf.sum(tf.where(diagonal, cosines[0]!, tf.zerosLike(cosines[0]!)), 1, true);
  const margins = marginStrategy === 'relative' ? tf.mul(tf.abs(label), margin) : tf.scalar(margin);
  const threshold = tf.sub(label, margins);
  return cosines.map((cosine, b) => {
    const kept = tf.lessEqual(cosine, threshold);
    return b === 0 ? tf.logicalOr(kept, diagonal) : kept;
  });
}

/** By block, which entries take part, `[rows of the range, rows]`, boolean; undefined where all do. */
export function keptEntries(masks: MaskPlan, range: RowRange): (Tensor | undefined)[] {
  const { tf, problem } = masks.plan;
  return tf.tidy(() => {
    const diagonal = diagonalOf(masks, range);
    const guided = keptByGuide(masks, range, diagonal);
    return problem.blocks.map((block, b) => {
      const valid = problem.valid?.[block.candidates];
      const rules = [
        block.removeDiagonal ? tf.logicalNot(diagonal) : undefined,
        valid && tf.greater(asRow(tf, Float32Array.from(valid.subarray(0, problem.rows))), 0),
        keptByText(tf, problem, block, range, diagonal),
        guided[b],
      ].filter((rule) => rule !== undefined);
      if (rules.length === 0) return undefined;
      const kept = rules.reduce((all, rule) => tf.logicalAnd(all, rule));
      return tf.logicalAnd(kept, tf.onesLike(diagonal));
    });
  });
}
