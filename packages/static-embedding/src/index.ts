export {
  cosineSimilarity,
  dotSimilarity,
  euclideanSimilarity,
  manhattanSimilarity,
  type PairwiseSimilarityFunction,
  pairwiseCosineSimilarity,
  pairwiseDotSimilarity,
  pairwiseEuclideanSimilarity,
  pairwiseManhattanSimilarity,
  pairwiseSimilarityFunction,
  type SimilarityFunction,
  type SimilarityFunctionName,
  similarityFunction,
} from '@embedbag/core';
export type { ByteSource } from './byte-source.js';
export type { EmbeddingOptions, EncodeOptions } from './encoding-plan.js';
export type { ModelConfig, ModelMode } from './model-config.js';
export type { ModelFiles } from './model-source.js';
export type { EmbeddingArray, EmbeddingArrays, EmbeddingMatrix, Precision } from './precision.js';
export {
  quantizationRanges,
  quantizeBinary,
  quantizeEmbeddings,
  quantizeInt8,
  quantizeUbinary,
  quantizeUint8,
} from './quantization.js';
export { type ReplaceFolderOptions, replaceFolder } from './replace-folder.js';
export {
  openSafetensors,
  type SafetensorsData,
  type SafetensorsReader,
  type SafetensorsTensor,
  writeSafetensors,
} from './safetensors-file.js';
export {
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from './safetensors-header.js';
export type { SaveOptions } from './save-model.js';
export {
  type CalibrateOptions,
  type CreateOptions,
  type FromTableOptions,
  type LoadOptions,
  type ModelSettings,
  StaticEmbedding,
} from './static-embedding.js';
export type { StoredRanges } from './stored-ranges.js';
export type { TextStream } from './text-batches.js';
