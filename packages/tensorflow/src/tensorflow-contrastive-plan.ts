import type { ContrastiveBlock, ContrastiveProblem, MatryoshkaTerm } from '@embedbag/core';
import type { Tensor2D } from '@tensorflow/tfjs';
import { inverseNorms } from './inverse-norms.js';
import type { TensorFlow } from './load-tensorflow.js';

/** Up to this bound of the logits their exponentials and sums stay normal numbers, and no row maximum is needed. */
const LARGEST_SAFE_LOGIT = 40;
/** Fewer rows than this are not worth a product. */
const FEWEST_ROWS_AT_ONCE = 8;

/** One column of embeddings on the backend. */
export interface PlannedColumn {
  /** The dimensions between one Matryoshka dim and the next, `[rows, width]` each. */
  readonly segments: readonly Tensor2D[];
  /** `1 / norm` by term, `[rows]`; 0 for a zero row. */
  readonly inverseNorms: readonly Float32Array[];
}

/** One evaluation: its columns on the backend, and how it is cut. */
export interface ContrastivePlan {
  readonly tf: TensorFlow;
  readonly problem: ContrastiveProblem;
  /** By ascending dim. */
  readonly terms: readonly MatryoshkaTerm[];
  readonly columns: readonly PlannedColumn[];
  readonly partitions: number;
  readonly rowsAtOnce: number;
  /** Whether logits may be so large that their exponentials need the row's maximum taken off. */
  readonly needsMaximum: boolean;
}

/** Rows whose similarities exist at a time. */
function rowsAtOnceOf({ rows, blocks, terms, rowsAtOnce }: ContrastiveProblem, similaritiesAtOnce: number): number {
  const fitting = Math.floor(similaritiesAtOnce / (rows * blocks.length * terms.length));
  return Math.min(rows, rowsAtOnce ?? rows, Math.max(FEWEST_ROWS_AT_ONCE, fitting));
}

function planColumn(tf: TensorFlow, problem: ContrastiveProblem, data: Float32Array, dims: number[]): PlannedColumn {
  const { rows, dimension } = problem;
  const whole = tf.tensor2d(data.subarray(0, rows * dimension), [rows, dimension]);
  const segments = dims.map((dim, t) => {
    const start = dims[t - 1] ?? 0;
    return tf.slice(whole, [0, start], [rows, dim - start]);
  });
  return { segments, inverseNorms: inverseNorms({ data, rows, columns: dimension }, dims) };
}

/** Brings the columns to the backend; the caller's `tidy` disposes them. */
export function planContrastive(
  tf: TensorFlow,
  problem: ContrastiveProblem,
  similaritiesAtOnce: number,
): ContrastivePlan {
  const terms = [...problem.terms].sort((a, b) => a.dim - b.dim);
  const dims = terms.map(({ dim }) => dim);
  const strengths = problem.blocks.map(({ hardness }) => Math.abs(hardness?.strength ?? 0));
  return {
    tf,
    problem,
    terms,
    columns: problem.columns.map((data) => planColumn(tf, problem, data, dims)),
    partitions: 1 + Math.max(...problem.blocks.map((block) => block.partition)),
    rowsAtOnce: rowsAtOnceOf(problem, similaritiesAtOnce),
    needsMaximum: Math.abs(problem.scale) + Math.max(...strengths) > LARGEST_SAFE_LOGIT,
  };
}

/** Rows `[start, end)` of the queries against all candidates. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** `values` of rows `[start, end)` as a column `[rows, 1]`. */
export function asColumn(tf: TensorFlow, values: Float32Array, { start, end }: RowRange): Tensor2D {
  return tf.tensor2d(values.subarray(start, end), [end - start, 1]);
}

/** `values` as a row `[1, values]`. */
export function asRow(tf: TensorFlow, values: Float32Array): Tensor2D {
  return tf.tensor2d(values, [1, values.length]);
}

/** Rows `[start, end)` of `matrix`. */
export function rowsOf(tf: TensorFlow, matrix: Tensor2D, { start, end }: RowRange): Tensor2D {
  const [rows, columns] = matrix.shape;
  return start === 0 && end === rows ? tf.clone(matrix) : tf.slice(matrix, [start, 0], [end - start, columns]);
}

/** The dot products of a block in one segment, `[rows of the range, rows]`. */
export function segmentDots(
  tf: TensorFlow,
  columns: readonly PlannedColumn[],
  { queries, candidates }: ContrastiveBlock,
  segment: number,
  range: RowRange,
): Tensor2D {
  const asking = rowsOf(tf, columns[queries]!.segments[segment]!, range);
  return tf.matMul(asking, columns[candidates]!.segments[segment]!, false, true);
}
