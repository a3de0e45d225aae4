import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kernels, Matrix } from '@embedbag/core';
import type { Candidate } from './choose-negatives.js';

/** Anchors of one call of the kernels, after which others have their turn. */
const ANCHORS_AT_ONCE = 1024;
/** More texts are asked of the kernels than are wanted, by as many as their rounding might put in another order. */
export const SPARE_CANDIDATES = 8;
/** More than the rounding of the kernels can move a score between unit vectors. */
const ROUNDING = 1e-4;

/** Part of an embedded corpus. */
export interface CorpusPart {
  /** The number of its first text. */
  readonly first: number;
  /** Unit vectors, `[texts, dimension]`. */
  readonly embeddings: Matrix;
}

/**
 * The nearest texts of each of some anchors, and the scores of their positives, while the corpus passes part by part.
 *
 * The kernels find what is near; the scores are then taken anew, in float64 and rounded once, so that they do not depend on
 * threads, parts or the backend, and texts with the same embedding have the same score.
 */
export class NearestTexts {
  private readonly anchors: Matrix;
  private readonly positives: readonly Int32Array[];
  private readonly most: number;
  private readonly numbers: Int32Array;
  private readonly scores: Float32Array;
  private readonly held: Int32Array;
  private readonly positiveScores: readonly Float32Array[];

  /** `anchors` are unit vectors; `positives` has the numbers of each anchor's positives. */
  constructor(anchors: Matrix, positives: readonly Int32Array[], wanted: number) {
    this.anchors = anchors;
    this.positives = positives;
    this.most = wanted + SPARE_CANDIDATES;
    this.numbers = new Int32Array(anchors.rows * this.most);
    this.scores = new Float32Array(anchors.rows * this.most);
    this.held = new Int32Array(anchors.rows);
    this.positiveScores = positives.map(({ length }) => new Float32Array(length));
  }

  /** Compares all anchors with a part of the corpus; parts come in order. */
  async compare(
    { first, embeddings }: CorpusPart,
    kernels: Kernels,
    onAnchors: (count: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { data, rows, columns } = this.anchors;
    for (let from = 0; from < rows; from += ANCHORS_AT_ONCE) {
      await nextTurn();
      signal?.throwIfAborted();
      const to = Math.min(rows, from + ANCHORS_AT_ONCE);
      const queries = { data: data.subarray(from * columns, to * columns), rows: to - from, columns };
      const found = kernels.topK({ queries, documents: embeddings, k: this.most, similarity: 'dot' });
      for (let anchor = from; anchor < to; anchor++) {
        const at = (anchor - from) * found.k;
        this.offerAll(
          anchor,
          first,
          embeddings,
          found.indices.subarray(at, at + found.k),
          found.scores.subarray(at, at + found.k),
        );
        this.scorePositives(anchor, first, embeddings);
      }
      onAnchors(to - from);
    }
  }

  /** The nearest texts of an anchor, best first, equal ones by number. */
  candidates(anchor: number, wanted: number): Candidate[] {
    const start = anchor * this.most;
    const length = Math.min(wanted, this.held[anchor] as number);
    return Array.from({ length }, (_, i) => ({
      number: this.numbers[start + i] as number,
      score: this.scores[start + i] as number,
    }));
  }

  /** The scores of an anchor's positives in their order. */
  scoresOfPositives(anchor: number): Float32Array {
    return this.positiveScores[anchor] as Float32Array;
  }

  private offerAll(anchor: number, first: number, texts: Matrix, indices: Int32Array, rough: Float32Array): void {
    for (let rank = 0; rank < indices.length; rank++) {
      if (this.held[anchor] === this.most && (rough[rank] as number) < this.worst(anchor) - ROUNDING) return;
      const index = indices[rank] as number;
      this.offer(anchor, first + index, this.score(anchor, texts, index));
    }
  }

  private worst(anchor: number): number {
    return this.scores[(anchor + 1) * this.most - 1] as number;
  }

  private scorePositives(anchor: number, first: number, texts: Matrix): void {
    const scores = this.positiveScores[anchor] as Float32Array;
    for (const [i, number] of (this.positives[anchor] as Int32Array).entries()) {
      const index = number - first;
      if (index >= 0 && index < texts.rows) scores[i] = this.score(anchor, texts, index);
    }
  }

  private score(anchor: number, texts: Matrix, index: number): number {
    const { data, columns } = this.anchors;
    const a = anchor * columns;
    const b = index * columns;
    let sum = 0;
    for (let column = 0; column < columns; column++)
      sum += (data[a + column] as number) * (texts.data[b + column] as number);
    return Math.fround(sum);
  }

  private offer(anchor: number, number: number, score: number): void {
    const { numbers, scores, most } = this;
    const start = anchor * most;
    const held = this.held[anchor] as number;
    const isBefore = (place: number): boolean => {
      const other = scores[place] as number;
      return score > other || (score === other && number < (numbers[place] as number));
    };
    if (held === most && !isBefore(start + most - 1)) return;
    let place = start + Math.min(held, most - 1);
    for (; place > start && isBefore(place - 1); place--) {
      numbers[place] = numbers[place - 1] as number;
      scores[place] = scores[place - 1] as number;
    }
    numbers[place] = number;
    scores[place] = score;
    if (held < most) this.held[anchor] = held + 1;
  }
}
