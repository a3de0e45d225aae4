import {
  type AdamWReplay,
  type AdamWStep,
  type AdamWStepOptions,
  type BagForwardBatchesOptions,
  type BagForwardOptions,
  type ContrastiveProblem,
  type ContrastiveProducts,
  EmbedbagError,
  KERNELS_CONTRACT,
  type Kernels,
  type Matrix,
  type SparseRows,
  type TokenBags,
  type TopKRequest,
  type TopKResult,
} from '@embedbag/core';
import { adamWReplay, startAdamW } from './wasm-adamw.js';
import { bagBackward, startBagForward } from './wasm-bag.js';
import { bagForwardBatches } from './wasm-bag-batches.js';
import { WasmBlock } from './wasm-block.js';
import { contrastive } from './wasm-contrastive.js';
import { WasmMemory } from './wasm-memory.js';
import { compileBackend, type WasmBackend } from './wasm-module.js';
import { gradientNorm, normalizeRows } from './wasm-norms.js';
import { WasmPool } from './wasm-pool.js';
import { quantizeBinary, quantizeScalar } from './wasm-quantize.js';
import type { WasmRuntime } from './wasm-runtime.js';
import { WasmStaging } from './wasm-staging.js';
import { topK } from './wasm-top-k.js';

/** Kernels on one build of the WebAssembly module; see `createKernels`. */
export class WasmKernels implements Kernels {
  readonly contract: typeof KERNELS_CONTRACT = KERNELS_CONTRACT;
  readonly backend: WasmBackend;
  readonly threads: number;
  readonly products: readonly ContrastiveProducts[] = ['float32', 'int16'];
  /** The arrays given out: a view of the same bytes, made by the caller, is none of them. */
  private readonly owned = new WeakSet<Float32Array | Int32Array>();
  private state: { readonly runtime: WasmRuntime; readonly backward: WasmBlock } | undefined;

  private constructor(backend: WasmBackend, runtime: WasmRuntime) {
    this.backend = backend;
    this.threads = runtime.pool.threads;
    this.state = { runtime, backward: new WasmBlock(runtime.memory) };
  }

  /** Compiles `backend` and starts its threads. */
  static async create(backend: WasmBackend, threads: number): Promise<WasmKernels> {
    const module = await compileBackend(backend);
    const memory = new WasmMemory();
    const pool = await WasmPool.create(module, memory, threads);
    return new WasmKernels(backend, { memory, pool, staging: new WasmStaging(memory) });
  }

  allocateFloat32(length: number): Float32Array {
    const { memory } = this.runtime();
    const array = memory.float32(memory.allocate(length * 4, true), length);
    this.owned.add(array);
    return array;
  }

  allocateInt32(length: number): Int32Array {
    const { memory } = this.runtime();
    const array = memory.int32(memory.allocate(length * 4, true), length);
    this.owned.add(array);
    return array;
  }

  release(array: Float32Array | Int32Array): void {
    const { memory } = this.runtime();
    if (this.owned.delete(array)) {
      memory.release(array.byteOffset);
      return;
    }
    throw new EmbedbagError({
      code: 'array-not-allocated',
      message:
        'Expected `release` to be given an array that `allocateFloat32` or `allocateInt32` returned, received another array or one already released. Release every array once.',
    });
  }

  bagForward(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): void {
    startBagForward(this.runtime(), table, bags, out, options)();
  }

  startBagForward(table: Matrix, bags: TokenBags, out: Float32Array, options?: BagForwardOptions): () => void {
    return startBagForward(this.runtime(), table, bags, out, options);
  }

  bagForwardBatches(
    table: Matrix,
    batches: Iterable<TokenBags>,
    rows: number,
    options?: BagForwardBatchesOptions,
  ): Float32Array {
    return bagForwardBatches(this.runtime(), table, batches, rows, options);
  }

  bagBackward(bags: TokenBags, gradient: Float32Array, columns: number): SparseRows {
    return bagBackward(this.runtime(), bags, gradient, columns, this.state!.backward);
  }

  contrastive(problem: ContrastiveProblem, gradients?: readonly Float32Array[]): number {
    return contrastive(this.runtime(), problem, gradients);
  }

  gradientNorm(gradient: SparseRows): number {
    return gradientNorm(this.runtime(), gradient);
  }

  adamW(step: AdamWStep): void {
    startAdamW(this.runtime(), step)();
  }

  startAdamW(step: AdamWStep, options?: AdamWStepOptions): () => void {
    return startAdamW(this.runtime(), step, options);
  }

  adamWReplay(replay: AdamWReplay): void {
    adamWReplay(this.runtime(), replay);
  }

  topK(request: TopKRequest): TopKResult {
    return topK(this.runtime(), request);
  }

  normalizeRows(matrix: Matrix): void {
    normalizeRows(this.runtime(), matrix);
  }

  quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void {
    quantizeScalar(this.runtime(), matrix, ranges, out);
  }

  quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void {
    quantizeBinary(this.runtime(), matrix, out);
  }

  dispose(): void {
    this.state?.runtime.pool.dispose();
    this.state = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private runtime(): WasmRuntime {
    if (this.state?.runtime.pool.isBusy) {
      throw new EmbedbagError({
        code: 'kernels-busy',
        message:
          'Expected kernels at rest, received a call while a started one is unfinished. Call the function that `startBagForward` returned first.',
      });
    }
    if (this.state !== undefined) return this.state.runtime;
    throw new EmbedbagError({
      code: 'kernels-disposed',
      message: 'Expected kernels in use, received a call after `dispose`. Create new kernels.',
    });
  }
}
