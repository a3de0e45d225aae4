import type { ContrastiveProblem, ContrastiveProducts } from './contrastive-problem.js';
import type { TokenBags } from './token-bags.js';

/** The version tag of {@link Kernels}. */
export const KERNELS_CONTRACT = 'embedbag/kernels@1';

/** A row-major matrix of float32. */
export interface Matrix {
  /** `[rows, columns]`; may be longer, the rest is ignored. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** The gradient of a table, as its touched rows. */
export interface SparseRows {
  /** Distinct row numbers, ascending, `[count]`. */
  readonly rows: Int32Array;
  /** Their values, `[count, columns]`. */
  readonly values: Float32Array;
  readonly count: number;
  readonly columns: number;
}

/** A table under AdamW as PyTorch defines it: decoupled decay, epsilon added after the bias-corrected root. */
export interface AdamWTable {
  /** `[rows, columns]`, updated in place. */
  readonly table: Matrix;
  /** Same length as the table, updated in place. */
  readonly firstMoment: Float32Array;
  /** Same length as the table, updated in place. */
  readonly secondMoment: Float32Array;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** One step of AdamW. */
export interface AdamWStep extends AdamWTable {
  /** Rows that are not listed have a gradient of zero. */
  readonly gradient: SparseRows;
  /** Multiplies the gradient before use: the clip coefficient. */
  readonly gradientScale: number;
  readonly learningRate: number;
  /** `1 - beta1^t`, t counted from 1. */
  readonly biasCorrection1: number;
  /** `1 - beta2^t`. */
  readonly biasCorrection2: number;
}

/** Settings of `bagForward`. */
export interface BagForwardOptions {
  /** Average only the first `dimension` columns, at most the table's; `out` is then `[bags, dimension]`. Default: all. */
  readonly dimension?: number;
  /** Divide each mean by its Euclidean norm, as `normalizeRows` does. Default false. */
  readonly normalize?: boolean;
}

/** Settings of `bagForwardBatches`. */
export interface BagForwardBatchesOptions extends BagForwardOptions {
  /** Told between two batches how many rows are done; may call the kernels. */
  readonly onRows?: ((done: number) => void) | undefined;
}

/** Settings of `startAdamW`. */
export interface AdamWStepOptions {
  /** Leave the rows without a gradient as they are, for whoever replays their steps later, or never. Default false. */
  readonly onlyTouched?: boolean;
}

/** Steps that some rows of a table have missed, in all of which their gradient is zero. */
export interface AdamWReplay extends AdamWTable {
  /** Distinct row numbers, in any order, `[count]`. */
  readonly rows: Int32Array;
  readonly count: number;
  /** By listed row, the first step that it has missed, as a row of `rates`; it has missed all that follow, `[count]`. */
  readonly firstMissed: Int32Array;
  /** Learning rate, `biasCorrection1` and `biasCorrection2` of every step, `[steps, 3]`; may be longer. */
  readonly rates: Float64Array;
  readonly steps: number;
}

export interface TopKRequest {
  readonly queries: Matrix;
  readonly documents: Matrix;
  /** How many documents a query gets; if there are fewer documents, that many. */
  readonly k: number;
  readonly similarity: 'cosine' | 'dot';
  /** Compare only the first `dimension` columns. Default: all. */
  readonly dimension?: number;
}

/** The best documents of every query, best first; equal scores by lower document index. */
export interface TopKResult {
  /** Document indices, `[queries, k]`. */
  readonly indices: Int32Array;
  /** `[queries, k]`. */
  readonly scores: Float32Array;
  readonly k: number;
}

/**
 * The compute that everything else stands on: synchronous loops over typed arrays.
 *
 * Arrays from `allocateFloat32` and `allocateInt32` are used where they lie. All other arrays are accepted too and copied
 * in and out where the backend has a memory of its own. A kernel writes only into what its comment calls updated or written,
 * keeps no caller's array after it returns, and gives the same bytes for the same inputs, backend and thread count.
 */
export interface Kernels {
  readonly contract: typeof KERNELS_CONTRACT;
  /** Which implementation runs: `typescript`, `wasm-simd`, `wasm-relaxed-simd`, ... */
  readonly backend: string;
  /** How many threads compute, the calling one included. */
  readonly threads: number;
  /** What `contrastive` can compute products in; default `float32` alone. Asked for another, it takes `float32`. */
  readonly products?: readonly ContrastiveProducts[];

  /** A zero-filled array in the backend's own memory; give it back with `release`. */
  allocateFloat32(length: number): Float32Array;
  allocateInt32(length: number): Int32Array;
  /** Gives back an array from `allocate...`; any other array, and a second call, throw. */
  release(array: Float32Array | Int32Array): void;

  /**
   * Mean of each bag's table rows, written into `out` `[bags, dimension]`. An empty bag gives a zero row.
   * Throws `token-out-of-range` when an id is not a row of the table.
   */
  bagForward(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): void;

  /**
   * As `bagForward`, while the caller goes on: other threads begin at once, and the function that is returned helps them,
   * waits for the rest and must be called. Until then the arrays must stay as they are, and every other call throws
   * `kernels-busy`. A backend without other threads does all the work in that function, or leaves this method out.
   */
  startBagForward?(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): () => void;

  /**
   * The means of the bags of all batches, one below the other, in a new array `[rows, dimension]` that the caller owns;
   * `rows` is how many bags they have in all. Other threads average a batch and copy the one before while the next is asked
   * for: `batches` must not call the kernels. What it throws ends the call. A backend may leave this method out.
   * Throws `token-out-of-range`, and `output-too-short` for more bags.
   */
  bagForwardBatches?(
    table: Matrix,
    batches: Iterable<TokenBags>,
    rows: number,
    options?: BagForwardBatchesOptions,
  ): Float32Array;

  /**
   * The gradient of the table rows from that of the means, `gradient` `[bags, columns]`.
   * The result is borrowed until the next call of `bagBackward` on these kernels.
   */
  bagBackward(bags: TokenBags, gradient: Float32Array, columns: number): SparseRows;

  /**
   * The loss of `problem`; with `gradients` also its gradient by each column, written (not added) into
   * `[rows, dimension]` matrices in column order. The gradient of a row with norm at most 1e-12 is zero.
   */
  contrastive(problem: ContrastiveProblem, gradients?: readonly Float32Array[]): number;

  /** The Euclidean norm over all values of `gradient`. */
  gradientNorm(gradient: SparseRows): number;

  /** Updates a table and its moments. */
  adamW(step: AdamWStep): void;

  /**
   * As `adamW`, while the caller goes on: other threads begin at once, and the function that is returned helps them, waits
   * for the rest and must be called. Until then the arrays must stay as they are, and every other call throws
   * `kernels-busy`. A backend without other threads does all the work in that function. A backend may leave out this method
   * and `adamWReplay`, both or none.
   */
  startAdamW?(step: AdamWStep, options?: AdamWStepOptions): () => void;

  /** Brings rows that `onlyTouched` left up to date: the bytes that `adamW` would have given them step by step. */
  adamWReplay?(replay: AdamWReplay): void;

  /** Exact search by brute force. Throws nothing; a zero vector has cosine 0 with everything. */
  topK(request: TopKRequest): TopKResult;

  /** Divides each row of `matrix` by its norm, in place; a row with norm at most 1e-12 becomes zero. */
  normalizeRows(matrix: Matrix): void;

  /**
   * The 8-bit code of every value, written into `out` `[rows, columns]`: 0 to 255 in a Uint8Array, the same less 128 in an
   * Int8Array.
   *
   * `ranges` `[2, columns]` holds the minimum (row 0) and the maximum (row 1) of every column. A code is
   * `floor((value - minimum) / step)`, clipped to 0..255; `step` is `(maximum - minimum) / 255`, or 1 where that is 0, as in a
   * column without extent. Each operation is rounded to float32, so that all backends give the same codes; a quotient that
   * is not a number gives the lowest one.
   * Throws `ranges-mismatch` when `ranges` has another shape, and `output-too-short` when the codes do not fit into `out`.
   * Source: `quantize_embeddings` of sentence-transformers.
   */
  quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void;

  /**
   * One bit a value, set where it is above 0, written into `out` `[rows, ceil(columns / 8)]`: the first column in the highest
   * bit, the last byte of every row filled up with zero bits. An Int8Array holds the same bytes less 128.
   * Throws `output-too-short` when the bytes do not fit into `out`. Source: numpy's `packbits`.
   */
  quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void;

  /** Ends the threads and gives back the memory. Idempotent; every other call then throws `kernels-disposed`. */
  dispose(): void;
  [Symbol.dispose](): void;
}
