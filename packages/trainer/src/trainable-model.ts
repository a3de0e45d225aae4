import type { EmbeddingModel } from '@embedbag/core';
import type { StaticEmbedding } from '@embedbag/static-embedding';

/**
 * What training needs of a model: a way to tokenize, a table `[vocabulary, dimension]` in the kernels' memory, and a way
 * to save itself. A `StaticEmbedding` is one.
 */
export type TrainableModel = EmbeddingModel &
  Pick<StaticEmbedding, 'table' | 'tokenize' | 'save'> &
  Partial<Pick<StaticEmbedding, 'storedRanges'>>;
