import {
  type AdamWReplay,
  type AdamWStep,
  type AdamWStepOptions,
  type BagForwardOptions,
  type ContrastiveProblem,
  EmbedbagError,
  KERNELS_CONTRACT,
  type Kernels,
  type Matrix,
  type SparseRows,
  type TokenBags,
  type TopKRequest,
  type TopKResult,
} from '@embedbag/core';
import { naiveContrastive } from './naive-contrastive.js';
import { naiveBits, naiveCodes } from './naive-quantization.js';

function euclideanNorm(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

/** The tokens of bag `bag`. */
function tokensOf(bags: TokenBags, bag: number): Int32Array {
  return bags.ids.subarray(bags.offsets[bag]!, bags.offsets[bag + 1]!);
}

/** The mean of each bag's table rows, `[bags, dimension]`, in float64; throws `token-out-of-range`. */
export function naiveBagForward(
  table: Matrix,
  bags: TokenBags,
  { dimension = table.columns, normalize = false }: BagForwardOptions = {},
): Float64Array {
  const { columns, rows, data } = table;
  const count = bags.offsets.length - 1;
  const out = new Float64Array(count * dimension);
  for (let bag = 0; bag < count; bag++) {
    const tokens = tokensOf(bags, bag);
    for (const token of tokens) {
      if (token < 0 || token >= rows) {
        throw new EmbedbagError({
          code: 'token-out-of-range',
          message: `Expected ids below ${rows}, received ${token}. Use the table's own tokenizer.`,
        });
      }
      for (let c = 0; c < dimension; c++) out[bag * dimension + c]! += data[token * columns + c]! / tokens.length;
    }
    const mean = out.subarray(bag * dimension, (bag + 1) * dimension);
    const norm = Math.hypot(...mean);
    if (normalize) for (let c = 0; c < dimension; c++) mean[c] = norm > 1e-12 ? mean[c]! / norm : 0;
  }
  return out;
}

/** The gradient of every touched table row by row number, in float64. */
export function naiveBagBackward(
  bags: TokenBags,
  gradient: ArrayLike<number>,
  columns: number,
): Map<number, Float64Array> {
  const touched = new Map<number, Float64Array>();
  for (let bag = 0; bag < bags.offsets.length - 1; bag++) {
    const tokens = tokensOf(bags, bag);
    for (const token of tokens) {
      const row = touched.get(token) ?? new Float64Array(columns);
      for (let c = 0; c < columns; c++) row[c]! += gradient[bag * columns + c]! / tokens.length;
      touched.set(token, row);
    }
  }
  return new Map([...touched].sort(([a], [b]) => a - b));
}

/** The part of an {@link AdamWStep} that is float64 here: table and moments as plain arrays, updated in place. */
export interface NaiveAdamWState {
  readonly table: Float64Array;
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
}

/** One AdamW step, as the pseudo-code of torch.optim.AdamW reads, in float64. */
export function naiveAdamW(state: NaiveAdamWState, step: AdamWStep): void {
  const { columns } = step.table;
  const gradient = new Float64Array(state.table.length);
  for (let slot = 0; slot < step.gradient.count; slot++) {
    for (let c = 0; c < columns; c++) {
      gradient[step.gradient.rows[slot]! * columns + c] =
        step.gradient.values[slot * columns + c]! * step.gradientScale;
    }
  }
  for (let i = 0; i < state.table.length; i++) {
    const g = gradient[i]!;
    state.table[i]! -= step.learningRate * step.weightDecay * state.table[i]!;
    state.firstMoment[i] = step.beta1 * state.firstMoment[i]! + (1 - step.beta1) * g;
    state.secondMoment[i] = step.beta2 * state.secondMoment[i]! + (1 - step.beta2) * g * g;
    const mean = state.firstMoment[i]! / step.biasCorrection1;
    const variance = state.secondMoment[i]! / step.biasCorrection2;
    state.table[i]! -= (step.learningRate * mean) / (Math.sqrt(variance) + step.epsilon);
  }
}

/** The similarity of two rows in their first `dimension` columns, in float64. */
export function naiveSimilarity(
  a: Matrix,
  rowA: number,
  b: Matrix,
  rowB: number,
  request: Pick<TopKRequest, 'similarity' | 'dimension'>,
): number {
  const dimension = request.dimension ?? a.columns;
  let dot = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let d = 0; d < dimension; d++) {
    const x = a.data[rowA * a.columns + d]!;
    const y = b.data[rowB * b.columns + d]!;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  if (request.similarity === 'dot') return dot;
  if (Math.sqrt(squaresA) <= 1e-12 || Math.sqrt(squaresB) <= 1e-12) return 0;
  return dot / Math.sqrt(squaresA) / Math.sqrt(squaresB);
}

function naiveTopK(request: TopKRequest): TopKResult {
  const { queries, documents } = request;
  const k = Math.min(request.k, documents.rows);
  const indices = new Int32Array(queries.rows * k);
  const scores = new Float32Array(queries.rows * k);
  for (let query = 0; query < queries.rows; query++) {
    const all = Array.from({ length: documents.rows }, (_, document) => ({
      document,
      score: Math.fround(naiveSimilarity(queries, query, documents, document, request)),
    }));
    all.sort((a, b) => b.score - a.score || a.document - b.document);
    for (const [rank, { document, score }] of all.slice(0, k).entries()) {
      indices[query * k + rank] = document;
      scores[query * k + rank] = score;
    }
  }
  return { indices, scores, k };
}

/** {@link Kernels} made of the naive functions; what each method does is the shortest reading of its contract. */
class NaiveKernels implements Kernels {
  readonly contract = KERNELS_CONTRACT;
  readonly backend: string = 'naive';
  readonly threads: number = 1;
  private readonly allocated = new Set<Float32Array | Int32Array>();
  private disposed = false;

  allocateFloat32(length: number): Float32Array {
    return this.keep(new Float32Array(length));
  }

  allocateInt32(length: number): Int32Array {
    return this.keep(new Int32Array(length));
  }

  release(array: Float32Array | Int32Array): void {
    this.checkAlive();
    if (this.allocated.delete(array)) return;
    throw new EmbedbagError({
      code: 'array-not-allocated',
      message: 'Expected an allocated array, received another. Release every array once.',
    });
  }

  bagForward(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): void {
    this.checkAlive();
    out.set(naiveBagForward(table, bags, options));
  }

  bagBackward(bags: TokenBags, gradient: Float32Array, columns: number): SparseRows {
    this.checkAlive();
    const touched = naiveBagBackward(bags, gradient, columns);
    const values = new Float32Array(touched.size * columns);
    for (const [slot, row] of [...touched.values()].entries()) values.set(row, slot * columns);
    return { rows: Int32Array.from(touched.keys()), values, count: touched.size, columns };
  }

  contrastive(problem: ContrastiveProblem, gradients?: readonly Float32Array[]): number {
    this.checkAlive();
    const result = naiveContrastive(problem);
    for (const [column, gradient] of (gradients ?? []).entries()) gradient.set(result.gradients[column]!);
    return result.loss;
  }

  gradientNorm(gradient: SparseRows): number {
    this.checkAlive();
    return euclideanNorm(gradient.values.subarray(0, gradient.count * gradient.columns));
  }

  adamW(step: AdamWStep): void {
    this.checkAlive();
    const length = step.table.rows * step.table.columns;
    const read = (array: Float32Array): Float64Array => Float64Array.from(array.subarray(0, length));
    const state = {
      table: read(step.table.data),
      firstMoment: read(step.firstMoment),
      secondMoment: read(step.secondMoment),
    };
    naiveAdamW(state, step);
    step.table.data.set(state.table);
    step.firstMoment.set(state.firstMoment);
    step.secondMoment.set(state.secondMoment);
  }

  startAdamW(step: AdamWStep, { onlyTouched = false }: AdamWStepOptions = {}): () => void {
    return () => {
      const arrays = [step.table.data, step.firstMoment, step.secondMoment];
      const before = arrays.map((array) => array.slice());
      this.adamW(step);
      if (!onlyTouched) return;
      const { rows, columns } = step.table;
      const touched = new Set(step.gradient.rows.subarray(0, step.gradient.count));
      for (let row = 0; row < rows; row++) {
        if (touched.has(row)) continue;
        const [begin, end] = [row * columns, (row + 1) * columns];
        for (const [i, array] of arrays.entries()) array.set(before[i]!.subarray(begin, end), begin);
      }
    };
  }

  adamWReplay(replay: AdamWReplay): void {
    const { columns } = replay.table;
    const gradient = { rows: new Int32Array(0), values: new Float32Array(0), count: 0, columns };
    for (let i = 0; i < replay.count; i++) {
      const [begin, end] = [replay.rows[i]! * columns, (replay.rows[i]! + 1) * columns];
      const row = {
        ...replay,
        table: { data: replay.table.data.subarray(begin, end), rows: 1, columns },
        firstMoment: replay.firstMoment.subarray(begin, end),
        secondMoment: replay.secondMoment.subarray(begin, end),
      };
      for (let step = replay.firstMissed[i]!; step < replay.steps; step++) {
        const [learningRate = 0, biasCorrection1 = 1, biasCorrection2 = 1] = replay.rates.subarray(step * 3);
        this.adamW({ ...row, gradient, gradientScale: 1, learningRate, biasCorrection1, biasCorrection2 });
      }
    }
  }

  topK(request: TopKRequest): TopKResult {
    this.checkAlive();
    return naiveTopK(request);
  }

  normalizeRows(matrix: Matrix): void {
    this.checkAlive();
    for (let row = 0; row < matrix.rows; row++) {
      const values = matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns);
      const norm = euclideanNorm(values);
      for (let c = 0; c < values.length; c++) values[c] = norm > 1e-12 ? values[c]! / norm : 0;
    }
  }

  quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    out.set(naiveCodes(matrix, ranges, out));
  }

  quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    out.set(naiveBits(matrix, out));
  }

  dispose(): void {
    this.disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private keep<T extends Float32Array | Int32Array>(array: T): T {
    this.checkAlive();
    this.allocated.add(array);
    return array;
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new EmbedbagError({ code: 'kernels-disposed', message: 'Expected kernels in use. Create new ones.' });
  }
}

/**
 * Slow kernels whose every method is the shortest reading of its contract, in float64: for tests of losses and models.
 *
 * @example
 * ```ts
 * const kernels = createNaiveKernels();
 * const memory = kernels.allocateFloat32(4);
 * kernels.release(memory);
 * ```
 */
export function createNaiveKernels(): Kernels {
  return new NaiveKernels();
}
