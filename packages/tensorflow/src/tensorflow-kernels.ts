import {
  type AdamWReplay,
  type AdamWStep,
  type AdamWStepOptions,
  type BagForwardOptions,
  bagCount,
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
import {
  type LoadedTensorFlow,
  type LoadTensorFlowOptions,
  loadTensorFlow,
  type TensorFlow,
} from './load-tensorflow.js';
import { productsOnTensorFlow } from './products-on-tensorflow.js';
import { adamW, adamWReplay, gradientNorm } from './tensorflow-adamw.js';
import { bagBackward, bagForward } from './tensorflow-bag.js';
import { contrastive } from './tensorflow-contrastive.js';
import { topK } from './tensorflow-top-k.js';

/** Similarities of the contrastive kernel that exist at a time by default: 16 MB, and 128 MB where each operation costs a call to a GPU. */
const SIMILARITIES_AT_ONCE = 2 ** 22;
const SIMILARITIES_AT_ONCE_ON_WEBGPU = 2 ** 25;

/** Settings of {@link tensorflowKernels}. */
export interface TensorFlowKernelsOptions extends LoadTensorFlowOptions {
  /**
   * Computes what has no use on a tensor backend: `normalizeRows` and the two quantisations, whose codes must be exact.
   * Owned: disposed with the new kernels.
   */
  readonly host: Kernels;
  /**
   * Similarities of the contrastive kernel that exist at a time, all blocks and dims together; a few times as much memory
   * is used in between. Default 4,194,304, on `webgpu` 33,554,432. Raise it for a GPU with memory to spare.
   */
  readonly similaritiesAtOnce?: number;
  /**
   * What runs on the backend. `all`: the contrastive loss, search, bags, norms and AdamW. `products`: the contrastive loss and
   * search alone, whose products are worth the way to a GPU; all else runs on `host`. Default: `products` on `webgpu`, else `all`.
   */
  readonly share?: TensorFlowShare;
}

/** How much of the work a TensorFlow.js backend gets. */
export type TensorFlowShare = 'all' | 'products';

/** {@link Kernels} that tell which TensorFlow.js they got. */
export interface TensorFlowKernels extends Kernels {
  readonly tensorflow: LoadedTensorFlow;
}

class KernelsOnTensorFlow implements TensorFlowKernels {
  readonly contract = KERNELS_CONTRACT;
  readonly backend: string;
  readonly threads: number;
  readonly tensorflow: LoadedTensorFlow;
  private readonly host: Kernels;
  private readonly similaritiesAtOnce: number;
  private readonly allocated = new Set<Float32Array | Int32Array>();
  private disposed = false;

  constructor(tensorflow: LoadedTensorFlow, host: Kernels, similaritiesAtOnce: number) {
    this.tensorflow = tensorflow;
    this.backend = `tensorflow-${tensorflow.backend}`;
    this.threads = tensorflow.threads;
    this.host = host;
    this.similaritiesAtOnce = similaritiesAtOnce;
  }

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

  bagForward(table: Matrix, bags: TokenBags, out: Float32Array, options: BagForwardOptions = {}): void {
    const { dimension = table.columns, normalize = false } = options;
    bagForward(this.ready(), table, bags, out, dimension);
    if (normalize) this.host.normalizeRows({ data: out, rows: bagCount(bags), columns: dimension });
  }

  bagBackward(bags: TokenBags, gradient: Float32Array, columns: number): SparseRows {
    return bagBackward(this.ready(), bags, gradient, columns);
  }

  contrastive(problem: ContrastiveProblem, gradients?: readonly Float32Array[]): number {
    return contrastive(this.ready(), problem, gradients, this.similaritiesAtOnce);
  }

  gradientNorm(gradient: SparseRows): number {
    return gradientNorm(this.ready(), gradient);
  }

  adamW(step: AdamWStep): void {
    adamW(this.ready(), step);
  }

  startAdamW(step: AdamWStep, options?: AdamWStepOptions): () => void {
    this.checkAlive();
    return () => adamW(this.ready(), step, options);
  }

  adamWReplay(replay: AdamWReplay): void {
    adamWReplay(this.ready(), replay);
  }

  topK(request: TopKRequest): TopKResult {
    return topK(this.ready(), request);
  }

  normalizeRows(matrix: Matrix): void {
    this.checkAlive();
    this.host.normalizeRows(matrix);
  }

  quantizeScalar(matrix: Matrix, ranges: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    this.host.quantizeScalar(matrix, ranges, out);
  }

  quantizeBinary(matrix: Matrix, out: Int8Array | Uint8Array): void {
    this.checkAlive();
    this.host.quantizeBinary(matrix, out);
  }

  dispose(): void {
    this.disposed = true;
    this.allocated.clear();
    this.host.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** TensorFlow.js with this backend in charge: others may have chosen another one since the last call. */
  private ready(): TensorFlow {
    this.checkAlive();
    const { tf, registeredName } = this.tensorflow;
    // Synchronous for a backend that has been started.
    if (tf.getBackend() !== registeredName) void tf.setBackend(registeredName);
    return tf;
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new EmbedbagError({
      code: 'kernels-disposed',
      message: 'Expected kernels in use, received a call after `dispose`. Create new kernels.',
    });
  }
}

function checkOptions({ similaritiesAtOnce = 1, share }: TensorFlowKernelsOptions): void {
  if (!Number.isInteger(similaritiesAtOnce) || similaritiesAtOnce < 1) {
    throw new EmbedbagError({
      code: 'invalid-similarities-at-once',
      message: `Expected \`similaritiesAtOnce\` to be a whole number from 1, received ${similaritiesAtOnce}. Leave it out for what suits the backend.`,
      details: { received: similaritiesAtOnce },
    });
  }
  if (share === undefined || share === 'all' || share === 'products') return;
  throw new EmbedbagError({
    code: 'invalid-share',
    message: `Expected \`share\` to be \`all\` or \`products\`, received \`${String(share)}\`. Leave it out for what suits the backend.`,
    details: { received: String(share) },
  });
}

/**
 * Kernels on TensorFlow.js: the best backend that is installed and works, or the one asked for; see {@link loadTensorFlow}.
 *
 * The contrastive loss, bags, AdamW, norms and search run on the backend, in parts that bound its memory. All arrays lie
 * in ordinary memory: each call brings its operands to the backend and its results back, so a table is never there as a
 * whole. On a GPU, sums may come in another order at every call.
 *
 * @throws EmbedbagError as `loadTensorFlow`, `invalid-similarities-at-once` and `invalid-share`; on `webgpu` in Node.js, from
 * the kernels, `webgpu-failed` for what the GPU refuses and `webgpu-busy` while another read is awaited.
 *
 * @example
 * ```ts
 * const kernels = await tensorflowKernels({ host: createTypeScriptKernels() });
 * const { backend, tensorflow } = kernels; // 'tensorflow-node'
 * for (const { backend, reason } of tensorflow.passedOver) log(`${backend}: ${reason}`);
 * kernels.dispose();
 * ```
 */
export async function tensorflowKernels(options: TensorFlowKernelsOptions): Promise<TensorFlowKernels> {
  const { host, similaritiesAtOnce, share, ...load } = options;
  checkOptions(options);
  const tensorflow = await loadTensorFlow(load);
  const isWebGpu = tensorflow.backend === 'webgpu';
  const mostAtOnce = isWebGpu ? SIMILARITIES_AT_ONCE_ON_WEBGPU : SIMILARITIES_AT_ONCE;
  const kernels = new KernelsOnTensorFlow(tensorflow, host, similaritiesAtOnce ?? mostAtOnce);
  const isWhole = share === undefined ? !isWebGpu : share === 'all';
  return isWhole ? kernels : productsOnTensorFlow(kernels, host);
}
