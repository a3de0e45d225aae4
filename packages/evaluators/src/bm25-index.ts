/** The constants of BM25. */
export interface Bm25Parameters {
  /** How much a word counts that comes again in a document. */
  readonly k1: number;
  /** How much longer documents are held back, 0 to 1. */
  readonly b: number;
}

/** The documents that hold one word, ascending, and what it adds to the score of each. */
interface Postings {
  readonly documents: Int32Array;
  readonly weights: Float64Array;
}

interface Occurrences {
  readonly documents: number[];
  readonly counts: number[];
}

function countWords(texts: readonly (readonly string[])[]): Map<string, Occurrences> {
  const byWord = new Map<string, Occurrences>();
  for (const [document, text] of texts.entries()) {
    for (const word of text) {
      let occurrences = byWord.get(word);
      if (occurrences === undefined) {
        occurrences = { documents: [], counts: [] };
        byWord.set(word, occurrences);
      }
      const { documents, counts } = occurrences;
      const last = documents.length - 1;
      if (documents[last] === document) counts[last]! += 1;
      else {
        documents.push(document);
        counts.push(1);
      }
    }
  }
  return byWord;
}

/** The `k` best of `documents` by their scores, best first; equal scores by lower number. */
function bestOf(documents: readonly number[], scores: Float64Array, k: number): Int32Array {
  const order = (left: number, right: number): number => scores[right]! - scores[left]! || left - right;
  const kept: number[] = [];
  let worstKept = 0;
  for (const document of documents) {
    if (scores[document]! < worstKept) continue;
    kept.push(document);
    if (kept.length < 4 * k) continue;
    kept.sort(order).length = k;
    worstKept = scores[kept[k - 1]!]!;
  }
  return Int32Array.from(kept.sort(order).slice(0, k));
}

/**
 * An inverted index scored with BM25 in the form of Lucene 8 and bm25s' `lucene`:
 * `sum over the query's words of ln(1 + (N - n + 0.5) / (n + 0.5)) * tf / (tf + k1 * (1 - b + b * length / meanLength))`,
 * with `n` of `N` documents holding the word. All weights are worked out once, when the index is made.
 *
 * Robertson and Zaragoza 2009; Kamphuis et al. 2020 for the variants.
 */
export class Bm25Index {
  readonly #postings = new Map<string, Postings>();
  /** Scores of the query at hand; all zero between calls. */
  readonly #scores: Float64Array;

  /** `texts`: the words of every document. */
  constructor(texts: readonly (readonly string[])[], { k1, b }: Bm25Parameters) {
    this.#scores = new Float64Array(texts.length);
    const meanLength = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
    for (const [word, { documents, counts }] of countWords(texts)) {
      const idf = Math.log(1 + (texts.length - documents.length + 0.5) / (documents.length + 0.5));
      const weights = Float64Array.from(documents, (document, i) => {
        const count = counts[i]!;
        return (idf * count) / (count + k1 * (1 - b + (b * texts[document]!.length) / meanLength));
      });
      this.#postings.set(word, { documents: Int32Array.from(documents), weights });
    }
  }

  /** The at most `k` best documents that share a word with the query, best first; equal scores by lower number. */
  search(query: readonly string[], k: number): Int32Array {
    const scores = this.#scores;
    const found: number[] = [];
    for (const word of query) {
      const postings = this.#postings.get(word);
      if (postings === undefined) continue;
      const { documents, weights } = postings;
      for (let i = 0; i < documents.length; i++) {
        const document = documents[i]!;
        // Weights are above zero, so a zero score is one that has not been touched.
        if (scores[document] === 0) found.push(document);
        scores[document]! += weights[i]!;
      }
    }
    const best = bestOf(found, scores, k);
    for (const document of found) scores[document] = 0;
    return best;
  }
}
