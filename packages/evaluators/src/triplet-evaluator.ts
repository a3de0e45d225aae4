import {
  EmbedbagError,
  EVALUATOR_CONTRACT,
  type EvaluationCsv,
  type Matrix,
  SIMILARITY_FUNCTION_NAMES,
  type SimilarityFunctionName,
} from '@embedbag/core';
import { type DimensionOptions, dimensionsFor, resolveTruncateDims } from './dimension-options.js';
import { embeddedColumns } from './embedded-columns.js';
import { meanItemFigures, meansOf } from './item-figures.js';
import { largestFigures } from './largest-figure.js';
import { firstColumns } from './matrix-parts.js';
import { pairwiseScores } from './pairwise-scores.js';
import { checkParallelLists, rowIds } from './parallel-lists.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, resultByDim } from './result-by-dim.js';
import { resolveSimilarities } from './similarity-options.js';

/** By similarity function: how much nearer the positive must be. */
export type TripletMargins = Readonly<Partial<Record<SimilarityFunctionName, number>>>;

/** What {@link tripletEvaluator} measures and how. */
export interface TripletOptions extends DimensionOptions {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  readonly anchors: readonly string[];
  /** By row, a text that belongs to the anchor. */
  readonly positives: readonly string[];
  /** By row, a text that does not. */
  readonly negatives: readonly string[];
  /** A distance counts as negative. Default: the main one, or `['cosine']`. */
  readonly similarityFunctions?: readonly SimilarityFunctionName[];
  /** Which similarity the primary metric is of. Default: the only one, or else the largest of all. */
  readonly mainSimilarityFunction?: SimilarityFunctionName;
  /** By how much the positive must be more similar than the negative, for all functions or by function. Default: 0. */
  readonly margin?: number | TripletMargins;
}

type Margins = Readonly<Record<SimilarityFunctionName, number>>;

const METRICS = ['accuracy'] as const;
const keyOf = (similarity: SimilarityFunctionName | 'max', metric: string): string => `${similarity}_${metric}`;

function resolveMargins(margin: number | TripletMargins): Margins {
  const given: Readonly<Record<string, number>> =
    typeof margin === 'number'
      ? Object.fromEntries(SIMILARITY_FUNCTION_NAMES.map((name) => [name, margin]))
      : (margin as Readonly<Record<string, number>>);
  for (const [name, value] of Object.entries(given)) {
    if ((SIMILARITY_FUNCTION_NAMES as readonly string[]).includes(name) && Number.isFinite(value)) continue;
    throw new EmbedbagError({
      code: 'margin-invalid',
      message: `Expected \`margin\` to be a number, or numbers by ${SIMILARITY_FUNCTION_NAMES.join(', ')}, received ${value} for \`${name}\`. Correct that entry.`,
      details: { similarity: name, received: String(value) },
    });
  }
  return { cosine: 0, dot: 0, euclidean: 0, manhattan: 0, ...given };
}

function measure(
  sides: readonly Matrix[],
  dimension: number,
  similarities: readonly SimilarityFunctionName[],
  margins: Margins,
): DimMeasurement {
  const [anchors, positives, negatives] = sides.map((side) => firstColumns(side, dimension)) as [
    Matrix,
    Matrix,
    Matrix,
  ];
  const values: Record<string, Float64Array> = {};
  for (const similarity of similarities) {
    const toPositive = pairwiseScores(anchors, positives, similarity);
    const toNegative = pairwiseScores(anchors, negatives, similarity);
    const margin = margins[similarity];
    values[keyOf(similarity, 'accuracy')] = Float64Array.from(toPositive, (score, row) =>
      score > Math.fround(toNegative[row]! + margin) ? 1 : 0,
    );
  }
  const figures = meansOf(values);
  const items = meanItemFigures(values, (key, of) => {
    const means = Object.fromEntries(Object.keys(values).map((each) => [each, of(each)]));
    return largestFigures(means, similarities, METRICS, keyOf)[key] ?? Number.NaN;
  });
  return { dimension, figures: { ...figures, ...largestFigures(figures, similarities, METRICS, keyOf) }, items };
}

/**
 * TripletEvaluator: the share of triplets in which the anchor is more similar to the positive than to the negative, by more
 * than `margin`. A tie counts as wrong.
 *
 * Keys are `<name>_cosine_accuracy` and so on for each similarity function; with several also `<name>_max_accuracy`.
 * Anchors are embedded as queries, all others as documents. Figures of several dims as in `informationRetrievalEvaluator`.
 *
 * Throws `length-mismatch`, `empty-list`, `margin-invalid`, `similarity-unknown` and `dimension-invalid`; `evaluate` throws
 * `dimension-too-large` and the reason of an aborted signal. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = tripletEvaluator({
 *   name: 'nli',
 *   anchors: ['a man eats'],
 *   positives: ['someone has food'],
 *   negatives: ['a man sleeps'],
 * });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics['nli_cosine_accuracy'];
 * ```
 */
export function tripletEvaluator(options: TripletOptions): EvaluatorByDim {
  const { name = '', anchors, positives, negatives, mainSimilarityFunction, margin = 0 } = options;
  checkParallelLists({ anchors, positives, negatives });
  const margins = resolveMargins(margin);
  const truncateDims = resolveTruncateDims(options);
  const similarities = resolveSimilarities(
    options.similarityFunctions,
    mainSimilarityFunction,
    'mainSimilarityFunction',
  );
  const main = mainSimilarityFunction ?? (similarities.length > 1 ? 'max' : similarities[0]!);
  const csv = (csvName: string, figures: Readonly<Record<string, number>>): EvaluationCsv => ({
    fileName: `${joinName('triplet_evaluation', csvName)}_results.csv`,
    columns: similarities.map((similarity) => `accuracy_${similarity}`),
    values: similarities.map((similarity) => figures[keyOf(similarity, 'accuracy')]!),
    lineEnd: '\r\n',
  });
  return {
    contract: EVALUATOR_CONTRACT,
    name: name || 'triplet',
    config: {
      name,
      triplets: anchors.length,
      similarityFunctions: similarities,
      margin: { ...margins },
      ...(mainSimilarityFunction !== undefined && { mainSimilarityFunction }),
      ...(truncateDims !== undefined && { truncateDims }),
    },
    async evaluate(model, evaluateOptions = {}) {
      const dims = dimensionsFor(model, truncateDims);
      const sides = await embeddedColumns(
        model,
        [
          { texts: anchors, task: 'query' },
          { texts: positives, task: 'document' },
          { texts: negatives, task: 'document' },
        ],
        evaluateOptions,
      );
      return resultByDim(
        {
          name,
          primaryKey: () => keyOf(main, 'accuracy'),
          csv,
          itemIds: evaluateOptions.withItems ? rowIds(anchors.length) : undefined,
        },
        dims.map((dimension) => measure(sides, dimension, similarities, margins)),
      );
    },
  };
}
