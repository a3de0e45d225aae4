import {
  EmbedbagError,
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type Kernels,
  type Matrix,
  type SimilarityFunctionName,
} from '@embedbag/core';
import { allItems, averageRanks, orderValues, pearsonCorrelation } from './correlation.js';
import { type DimensionOptions, dimensionsFor, resolveTruncateDims } from './dimension-options.js';
import { embeddedColumns } from './embedded-columns.js';
import { largestFigures } from './largest-figure.js';
import { firstColumns } from './matrix-parts.js';
import { normalizedRows, pairwiseScores } from './pairwise-scores.js';
import { checkParallelLists, rowIds } from './parallel-lists.js';
import { checkPrecision, type EvaluatedPrecision, quantizedValues } from './quantized-values.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, resultByDim } from './result-by-dim.js';
import { resolveSimilarities } from './similarity-options.js';

/** What {@link embeddingSimilarityEvaluator} measures and how. */
export interface EmbeddingSimilarityOptions extends DimensionOptions {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  readonly sentences1: readonly string[];
  /** By row, what is compared with `sentences1`. */
  readonly sentences2: readonly string[];
  /** By row, how alike people found the two; higher is more alike. */
  readonly scores: readonly number[];
  /** A distance counts as negative. Default: the main one, or `['cosine']`. */
  readonly similarityFunctions?: readonly SimilarityFunctionName[];
  /** Which similarity the primary metric is of. Default: the only one, or else the largest of all. */
  readonly mainSimilarity?: SimilarityFunctionName;
  /** Normalise the embeddings and store them so before they are compared. Default: compare them as they are. */
  readonly precision?: EvaluatedPrecision;
}

interface Settings {
  readonly name: string;
  readonly scores: readonly number[];
  readonly similarities: readonly SimilarityFunctionName[];
  readonly main: SimilarityFunctionName | 'max';
  readonly precision: EvaluatedPrecision | undefined;
}

const METRICS = ['pearson', 'spearman'] as const;
const keyOf = (similarity: SimilarityFunctionName | 'max', metric: string): string => `${metric}_${similarity}`;

function checkScores(scores: readonly number[]): void {
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (wrong !== -1 || scores.every((score) => score === scores[0])) {
    const received = wrong === -1 ? `${scores[0]} in every row` : `${scores[wrong]} in row ${wrong}`;
    throw new EmbedbagError({
      code: 'scores-invalid',
      message: `Expected \`scores\` to be finite numbers that are not all the same, received ${received}. Check what was read.`,
      details: { received },
    });
  }
}

/** The two sides of all pairs as they are compared: `[pairs, dimension]` each. */
function comparedSides(
  sides: readonly Matrix[],
  dimension: number,
  precision: Settings['precision'],
  kernels: Kernels,
): Matrix[] {
  const truncated = sides.map((side) => firstColumns(side, dimension));
  if (precision === undefined) return truncated;
  return quantizedValues(truncated.map(normalizedRows), precision, kernels);
}

/** A figure of some of the pairs, each as often as it is listed. */
type Correlation = (items: ArrayLike<number>) => number;

/** By key: both correlations of the scores with the similarities `received` of one function. */
function correlationsOf(
  similarity: SimilarityFunctionName,
  received: Float32Array,
  { scores }: Settings,
): [string, Correlation][] {
  const [expectedOrder, receivedOrder] = [orderValues(scores), orderValues(received)];
  const pearson: Correlation = (items) =>
    pearsonCorrelation(
      Float64Array.from(items, (item) => scores[item]!),
      Float64Array.from(items, (item) => received[item]!),
    );
  const spearman: Correlation = (items) =>
    pearsonCorrelation(averageRanks(expectedOrder, items), averageRanks(receivedOrder, items));
  return [
    [keyOf(similarity, 'pearson'), pearson],
    [keyOf(similarity, 'spearman'), spearman],
  ];
}

function measure(sides: readonly Matrix[], dimension: number, settings: Settings, kernels: Kernels): DimMeasurement {
  const { similarities, scores } = settings;
  const [first, second] = comparedSides(sides, dimension, settings.precision, kernels) as [Matrix, Matrix];
  const correlations = new Map(
    similarities.flatMap((name) => correlationsOf(name, pairwiseScores(first, second, name), settings)),
  );
  const figuresOf = (items: ArrayLike<number>): Record<string, number> => {
    const figures = Object.fromEntries([...correlations].map(([key, correlation]) => [key, correlation(items)]));
    return { ...figures, ...largestFigures(figures, similarities, METRICS, keyOf) };
  };
  return {
    dimension,
    figures: figuresOf(allItems(scores.length)),
    items: {
      values: {},
      measure: (key, items) => correlations.get(key)?.(items) ?? figuresOf(items)[key] ?? Number.NaN,
    },
  };
}

/**
 * EmbeddingSimilarityEvaluator: how well the similarities of pairs of texts agree with scores that people gave (STS),
 * as Pearson's and Spearman's correlation.
 *
 * Keys are `<name>_spearman_cosine`, `<name>_pearson_cosine` and so on for each similarity function; with several also
 * `..._max`. The primary metric is Spearman's correlation, by `mainSimilarity` where given. Figures of several dims as in
 * `informationRetrievalEvaluator`. Codes of `int8` and `uint8` have ranges measured on both sides together. Pairs of equal
 * texts are ranked by how float32 rounds their similarities, as in the reference.
 *
 * Throws `length-mismatch`, `empty-list`, `scores-invalid`, `similarity-unknown`, `precision-unknown` and
 * `dimension-invalid`; `evaluate` throws `dimension-too-large` and the reason of an aborted signal. A figure is not a number
 * where all similarities are equal. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = embeddingSimilarityEvaluator({
 *   name: 'sts',
 *   sentences1: ['a cat sits', 'a man eats', 'it rains'],
 *   sentences2: ['a cat is sitting', 'a woman eats', 'ships float'],
 *   scores: [5, 3, 0],
 * });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics['sts_spearman_cosine'];
 * ```
 */
export function embeddingSimilarityEvaluator(options: EmbeddingSimilarityOptions): EvaluatorByDim {
  const { name = '', sentences1, sentences2, scores, mainSimilarity, precision } = options;
  checkParallelLists({ sentences1, sentences2, scores });
  checkScores(scores);
  if (precision !== undefined) checkPrecision(precision);
  const truncateDims = resolveTruncateDims(options);
  const similarities = resolveSimilarities(options.similarityFunctions, mainSimilarity, 'mainSimilarity');
  const main = mainSimilarity ?? (similarities.length > 1 ? 'max' : similarities[0]!);
  const settings: Settings = { name, scores, similarities, main, precision };
  return {
    contract: EVALUATOR_CONTRACT,
    name: joinName(name, precision ?? '') || 'sts',
    config: {
      name,
      pairs: scores.length,
      similarityFunctions: similarities,
      ...(mainSimilarity !== undefined && { mainSimilarity }),
      ...(precision !== undefined && { precision }),
      ...(truncateDims !== undefined && { truncateDims }),
    },
    async evaluate(model: EmbeddingModel, evaluateOptions = {}) {
      const dims = dimensionsFor(model, truncateDims);
      const columns = [sentences1, sentences2].map((texts) => ({ texts }));
      const sides = await embeddedColumns(model, columns, evaluateOptions);
      const form = {
        name,
        primaryKey: () => keyOf(main, 'spearman'),
        csv: (csvName: string, figures: Readonly<Record<string, number>>) => ({
          fileName: `${joinName('similarity_evaluation', csvName, precision ?? '')}_results.csv`,
          columns: similarities.flatMap((similarity) => METRICS.map((metric) => `${similarity}_${metric}`)),
          values: similarities.flatMap((similarity) => METRICS.map((metric) => figures[keyOf(similarity, metric)]!)),
          lineEnd: '\r\n' as const,
        }),
        itemIds: evaluateOptions.withItems ? rowIds(scores.length) : undefined,
      };
      return resultByDim(
        form,
        dims.map((dimension) => measure(sides, dimension, settings, model.kernels)),
      );
    },
  };
}
