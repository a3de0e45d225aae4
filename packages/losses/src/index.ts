export type { TextGuide, TextPlace } from '@embedbag/core';
export { type CachedGistEmbedLossOptions, cachedGistEmbedLoss } from './cached-gist-embed-loss.js';
export {
  type CachedMultipleNegativesRankingLossOptions,
  cachedMultipleNegativesRankingLoss,
} from './cached-multiple-negatives-ranking-loss.js';
export { type ContrastiveDistanceMetric, type ContrastiveLossOptions, contrastiveLoss } from './contrastive-loss.js';
export { type CosentLossOptions, cosentLoss } from './cosent-loss.js';
export { cosineSimilarityLoss } from './cosine-similarity-loss.js';
export {
  type DistillationDistanceMetric,
  type EmbeddingDistillationLossOptions,
  embeddingDistillationLoss,
} from './embedding-distillation-loss.js';
export { type GistEmbedLossOptions, type GistMarginStrategy, gistEmbedLoss } from './gist-embed-loss.js';
export {
  type GlobalOrthogonalRegularizationOptions,
  globalOrthogonalRegularization,
  type RegularizationAggregation,
} from './global-orthogonal-regularization.js';
export { guideFromModel } from './guide-from-model.js';
export { guideFromVectors } from './guide-from-vectors.js';
export { type MarginMseLossOptions, type MarginMseSimilarity, marginMseLoss } from './margin-mse-loss.js';
export * from './matryoshka-loss.js';
export * from './multiple-negatives-ranking-loss.js';
export { type SumOfLossesOptions, sumOfLosses } from './sum-of-losses.js';
export type { GuideEmbeddings } from './text-guide.js';
export { type TripletDistanceMetric, type TripletLossOptions, tripletLoss } from './triplet-loss.js';
