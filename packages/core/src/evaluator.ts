import type { EmbeddingModel } from './embedding-model.js';
import type { JsonObject } from './json.js';

/** The version tag of {@link Evaluator}. */
export const EVALUATOR_CONTRACT = 'embedbag/evaluator@1';

export interface EvaluateOptions {
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Figures under the keys of sentence-transformers, such as `scifact_cosine_ndcg@10`. */
export interface EvaluationResult {
  readonly metrics: Readonly<Record<string, number>>;
  /** The key of the figure by which models are compared. */
  readonly primaryMetric: string;
}

/** Measures a model. */
export interface Evaluator {
  readonly contract: typeof EVALUATOR_CONTRACT;
  readonly name: string;
  readonly config: JsonObject;
  evaluate(model: EmbeddingModel, options?: EvaluateOptions): Promise<EvaluationResult>;
}
