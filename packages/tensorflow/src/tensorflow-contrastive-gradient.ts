import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { sumOf } from './sum-of.js';
import type { BlockWeights } from './tensorflow-contrastive.js';
import { type ContrastivePlan, type RowRange, rowsOf } from './tensorflow-contrastive-plan.js';
import { valuesOf } from './values-of.js';

/** The gradient of one column so far, all but its radial part. */
interface ColumnGradient {
  /** As a query: by segment, what each row range so far gives, `[rows of the range, width]`. */
  readonly asQuery: Tensor2D[][];
  /** As a candidate: by segment, the sum over the ranges so far, `[rows, width]`. */
  readonly asCandidate: (Tensor2D | undefined)[];
  /** By term, the sums of `P cos` of the column's rows, `[rows]`: DESIGN's r and c. */
  readonly radial: readonly Float64Array[];
}

/** Empty sums for every column. */
export function createGradients({ problem, terms }: ContrastivePlan): ColumnGradient[] {
  return problem.columns.map(() => ({
    asQuery: terms.map(() => []),
    asCandidate: terms.map(() => undefined),
    radial: terms.map(() => new Float64Array(problem.rows)),
  }));
}

function addRadial(sums: Float64Array, values: Tensor1D, start: number): void {
  const added = values.dataSync();
  for (let i = 0; i < added.length; i++) sums[start + i]! += added[i]!;
}

/** By block, `W` of each dim becomes the sum of `W(d)` over its own and all larger dims. */
function sumFromTheLastDim({ tf }: ContrastivePlan, weights: readonly BlockWeights[][]): Tensor2D[][] {
  const sums: Tensor2D[][] = [];
  for (let t = weights.length - 1; t >= 0; t--) {
    sums[t] = weights[t]!.map((block, b) => {
      const above = sums[t + 1]?.[b];
      if (above === undefined) return block.weights;
      const sum = tf.add<Tensor2D>(block.weights, above);
      block.weights.dispose();
      return sum;
    });
  }
  return sums;
}

/**
 * Adds what a row range causes: `(sum_{d >= b_t} W(d)) C[:, block t]` to the queries,
 * `(sum_{d >= b_t} W(d))^T A[:, block t]` to the candidates, and the radial sums of both.
 */
export function addRangeGradients(
  plan: ContrastivePlan,
  gradients: readonly ColumnGradient[],
  range: RowRange,
  weights: readonly BlockWeights[][],
): void {
  const { tf, problem, columns, terms } = plan;
  for (let t = 0; t < terms.length; t++) {
    for (const [b, { queries, candidates }] of problem.blocks.entries()) {
      addRadial(gradients[queries]!.radial[t]!, weights[t]![b]!.queryRadial, range.start);
      addRadial(gradients[candidates]!.radial[t]!, weights[t]![b]!.candidateRadial, 0);
    }
  }
  const sums = sumFromTheLastDim(plan, weights);
  for (let t = 0; t < terms.length; t++) {
    const ofQueries = new Map<number, Tensor2D[]>();
    for (const [b, { queries, candidates }] of problem.blocks.entries()) {
      const asking = columns[queries]!.segments[t]!;
      const product: Tensor2D = tf.matMul(sums[t]![b]!, columns[candidates]!.segments[t]!);
      ofQueries.set(queries, [...(ofQueries.get(queries) ?? []), product]);
      const { asCandidate } = gradients[candidates]!;
      const before = asCandidate[t];
      asCandidate[t] = tf.keep(
        tf.tidy(() => {
          const added: Tensor2D = tf.matMul(sums[t]![b]!, rowsOf(tf, asking, range), true, false);
          return before === undefined ? added : tf.add<Tensor2D>(before, added);
        }),
      );
      before?.dispose();
    }
    for (const [column, products] of ofQueries) {
      gradients[column]!.asQuery[t]!.push(tf.keep(sumOf(tf, products)));
    }
  }
}

/** DESIGN's `sum_{d >= b_t} r(d) / n(d)^2` by term, `[rows]`. */
function radialFactors(plan: ContrastivePlan, column: number, radial: readonly Float64Array[]): Float32Array[] {
  const { rows } = plan.problem;
  const factors: Float32Array[] = [];
  const sum = new Float64Array(rows);
  for (let t = plan.terms.length - 1; t >= 0; t--) {
    const inverse = plan.columns[column]!.inverseNorms[t]!;
    for (let row = 0; row < rows; row++) sum[row]! += radial[t]![row]! * inverse[row]! * inverse[row]!;
    factors[t] = Float32Array.from(sum);
  }
  return factors;
}

/** One segment of a column's gradient, `[rows, width]`. */
function segmentGradient(
  plan: ContrastivePlan,
  column: number,
  t: number,
  sums: ColumnGradient,
  factors: Float32Array,
): Tensor2D {
  const { tf } = plan;
  const values = plan.columns[column]!.segments[t]!;
  const ranges = sums.asQuery[t]!;
  const radial: Tensor2D = tf.mul<Tensor2D>(values, tf.tensor2d(factors, [factors.length, 1]));
  const parts = [
    ...(ranges.length > 0 ? [tf.concat(ranges, 0)] : []),
    ...(sums.asCandidate[t] ? [sums.asCandidate[t]] : []),
  ];
  return parts.length === 0 ? tf.neg(radial) : tf.sub(sumOf(tf, parts), radial);
}

/** Subtracts the radial parts, and writes all columns' gradients. */
export function writeGradients(
  plan: ContrastivePlan,
  sums: readonly ColumnGradient[],
  gradients: readonly Float32Array[],
): void {
  const { tf, problem, terms } = plan;
  const { rows, dimension } = problem;
  const width = terms[terms.length - 1]!.dim;
  for (const [column, gradient] of gradients.entries()) {
    const factors = radialFactors(plan, column, sums[column]!.radial);
    const values = valuesOf(tf, () => {
      const segments = terms.map((_, t) => segmentGradient(plan, column, t, sums[column]!, factors[t]!));
      return tf.concat(segments, 1);
    });
    for (let row = 0; row < rows; row++) {
      gradient.set(values.subarray(row * width, (row + 1) * width), row * dimension);
    }
  }
}

/** Gives the memory of `sums` back. */
export function disposeGradients({ tf }: ContrastivePlan, sums: readonly ColumnGradient[]): void {
  for (const { asQuery, asCandidate } of sums) {
    tf.dispose([...asQuery.flat(), ...asCandidate.filter((one) => one !== undefined)]);
  }
}
