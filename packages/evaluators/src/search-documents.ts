import {
  type Kernels,
  type Matrix,
  type SimilarityFunctionName,
  similarityFunction,
  type TopKResult,
} from '@embedbag/core';
import { firstColumns, rowRange } from './matrix-parts.js';

/** What {@link searchDocuments} is asked for. */
export interface DocumentSearch {
  readonly queries: Matrix;
  readonly documents: Matrix;
  readonly k: number;
  readonly similarity: SimilarityFunctionName;
  /** Compare only the first so many columns. */
  readonly dimension: number;
}

const QUERIES_AT_ONCE = 64;

/** Puts the numbers of the `indices.length` highest `scores` into `indices`, best first; equal scores by lower number. */
function bestInto(indices: Int32Array, best: Float32Array, scores: Float32Array): void {
  const depth = indices.length;
  let held = 0;
  for (let document = 0; document < scores.length; document++) {
    const score = scores[document]!;
    if (held === depth && score <= best[held - 1]!) continue;
    let rank = held < depth ? held : depth - 1;
    for (; rank > 0 && best[rank - 1]! < score; rank--) {
      best[rank] = best[rank - 1]!;
      indices[rank] = indices[rank - 1]!;
    }
    best[rank] = score;
    indices[rank] = document;
    if (held < depth) held += 1;
  }
}

/** The nearest documents by negative distance, in plain loops: no kernel knows distances. */
function searchByDistance({ queries, documents, k, similarity, dimension }: DocumentSearch): TopKResult {
  const compare = similarityFunction(similarity);
  const corpus = firstColumns(documents, dimension);
  const depth = Math.min(k, documents.rows);
  const indices = new Int32Array(queries.rows * depth);
  const scores = new Float32Array(queries.rows * depth);
  for (let start = 0; start < queries.rows; start += QUERIES_AT_ONCE) {
    const end = Math.min(start + QUERIES_AT_ONCE, queries.rows);
    const all = compare(firstColumns(rowRange(queries, start, end), dimension), corpus);
    for (let query = start; query < end; query++) {
      const own = [query * depth, (query + 1) * depth] as const;
      bestInto(indices.subarray(...own), scores.subarray(...own), rowRange(all, query - start, query - start + 1).data);
    }
  }
  return { indices, scores, k: depth };
}

/** The `k` best documents of every query, best first; equal scores by lower number. */
export function searchDocuments(kernels: Kernels, search: DocumentSearch): TopKResult {
  const { similarity } = search;
  if (similarity === 'cosine' || similarity === 'dot') return kernels.topK({ ...search, similarity });
  return searchByDistance(search);
}
