import type { MatryoshkaTerm } from '@embedbag/core';
import type { FloatContrastiveProblem } from './typescript-contrastive.js';
import { ZERO_NORM } from './typescript-normalize-rows.js';
import { padToTile } from './typescript-product.js';

/** Stands for the cosine of an entry that takes no part. */
export const REMOVED: number = Number.NEGATIVE_INFINITY;

/** Float64 similarities that exist at a time: 16 MB, unless four rows need more. */
const SIMILARITIES_AT_ONCE = 2 ** 21;
const MOST_ROWS_AT_ONCE = 64;
const CANDIDATES_AT_ONCE = 64;
/** The widest stretch of dimensions of one packed product: with 64 rows, 128 KB a side. */
const WIDEST_SEGMENT = 256;

/** A stretch of dimensions between two Matryoshka dims, or a part of it. */
export interface Segment {
  /** The smallest dim, by its place in the ascending terms, that these dimensions belong to. */
  readonly term: number;
  readonly start: number;
  readonly end: number;
}

/** The sizes and working memory of one evaluation. */
export interface ContrastiveLayout {
  readonly problem: FloatContrastiveProblem;
  /** By ascending dim. */
  readonly terms: readonly MatryoshkaTerm[];
  readonly segments: readonly Segment[];
  readonly partitions: number;
  /** A multiple of the register tile. */
  readonly rowsAtOnce: number;
  readonly candidatesAtOnce: number;
  /** Values from one row of similarities to the next. */
  readonly stride: number;
  /** `[blocks, terms, rowsAtOnce, stride]`: first dots, then cosines, then weights. */
  readonly similarities: Float64Array;
  similarityOffset(block: number, term: number): number;
  /** `1 / norm` by column, term and row; 0 for a zero row. */
  readonly inverseNorms: readonly (readonly Float64Array[])[];
  /** The sums of `P cos` by column, term and row: DESIGN's r and c. */
  readonly radial: readonly (readonly Float64Array[])[];
  readonly packedRows: Float64Array;
  readonly packedCandidates: Float64Array;
}

function segmentsOf(terms: readonly MatryoshkaTerm[]): Segment[] {
  const segments: Segment[] = [];
  let start = 0;
  for (let term = 0; term < terms.length; term++) {
    while (start < terms[term]!.dim) {
      const end = Math.min(terms[term]!.dim, start + WIDEST_SEGMENT);
      segments.push({ term, start, end });
      start = end;
    }
  }
  return segments;
}

/** `1 / norm` of every row at every dim. */
function inversePrefixNorms(
  problem: FloatContrastiveProblem,
  column: number,
  terms: readonly MatryoshkaTerm[],
): Float64Array[] {
  const data = problem.columns[column]!;
  const inverse = terms.map(() => new Float64Array(problem.rows));
  for (let row = 0; row < problem.rows; row++) {
    let squares = 0;
    let dimension = 0;
    for (let t = 0; t < terms.length; t++) {
      for (; dimension < terms[t]!.dim; dimension++) {
        const value = data[row * problem.dimension + dimension]!;
        squares += value * value;
      }
      const norm = Math.sqrt(squares);
      inverse[t]![row] = norm > ZERO_NORM ? 1 / norm : 0;
    }
  }
  return inverse;
}

/** Plans one evaluation and takes its memory. */
export function layOut(problem: FloatContrastiveProblem): ContrastiveLayout {
  const terms = [...problem.terms].sort((a, b) => a.dim - b.dim);
  const segments = segmentsOf(terms);
  const stride = padToTile(problem.rows);
  const perRow = problem.blocks.length * terms.length * stride;
  const fitting = Math.floor(SIMILARITIES_AT_ONCE / perRow / 4) * 4;
  const bound = padToTile(problem.rowsAtOnce ?? MOST_ROWS_AT_ONCE);
  const rowsAtOnce = Math.max(4, Math.min(MOST_ROWS_AT_ONCE, bound, stride, fitting));
  const candidatesAtOnce = Math.min(CANDIDATES_AT_ONCE, stride);
  const width = Math.max(...segments.map((segment) => segment.end - segment.start));
  return {
    problem,
    terms,
    segments,
    partitions: 1 + Math.max(...problem.blocks.map((block) => block.partition)),
    rowsAtOnce,
    candidatesAtOnce,
    stride,
    similarities: new Float64Array(rowsAtOnce * perRow),
    similarityOffset: (block, term) => (block * terms.length + term) * rowsAtOnce * stride,
    inverseNorms: problem.columns.map((_, column) => inversePrefixNorms(problem, column, terms)),
    radial: problem.columns.map(() => terms.map(() => new Float64Array(problem.rows))),
    packedRows: new Float64Array(rowsAtOnce * terms[terms.length - 1]!.dim),
    packedCandidates: new Float64Array(candidatesAtOnce * width),
  };
}
