import { comparedDimension, type Matrix, type TopKRequest, type TopKResult } from '@embedbag/core';
import { ZERO_NORM } from './typescript-normalize-rows.js';
import { multiplyPanels, packRows } from './typescript-product.js';

const QUERIES_AT_ONCE = 64;
const DOCUMENTS_AT_ONCE = 256;

/** `1 / norm` of the first `dimension` values of every row; 0 for a zero row. */
function inverseNorms(matrix: Matrix, dimension: number): Float64Array {
  const inverse = new Float64Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    const start = row * matrix.columns;
    let squares = 0;
    for (let i = start; i < start + dimension; i++) squares += matrix.data[i]! * matrix.data[i]!;
    const norm = Math.sqrt(squares);
    inverse[row] = norm > ZERO_NORM ? 1 / norm : 0;
  }
  return inverse;
}

/** The best documents so far of many queries: per query a binary heap whose root is the worst of the kept. */
class Shortlist {
  readonly indices: Int32Array;
  readonly scores: Float32Array;
  private readonly k: number;
  private readonly held: Int32Array;

  constructor(queries: number, k: number) {
    this.k = k;
    this.indices = new Int32Array(queries * k);
    this.scores = new Float32Array(queries * k);
    this.held = new Int32Array(queries);
  }

  /** Documents must be offered in ascending order: an equal score then never replaces a kept one. */
  offer(query: number, document: number, score: number): void {
    const start = query * this.k;
    const held = this.held[query]!;
    if (held < this.k) {
      this.held[query] = held + 1;
      this.siftUp(start, held, document, score);
    } else if (score > this.scores[start]!) {
      this.siftDown(start, this.k, document, score);
    }
  }

  /** Puts every query's documents in order, best first. */
  sort(): void {
    for (let query = 0; query < this.held.length; query++) {
      const start = query * this.k;
      for (let end = this.held[query]! - 1; end > 0; end--) {
        const document = this.indices[start + end]!;
        const score = this.scores[start + end]!;
        this.indices[start + end] = this.indices[start]!;
        this.scores[start + end] = this.scores[start]!;
        this.siftDown(start, end, document, score);
      }
    }
  }

  /** Whether the first ranks behind the second. */
  private worse(scoreA: number, documentA: number, scoreB: number, documentB: number): boolean {
    return scoreA < scoreB || (scoreA === scoreB && documentA > documentB);
  }

  private siftUp(start: number, position: number, document: number, score: number): void {
    let child = position;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const parentScore = this.scores[start + parent]!;
      const parentDocument = this.indices[start + parent]!;
      if (!this.worse(score, document, parentScore, parentDocument)) break;
      this.scores[start + child] = parentScore;
      this.indices[start + child] = parentDocument;
      child = parent;
    }
    this.scores[start + child] = score;
    this.indices[start + child] = document;
  }

  private siftDown(start: number, length: number, document: number, score: number): void {
    const { scores, indices } = this;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= length) break;
      const right = start + child + 1;
      if (child + 1 < length && this.worse(scores[right]!, indices[right]!, scores[right - 1]!, indices[right - 1]!)) {
        child += 1;
      }
      const childScore = scores[start + child]!;
      const childDocument = indices[start + child]!;
      if (!this.worse(childScore, childDocument, score, document)) break;
      scores[start + parent] = childScore;
      indices[start + parent] = childDocument;
      parent = child;
    }
    scores[start + parent] = score;
    indices[start + parent] = document;
  }
}

/** Compares all rows of `queries` and `documents`, in blocks that stay in the cache, and offers every score. */
function offerAll(request: TopKRequest, dimension: number, shortlist: Shortlist): void {
  const { queries, documents } = request;
  const cosine = request.similarity === 'cosine';
  const queryFactors = cosine ? inverseNorms(queries, dimension) : new Float64Array(queries.rows).fill(1);
  const documentFactors = cosine ? inverseNorms(documents, dimension) : new Float64Array(documents.rows).fill(1);
  const left = new Float64Array(QUERIES_AT_ONCE * dimension);
  const right = new Float64Array(DOCUMENTS_AT_ONCE * dimension);
  const products = new Float64Array(QUERIES_AT_ONCE * DOCUMENTS_AT_ONCE);
  const whole = { leftOffset: 0, rightOffset: 0, depth: dimension, outOffset: 0, stride: DOCUMENTS_AT_ONCE };
  const range = { columnStart: 0, columnEnd: dimension };
  for (let queryStart = 0; queryStart < queries.rows; queryStart += QUERIES_AT_ONCE) {
    const queryEnd = Math.min(queries.rows, queryStart + QUERIES_AT_ONCE);
    packRows(queries.data, queries.columns, { rowStart: queryStart, rowEnd: queryEnd, ...range }, left, 0);
    for (let documentStart = 0; documentStart < documents.rows; documentStart += DOCUMENTS_AT_ONCE) {
      const documentEnd = Math.min(documents.rows, documentStart + DOCUMENTS_AT_ONCE);
      packRows(documents.data, documents.columns, { rowStart: documentStart, rowEnd: documentEnd, ...range }, right, 0);
      const sizes = { rows: queryEnd - queryStart, columns: documentEnd - documentStart };
      multiplyPanels({ ...whole, ...sizes, left, right, out: products, addendOffset: -1 });
      for (let query = queryStart; query < queryEnd; query++) {
        const row = (query - queryStart) * DOCUMENTS_AT_ONCE - documentStart;
        const factor = queryFactors[query]!;
        for (let document = documentStart; document < documentEnd; document++) {
          const score = products[row + document]! * (factor * documentFactors[document]!);
          // Adding zero turns the -0 of a zero vector into 0.
          shortlist.offer(query, document, Math.fround(score) + 0);
        }
      }
    }
  }
}

/** See {@link Kernels.topK}: scores are rounded to float32 before they are ranked, so that what looks equal is a tie. */
export function topK(request: TopKRequest): TopKResult {
  const dimension = comparedDimension(request);
  const k = Math.max(0, Math.min(Math.floor(request.k), request.documents.rows));
  const shortlist = new Shortlist(request.queries.rows, k);
  if (k > 0) offerAll(request, dimension, shortlist);
  shortlist.sort();
  return { indices: shortlist.indices, scores: shortlist.scores, k };
}
