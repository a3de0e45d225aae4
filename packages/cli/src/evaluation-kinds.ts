import type { SimilarityFunctionName } from '@embedbag/core';
import type { ColumnDataset, ColumnMapping } from '@embedbag/datasets';
import {
  binaryClassificationEvaluator,
  type EvaluatorByDim,
  embeddingSimilarityEvaluator,
  translationEvaluator,
  tripletEvaluator,
} from '@embedbag/evaluators';

/** What every evaluator of the command is given beside its data. */
export interface EvaluatorSettings {
  /** Default: all of the model. */
  readonly truncateDims?: readonly number[];
  readonly similarityFunctions: readonly SimilarityFunctionName[];
}

/** What kind of evaluation a set is for. */
export type EvaluationKindName = 'retrieval' | 'similarity' | 'pairs' | 'triplets' | 'translation';

/** How a kind is shown: the heading of a metric, and its key among figures by dim. */
export type ShownMetric = readonly [heading: string, key: (similarity: SimilarityFunctionName) => string];

/** A kind of evaluation whose data are rows of a file. */
export interface FileKind {
  readonly name: Exclude<EvaluationKindName, 'retrieval'>;
  /** The columns of a file, each with the role in which it is read. */
  readonly columns: readonly (readonly [column: string, role: string])[];
  evaluator(data: ColumnDataset, settings: EvaluatorSettings): EvaluatorByDim;
}

function textsOf(data: ColumnDataset, column: number): readonly string[] {
  return data.texts(column, allRows(data));
}

function labelsOf(data: ColumnDataset): number[] {
  return [...(data.labels?.(allRows(data)) ?? [])];
}

function allRows({ rowCount }: ColumnDataset): Int32Array {
  return Int32Array.from({ length: rowCount }, (_, row) => row);
}

/** The kinds whose data are files, in the order in which a file is tried. */
export const FILE_KINDS: readonly FileKind[] = [
  {
    name: 'similarity',
    columns: [
      ['sentence1', 'anchor'],
      ['sentence2', 'positive'],
      ['score', 'label'],
    ],
    evaluator: (data, settings) =>
      embeddingSimilarityEvaluator({
        ...settings,
        name: data.name,
        sentences1: textsOf(data, 0),
        sentences2: textsOf(data, 1),
        scores: labelsOf(data),
      }),
  },
  {
    name: 'pairs',
    columns: [
      ['sentence1', 'anchor'],
      ['sentence2', 'positive'],
      ['label', 'label'],
    ],
    evaluator: (data, settings) =>
      binaryClassificationEvaluator({
        ...settings,
        name: data.name,
        sentences1: textsOf(data, 0),
        sentences2: textsOf(data, 1),
        labels: labelsOf(data),
      }),
  },
  {
    name: 'triplets',
    columns: [
      ['anchor', 'anchor'],
      ['positive', 'positive'],
      ['negative', 'negative'],
    ],
    evaluator: (data, settings) =>
      tripletEvaluator({
        ...settings,
        name: data.name,
        anchors: textsOf(data, 0),
        positives: textsOf(data, 1),
        negatives: textsOf(data, 2),
      }),
  },
  {
    name: 'translation',
    columns: [
      ['english', 'anchor'],
      ['non_english', 'positive'],
    ],
    evaluator: (data, { truncateDims }) =>
      translationEvaluator({
        ...(truncateDims !== undefined && { truncateDims }),
        name: data.name,
        sourceSentences: textsOf(data, 0),
        targetSentences: textsOf(data, 1),
      }),
  },
];

/** By kind, what its tables show. */
export const SHOWN_METRICS: Readonly<Record<EvaluationKindName, readonly ShownMetric[]>> = {
  retrieval: ['ndcg@10', 'mrr@10', 'map@100', 'recall@10', 'accuracy@1'].map((metric) => [
    metric,
    (similarity) => `${similarity}_${metric}`,
  ]),
  similarity: ['spearman', 'pearson'].map((metric) => [metric, (similarity) => `${metric}_${similarity}`]),
  pairs: ['ap', 'accuracy', 'f1', 'mcc'].map((metric) => [metric, (similarity) => `${similarity}_${metric}`]),
  triplets: [['accuracy', (similarity) => `${similarity}_accuracy`]],
  translation: ['mean', 'src2trg', 'trg2src'].map((metric) => [metric, () => `${metric}_accuracy`]),
};

/** Which column of a file holds which role, given other names for some of the kind's columns. */
export function mappingFor(kind: FileKind, renamed: Readonly<Record<string, string>> = {}): ColumnMapping {
  return Object.fromEntries(kind.columns.map(([column, role]) => [role, renamed[column] ?? column]));
}
