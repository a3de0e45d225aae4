import type { SimilarityFunctionName } from '@embedbag/core';
import { type DimensionOptions, requireWhole } from './dimension-options.js';
import type { MetricCutoffs } from './metric-means.js';
import type { RetrievalSet } from './retrieval-task.js';

/** How a retrieval evaluator measures, whatever is searched. */
export interface RetrievalMeasureOptions extends MetricCutoffs, DimensionOptions {
  /** How a query and a document are compared; a distance counts as negative. Default: `['cosine']`. */
  readonly similarityFunctions?: readonly SimilarityFunctionName[];
  /** Which similarity the primary metric is of. Default: the one with the best NDCG. */
  readonly mainScoreFunction?: SimilarityFunctionName;
  /** Documents that are embedded and compared at once; no figure depends on it. Default: as many as fill 64 MiB. */
  readonly corpusChunkSize?: number;
}

/** What `informationRetrievalEvaluator` measures and how. */
export interface InformationRetrievalOptions extends RetrievalSet, RetrievalMeasureOptions {}

/** Throws `chunk-size-invalid`. */
export function checkChunkSize({ corpusChunkSize }: RetrievalMeasureOptions): void {
  if (corpusChunkSize !== undefined) requireWhole(corpusChunkSize, 'corpusChunkSize', 'chunk-size-invalid');
}
