import { createRandom, EmbedbagError, type Matrix } from '@embedbag/core';
import { principalComponents } from './principal-components.js';

/** Settings of {@link headStartRows}. */
export interface HeadStartOptions {
  /** Columns of the rows; those behind the teacher's are filled with random numbers. */
  readonly dimension: number;
  /**
   * Principal components to keep, the widest first; null for the first columns as they are. Default: all of the teacher's, but
   * no more than `dimension`.
   */
  readonly pca?: number | null | undefined;
  /** A factor by row. Default: 1. */
  readonly weights?: Float64Array | undefined;
  /** Root mean square of the random columns; that of the teacher's is 1. Default 1. */
  readonly fill?: number | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link headStartRows} made. */
export interface HeadStartRows {
  /** `[rows, dimension]`, owned by the caller. */
  readonly table: Float32Array;
  /** Columns that come from the teacher. */
  readonly teacherColumns: number;
  /** The share of the teacher's variance that they keep, 0 to 1. */
  readonly explained: number;
}

/**
 * Rows for a table out of a teacher's vectors: their principal components, scaled as a whole to a root mean square of 1, random
 * columns behind them, and each row times its weight.
 *
 * @throws EmbedbagError `dimension-invalid`, `pca-too-wide`, and the reason of an aborted `signal`.
 */
export async function headStartRows(vectors: Matrix, options: HeadStartOptions): Promise<HeadStartRows> {
  const { dimension, weights, fill = 1, seed, signal } = options;
  checkWhole('dimension', dimension);
  const pca = checkPca(vectors, options);
  const { scores, explained } =
    options.pca === null ? firstColumns(vectors, pca) : await principalComponents(vectors, pca, signal);
  const { rows } = vectors;
  let squares = 0;
  for (const value of scores.data) squares += value * value;
  const scale = squares > 0 ? Math.sqrt(scores.data.length / squares) : 1;
  const random = createRandom(seed, 'initial-table');
  const table = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    const at = row * dimension;
    for (let column = 0; column < pca; column++) table[at + column] = scores.data[row * pca + column]! * scale * weight;
    for (let column = pca; column < dimension; column++) table[at + column] = random.normal() * fill * weight;
  }
  return { table, teacherColumns: pca, explained };
}

function firstColumns({ data, rows, columns }: Matrix, kept: number): { scores: Matrix; explained: number } {
  const cut = new Float32Array(rows * kept);
  for (let row = 0; row < rows; row++) cut.set(data.subarray(row * columns, row * columns + kept), row * kept);
  return { scores: { data: cut, rows, columns: kept }, explained: 1 };
}

/** Throws `dimension-invalid` where `value` is no whole number above 0. */
function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new EmbedbagError({
    code: 'dimension-invalid',
    message: `Expected \`${name}\` to be a whole number above 0, received ${value}. Pass the number of columns an embedding should have.`,
    details: { received: String(value) },
  });
}

/** The components to keep; throws `pca-too-wide` where there are not so many. */
function checkPca({ rows, columns }: Matrix, { dimension, pca }: HeadStartOptions): number {
  if (pca === null) return Math.min(columns, dimension);
  if (pca === undefined) return Math.min(columns, dimension, rows - 1);
  checkWhole('pca', pca);
  const limits = [
    ['the dimensions of the teacher', columns],
    ['the dimensions of the table', dimension],
    ['the tokens less one', rows - 1],
  ] as const;
  for (const [what, limit] of limits) {
    if (pca <= limit) continue;
    throw new EmbedbagError({
      code: 'pca-too-wide',
      message: `Expected \`pca\` to be at most ${limit}, ${what}, received ${pca}. Lower it, or leave it out to keep all that there are.`,
      details: { limit, received: pca },
    });
  }
  return pca;
}
