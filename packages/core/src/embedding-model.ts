import type { Kernels, Matrix } from './kernels.js';

export interface EmbedOptions {
  /** Keep the first `truncateDim` columns. Truncation comes before normalising. */
  readonly truncateDim?: number;
  /** Divide each embedding by its Euclidean norm. Default false. */
  readonly normalize?: boolean;
  /** What kind of text it is; a model may put another prompt before queries than before documents. */
  readonly task?: 'query' | 'document';
  readonly signal?: AbortSignal;
  /** Called now and then with how many texts are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** All that an evaluator, a miner or a guide needs of a model. */
export interface EmbeddingModel {
  /** Columns of an embedding. */
  readonly dimension: number;
  readonly kernels: Kernels;
  /** The embeddings of `texts`, `[texts, dimension]`, owned by the caller. */
  embed(texts: readonly string[], options?: EmbedOptions): Matrix | Promise<Matrix>;
}
