import {
  EmbedbagError,
  EVALUATOR_CONTRACT,
  type EvaluationCsv,
  type Matrix,
  type SimilarityFunctionName,
} from '@embedbag/core';
import { type BinaryFigures, binaryFigures } from './binary-classification-metrics.js';
import { type DimensionOptions, dimensionsFor, resolveTruncateDims } from './dimension-options.js';
import { embeddedColumns } from './embedded-columns.js';
import { largestFigures } from './largest-figure.js';
import { firstColumns } from './matrix-parts.js';
import { pairwiseScores } from './pairwise-scores.js';
import { checkParallelLists, rowIds } from './parallel-lists.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, resultByDim } from './result-by-dim.js';
import { resolveSimilarities } from './similarity-options.js';

/** What {@link binaryClassificationEvaluator} measures and how. */
export interface BinaryClassificationOptions extends DimensionOptions {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  readonly sentences1: readonly string[];
  /** By row, what is compared with `sentences1`. */
  readonly sentences2: readonly string[];
  /** By row: 1 where the two belong together, 0 where not. */
  readonly labels: readonly number[];
  /** Default: `['cosine']`. */
  readonly similarityFunctions?: readonly SimilarityFunctionName[];
}

type Metric = keyof BinaryFigures;

const METRICS = [
  'accuracy',
  'accuracy_threshold',
  'f1',
  'f1_threshold',
  'precision',
  'recall',
  'ap',
  'mcc',
] as const satisfies readonly Metric[];

/** In the CSV file the threshold of F1 stands behind its recall. */
const CSV_METRICS = [
  ...METRICS.slice(0, 3),
  'precision',
  'recall',
  'f1_threshold',
  'ap',
  'mcc',
] as const satisfies readonly Metric[];

const keyOf = (similarity: SimilarityFunctionName | 'max', metric: string): string => `${similarity}_${metric}`;

function checkLabels(labels: readonly number[]): void {
  const wrong = labels.findIndex((label) => label !== 0 && label !== 1);
  if (wrong === -1) return;
  throw new EmbedbagError({
    code: 'labels-invalid',
    message: `Expected \`labels\` to be 0 or 1, received ${labels[wrong]} in row ${wrong}. Make it 1 where the two texts belong together.`,
    details: { row: wrong, received: String(labels[wrong]) },
  });
}

function figuresOf(
  scores: ReadonlyMap<SimilarityFunctionName, Float32Array>,
  labels: ArrayLike<number>,
): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [similarity, values] of scores) {
    const isDistance = similarity === 'euclidean' || similarity === 'manhattan';
    for (const [metric, value] of Object.entries(binaryFigures(values, labels, isDistance))) {
      figures[keyOf(similarity, metric)] = value;
    }
  }
  return { ...figures, ...largestFigures(figures, [...scores.keys()], METRICS, keyOf) };
}

function measure(
  [first, second]: readonly [Matrix, Matrix],
  dimension: number,
  similarities: readonly SimilarityFunctionName[],
  labels: readonly number[],
): DimMeasurement {
  const [left, right] = [firstColumns(first, dimension), firstColumns(second, dimension)];
  const scores = new Map(similarities.map((name) => [name, pairwiseScores(left, right, name)]));
  const measureItems = (key: string, items: ArrayLike<number>): number => {
    const sampled = new Map(
      [...scores].map(([name, values]) => [name, Float32Array.from(items, (item) => values[item]!)]),
    );
    const sampledLabels = Uint8Array.from(items, (item) => labels[item]!);
    return figuresOf(sampled, sampledLabels)[key] ?? Number.NaN;
  };
  return { dimension, figures: figuresOf(scores, labels), items: { values: {}, measure: measureItems } };
}

/**
 * BinaryClassificationEvaluator: how well the similarity of two texts tells whether they belong together.
 *
 * For each similarity function, under `<name>_<similarity>_<metric>`: the best `accuracy` and the best `f1` of any threshold,
 * with `accuracy_threshold`, `f1_threshold`, `precision` and `recall` there, the average precision `ap`, and Matthews'
 * correlation `mcc` at the threshold of the best F1. With several functions also the largest of each, `<name>_max_<metric>`.
 * The thresholds of `euclidean` and `manhattan` are distances. The primary metric is `ap`. Figures of several dims as in
 * `informationRetrievalEvaluator`.
 *
 * Throws `length-mismatch`, `empty-list`, `labels-invalid`, `similarity-unknown` and `dimension-invalid`; `evaluate` throws
 * `dimension-too-large` and the reason of an aborted signal. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = binaryClassificationEvaluator({
 *   name: 'quora',
 *   sentences1: ['how do I bake bread', 'what is a whale'],
 *   sentences2: ['bread baking for beginners', 'how do ships float'],
 *   labels: [1, 0],
 * });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics['quora_cosine_ap'];
 * ```
 */
export function binaryClassificationEvaluator(options: BinaryClassificationOptions): EvaluatorByDim {
  const { name = '', sentences1, sentences2, labels } = options;
  checkParallelLists({ sentences1, sentences2, labels });
  checkLabels(labels);
  const truncateDims = resolveTruncateDims(options);
  const similarities = resolveSimilarities(options.similarityFunctions, undefined, 'similarityFunctions');
  const main = similarities.length > 1 ? 'max' : similarities[0]!;
  const csv = (csvName: string, figures: Readonly<Record<string, number>>): EvaluationCsv => {
    const columns = similarities.flatMap((similarity) => CSV_METRICS.map((metric) => keyOf(similarity, metric)));
    return {
      fileName: `${joinName('binary_classification_evaluation', csvName)}_results.csv`,
      columns,
      values: columns.map((key) => figures[key]!),
      lineEnd: '\r\n',
    };
  };
  return {
    contract: EVALUATOR_CONTRACT,
    name: name || 'binary-classification',
    config: {
      name,
      pairs: labels.length,
      similarityFunctions: similarities,
      ...(truncateDims !== undefined && { truncateDims }),
    },
    async evaluate(model, evaluateOptions = {}) {
      const dims = dimensionsFor(model, truncateDims);
      const columns = [sentences1, sentences2].map((texts) => ({ texts }));
      const sides = (await embeddedColumns(model, columns, evaluateOptions)) as [Matrix, Matrix];
      const itemIds = evaluateOptions.withItems ? rowIds(labels.length) : undefined;
      return resultByDim(
        { name, primaryKey: () => keyOf(main, 'ap'), csv, itemIds },
        dims.map((dimension) => measure(sides, dimension, similarities, labels)),
      );
    },
  };
}
