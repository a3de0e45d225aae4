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
import { adamW, adamWReplay, gradientNorm } from './typescript-adamw.js';
import { bagBackward, bagForward } from './typescript-bag.js';
import { contrastiveInFloat64 } from './typescript-contrastive.js';
import { normalizeRows } from './typescript-normalize-rows.js';
import { quantizeBinary, quantizeScalar } from './typescript-quantize.js';
import { topK } from './typescript-top-k.js';

class TypeScriptKernels implements Kernels {
  readonly contract = KERNELS_CONTRACT;
  readonly backend = 'typescript';
  readonly threads = 1;
  private readonly allocated = new Set<Float32Array | Int32Array>();
  private backwardValues = new Float32Array(0);
  private disposed = false;

  allocateFloat32(length: number): Float32Array {
    this.checkAlive();
    const array = new Float32Array(length);
    this.allocated.add(array);
    return array;
  }

  allocateInt32(length: number): Int32Array {
    this.checkAlive();
    const array = new Int32Array(length);
    this.allocated.add(array);
    return array;
  }

  release(array: Float32Array | Int32Array): void {
    this.checkAlive();
    if (this.allocated.delete(array)) return;
    throw new EmbedbagError({
      code: 'array-not-allocated',
      message:
        'Expected `release` to be given an array that `allocateFloat32` or `allocateInt32` returned, received another array or one already released. Release every array once.',
    });
  }

  bagForward(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): void {
    this.checkAlive();
    bagForward(table, bags, out, options);
  }

  bagBackward(bags: TokenBags, gradient: Float32Array, columns: number): SparseRows {
    this.checkAlive();
    return bagBackward(bags, gradient, columns, (length) => {
      if (this.backwardValues.length < length) this.backwardValues = new Float32Array(length);
      return this.backwardValues;
    });
  }

  contrastive(problem: ContrastiveProblem, gradients?: readonly Float32Array[]): number {
    this.checkAlive();
    return contrastiveInFloat64(problem, gradients);
  }

  gradientNorm(gradient: SparseRows): number {
    this.checkAlive();
    return gradientNorm(gradient);
  }

  adamW(step: AdamWStep): void {
    this.checkAlive();
    adamW(step);
  }

  startAdamW(step: AdamWStep, options?: AdamWStepOptions): () => void {
    this.checkAlive();
    return () => adamW(step, options);
  }

  adamWReplay(replay: AdamWReplay): void {
    this.checkAlive();
    adamWReplay(replay);
  }

  topK(request: TopKRequest): TopKResult {
    this.checkAlive();
    return topK(request);
  }

  normalizeRows(matrix: Matrix): void {
    this.checkAlive();
    normalizeRows(matrix);
  }

  quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    quantizeScalar(matrix, ranges, out);
  }

  quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    quantizeBinary(matrix, out);
  }

  dispose(): void {
    this.disposed = true;
    this.allocated.clear();
    this.backwardValues = new Float32Array(0);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new EmbedbagError({
      code: 'kernels-disposed',
      message: 'Expected kernels in use, received a call after `dispose`. Create new kernels.',
    });
  }
}

/**
 * Kernels in plain TypeScript: one thread, no WebAssembly, float64 inside.
 *
 * They run wherever JavaScript runs and are the oracle that every other backend is tested against. Arrays of any origin are
 * used where they lie.
 *
 * @example
 * ```ts
 * const kernels = createTypeScriptKernels();
 * const norm = kernels.gradientNorm({ rows: Int32Array.of(0), values: Float32Array.of(3, 4), count: 1, columns: 2 }); // 5
 * kernels.dispose();
 * ```
 */
export function createTypeScriptKernels(): Kernels {
  return new TypeScriptKernels();
}
