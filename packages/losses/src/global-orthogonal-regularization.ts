import { LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { invalidOption, numberFromZero, oneOf } from './invalid-option.js';
import { checkColumns } from './loss-batch.js';
import { ZERO_NORM } from './pair-measure.js';

/** How the columns' terms become one. */
export type RegularizationAggregation = 'mean' | 'sum';

/** The options of {@link globalOrthogonalRegularization}. */
export interface GlobalOrthogonalRegularizationOptions {
  /** Weight of the squared mean similarity, from 0 up; null or 0 leaves it out. Default: 1. */
  readonly meanWeight?: number | null;
  /** Weight of the mean squared similarity above `1 / dimension`, from 0 up; null or 0 leaves it out. Default: 1. */
  readonly secondMomentWeight?: number | null;
  /** Default: `mean`; EmbeddingGemma takes `sum`. */
  readonly aggregation?: RegularizationAggregation;
}

const NAME = 'GlobalOrthogonalRegularizationLoss';
const COLUMNS: LossColumns = { min: 1, labels: 'none' };
const AGGREGATIONS: readonly RegularizationAggregation[] = ['mean', 'sum'];

const CITATION = `@misc{zhang2017learningspreadoutlocalfeature,
      title={Learning Spread-out Local Feature Descriptors},
      author={Xu Zhang and Felix X. Yu and Sanjiv Kumar and Shih-Fu Chang},
      year={2017},
      eprint={1708.06320},
      archivePrefix={arXiv},
      primaryClass={cs.CV},
      url={https://arxiv.org/abs/1708.06320},
}`;

/** The unit vectors of a column, made one at a time, and the sums over all of them. */
interface ColumnSums {
  /** `1 / norm` by row; 0 for a zero row and for one without a text. */
  readonly inverseNorms: Float64Array;
  /** Rows with a text. */
  readonly count: number;
  /** The sum of the unit vectors, `[dimension]`. */
  readonly sum: Float64Array;
  /** The sum of their outer products, `[dimension, dimension]`. */
  readonly gram: Float64Array;
  /** How many unit vectors are not zero. */
  readonly units: number;
}

function readUnit(matrix: Float32Array, row: number, inverseNorm: number, unit: Float64Array): void {
  const offset = row * unit.length;
  for (let d = 0; d < unit.length; d++) unit[d] = matrix[offset + d]! * inverseNorm;
}

function inverseNormsOf(matrix: Float32Array, rows: number, dimension: number, mask?: Uint8Array): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let squares = 0;
    for (let d = row * dimension; d < (row + 1) * dimension; d++) squares += matrix[d]! * matrix[d]!;
    const norm = Math.sqrt(squares);
    return norm > ZERO_NORM && mask?.[row] !== 0 ? 1 / norm : 0;
  });
}

function sumColumn(matrix: Float32Array, { rows, dimension }: LossComputeInput, mask?: Uint8Array): ColumnSums {
  const inverseNorms = inverseNormsOf(matrix, rows, dimension, mask);
  const sum = new Float64Array(dimension);
  const gram = new Float64Array(dimension * dimension);
  const unit = new Float64Array(dimension);
  let units = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (mask?.[row] !== 0) count += 1;
    if (inverseNorms[row] === 0) continue;
    units += 1;
    readUnit(matrix, row, inverseNorms[row]!, unit);
    for (let d = 0; d < dimension; d++) {
      const value = unit[d]!;
      sum[d]! += value;
      for (let e = d; e < dimension; e++) gram[d * dimension + e]! += value * unit[e]!;
    }
  }
  for (let d = 0; d < dimension; d++) {
    for (let e = 0; e < d; e++) gram[d * dimension + e] = gram[e * dimension + d]!;
  }
  return { inverseNorms, count, sum, gram, units };
}

function squared(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

/** What the gradient of a row's unit vector is made of: `bySum * sum + byGram * gram unit`. */
interface Derivatives {
  readonly bySum: number;
  readonly byGram: number;
}

/** Writes one row's gradient, back through the normalisation: `dx = (du - (du . u) u) / |x|`. */
function writeRow(
  { sum, gram, inverseNorms }: ColumnSums,
  { bySum, byGram }: Derivatives,
  row: number,
  unit: Float64Array,
  gradient: Float32Array,
): void {
  const dimension = unit.length;
  const byUnit = new Float64Array(dimension);
  let radial = 0;
  for (let d = 0; d < dimension; d++) {
    let product = 0;
    if (byGram !== 0) for (let e = 0; e < dimension; e++) product += gram[d * dimension + e]! * unit[e]!;
    byUnit[d] = bySum * sum[d]! + byGram * product;
    radial += byUnit[d]! * unit[d]!;
  }
  const offset = row * dimension;
  for (let d = 0; d < dimension; d++) gradient[offset + d] = inverseNorms[row]! * (byUnit[d]! - radial * unit[d]!);
}

interface Weights {
  readonly mean: number;
  readonly secondMoment: number;
}

/** Both terms of one column; with `gradient` also writes their gradient. */
function regularizeColumn(
  matrix: Float32Array,
  input: LossComputeInput,
  mask: Uint8Array | undefined,
  weights: Weights,
  gradient: Float32Array | undefined,
): number {
  const { rows, dimension } = input;
  const sums = sumColumn(matrix, input, mask);
  // Of two different rows each, in both orders: what a row has with itself, 1, is taken off.
  const pairs = Math.max(1, sums.count * (sums.count - 1));
  const mean = (squared(sums.sum) - sums.units) / pairs;
  const excess = (squared(sums.gram) - sums.units) / pairs - 1 / dimension;
  const loss = weights.mean * mean * mean + weights.secondMoment * Math.max(0, excess);
  if (!gradient) return loss;
  const derivatives = {
    bySum: (4 * weights.mean * mean) / pairs,
    byGram: excess > 0 ? (4 * weights.secondMoment) / pairs : 0,
  };
  const unit = new Float64Array(dimension);
  for (let row = 0; row < rows; row++) {
    readUnit(matrix, row, sums.inverseNorms[row]!, unit);
    writeRow(sums, derivatives, row, unit, gradient);
  }
  return loss;
}

/**
 * GlobalOrthogonalRegularizationLoss: the embeddings of unrelated texts should be spread as random directions are.
 *
 *     term(column) = meanWeight * M1^2 + secondMomentWeight * max(0, M2 - 1 / dimension)
 *
 * where `M1` and `M2` are the mean and the mean square of the cosines between different rows of a column; the columns' terms
 * are averaged or summed. It takes `rows * dimension^2` steps a column and memory for `dimension^2` numbers, whatever the
 * batch.
 *
 * Inputs: any number of columns; no labels. Rows of a column without a text count nothing.
 *
 * Requirements: none; the loss of a batch of one is 0. Recommendations: as a part of `sumOfLosses`, for alone it teaches
 * nothing about which texts belong together.
 *
 * Relations: the in-batch negatives of `multipleNegativesRankingLoss` spread embeddings too, less evenly.
 *
 * Reference: sentence-transformers 6.2, losses/global_orthogonal_regularization.py; Zhang et al. 2017, arXiv 1708.06320;
 * Schechter Vera et al. 2025, arXiv 2509.20354, with `meanWeight: 0` and `aggregation: 'sum'`.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` when it computes no column.
 *
 * @example
 * ```ts
 * const loss = sumOfLosses([multipleNegativesRankingLoss(), globalOrthogonalRegularization()]);
 * ```
 */
export function globalOrthogonalRegularization(options: GlobalOrthogonalRegularizationOptions = {}): Loss {
  const meanWeight = options.meanWeight === undefined ? 1 : (options.meanWeight ?? 0);
  const secondMomentWeight = options.secondMomentWeight === undefined ? 1 : (options.secondMomentWeight ?? 0);
  numberFromZero('meanWeight', meanWeight, 'The default is 1.');
  numberFromZero('secondMomentWeight', secondMomentWeight, 'The default is 1.');
  if (meanWeight === 0 && secondMomentWeight === 0) {
    invalidOption('secondMomentWeight', 'or `meanWeight` to be above 0', 0, 'Leave one of them out for 1.');
  }
  const aggregation = oneOf('aggregation', AGGREGATIONS, options.aggregation ?? 'mean');
  return {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { meanWeight, secondMomentWeight, aggregation },
    columns: COLUMNS,
    citation: CITATION,
    compute(input: LossComputeInput, gradients?: readonly Float32Array[]): number {
      const { embeddings, valid } = input;
      checkColumns(NAME, COLUMNS, embeddings.length, 'any texts');
      const share = aggregation === 'mean' ? 1 / embeddings.length : 1;
      const weights = { mean: share * meanWeight, secondMoment: share * secondMomentWeight };
      let loss = 0;
      for (const [column, matrix] of embeddings.entries()) {
        loss += regularizeColumn(matrix, input, valid?.[column], weights, gradients?.[column]);
      }
      return loss;
    },
  };
}
