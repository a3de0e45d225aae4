import type { EmbeddingModel } from './embedding-model.js';
import type { JsonObject } from './json.js';

/** The version tag of {@link Evaluator}. */
export const EVALUATOR_CONTRACT = 'embedbag/evaluator@1';

export interface EvaluateOptions {
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Also give `items`, for intervals and comparisons. An evaluator that measures nothing by item gives none. Default false. */
  readonly withItems?: boolean;
}

/** One row of the CSV file that sentence-transformers keeps for an evaluator. */
export interface EvaluationCsv {
  /** Such as `triplet_evaluation_nli_results.csv`. */
  readonly fileName: string;
  /** The header after `epoch` and `steps`. */
  readonly columns: readonly string[];
  /** `[columns]`. */
  readonly values: readonly number[];
  /** What ends a line of this file. */
  readonly lineEnd: '\n' | '\r\n';
}

/** What figures were measured on, one by one: queries, pairs, triplets. */
export interface EvaluatedItems {
  /** Names the items, such as query ids; the same for every model under the same evaluator. */
  readonly ids: readonly string[];
  /**
   * How many items each group holds, one group after the other; their sum is the number of items. Several groups are
   * several datasets, whose figures are averaged with equal weights.
   */
  readonly groups: readonly number[];
  /** By metric that is a mean: its value for each item, `[items]`. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /**
   * The metric `key` of only these `items`, numbers into `ids`, each as often as it is listed; every group must be there.
   * Not a number for a key that is not in `metrics`.
   */
  measure(key: string, items: ArrayLike<number>): number;
}

/** Figures under the keys of sentence-transformers, such as `scifact_cosine_ndcg@10`. */
export interface EvaluationResult {
  readonly metrics: Readonly<Record<string, number>>;
  /** The key of the figure by which models are compared. */
  readonly primaryMetric: string;
  /** What sentence-transformers would write into files, one row a file. */
  readonly csv?: readonly EvaluationCsv[];
  /** With `withItems`. */
  readonly items?: EvaluatedItems;
}

/** Measures a model. */
export interface Evaluator {
  readonly contract: typeof EVALUATOR_CONTRACT;
  readonly name: string;
  readonly config: JsonObject;
  evaluate(model: EmbeddingModel, options?: EvaluateOptions): Promise<EvaluationResult>;
}
