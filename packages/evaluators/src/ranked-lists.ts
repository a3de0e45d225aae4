import type { TopKResult } from '@embedbag/core';

/** The best documents of many queries while the corpus comes in chunks of ascending document numbers. */
export class RankedLists {
  readonly #depth: number;
  readonly #documents: Int32Array;
  readonly #scores: Float32Array;
  /** By query, how many documents are held. */
  readonly #held: Int32Array;
  readonly #mergedDocuments: Int32Array;
  readonly #mergedScores: Float32Array;

  constructor(queries: number, depth: number) {
    this.#depth = depth;
    this.#documents = new Int32Array(queries * depth);
    this.#scores = new Float32Array(queries * depth);
    this.#held = new Int32Array(queries);
    this.#mergedDocuments = new Int32Array(depth);
    this.#mergedScores = new Float32Array(depth);
  }

  /**
   * Takes in the best documents of one chunk, for as many queries as `result` has, from `firstQuery` on.
   * `firstDocument` is the number of the chunk's first document; no lower one may come after it.
   */
  merge(result: TopKResult, firstQuery: number, firstDocument: number): void {
    const queries = result.k === 0 ? 0 : Math.floor(result.indices.length / result.k);
    for (let query = 0; query < queries; query++) this.#mergeQuery(result, query, firstQuery + query, firstDocument);
  }

  /** The documents of `query`, best first; equal scores by lower number. Borrowed until the next `merge`. */
  documents(query: number): Int32Array {
    const start = query * this.#depth;
    return this.#documents.subarray(start, start + this.#held[query]!);
  }

  #mergeQuery(result: TopKResult, from: number, query: number, firstDocument: number): void {
    const start = query * this.#depth;
    const held = this.#held[query]!;
    const length = Math.min(this.#depth, held + result.k);
    let old = 0;
    let fresh = 0;
    for (let rank = 0; rank < length; rank++) {
      const at = from * result.k + fresh;
      const isOldNext = fresh === result.k || (old < held && this.#scores[start + old]! >= result.scores[at]!);
      this.#mergedDocuments[rank] = isOldNext ? this.#documents[start + old]! : result.indices[at]! + firstDocument;
      this.#mergedScores[rank] = isOldNext ? this.#scores[start + old]! : result.scores[at]!;
      if (isOldNext) old += 1;
      else fresh += 1;
    }
    this.#documents.set(this.#mergedDocuments.subarray(0, length), start);
    this.#scores.set(this.#mergedScores.subarray(0, length), start);
    this.#held[query] = length;
  }
}
