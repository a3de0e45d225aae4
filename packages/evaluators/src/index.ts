export * from './bm25-baseline.js';
export * from './information-retrieval-evaluator.js';
export type { InformationRetrievalOptions, RetrievalSimilarity } from './information-retrieval-options.js';
export type { MetricCutoffs } from './metric-means.js';
export * from './retrieval-metrics.js';
export type { RelevantDocs, RetrievalSet, TextsById } from './retrieval-task.js';
export * from './sequential-evaluator.js';
export * from './words.js';
