import type { StaticEmbedding } from '@embedbag/static-embedding';

/** A document that was found. */
export interface SearchHit {
  /** Which document, counted from 0. */
  readonly document: number;
  /** Cosine similarity. */
  readonly score: number;
  readonly text: string;
}

/** Texts that can be searched. */
export interface SearchIndex {
  /** The `top` documents nearest to `query`, best first; fewer when there are fewer. */
  search(query: string, top: number): readonly SearchHit[];
}

/**
 * Embeds `documents` once and searches them exactly, by cosine.
 *
 * @param truncateDim Compare the first so many dims only.
 */
export function createSearchIndex(
  model: StaticEmbedding,
  documents: readonly string[],
  truncateDim: number = model.dimension,
): SearchIndex {
  const embedded = model.embed(documents, { task: 'document', truncateDim, normalize: true });
  return {
    search(query, top) {
      const queries = model.embed([query], { task: 'query', truncateDim, normalize: true });
      const found = model.kernels.topK({ queries, documents: embedded, k: top, similarity: 'dot' });
      return Array.from(found.indices.subarray(0, found.k), (document, rank) => ({
        document,
        score: found.scores[rank] ?? 0,
        text: documents[document] ?? '',
      }));
    },
  };
}
