import { EmbedbagError } from '@embedbag/core';
import type { TensorFlow } from './load-tensorflow.js';

type Values = Float32Array | Int32Array | Uint8Array;
type Callback = () => void;

/** What of WebGPU's `GPUBuffer` a read needs. */
export interface GpuBuffer {
  readonly size: number;
  readonly mapState: 'unmapped' | 'pending' | 'mapped';
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
}

/** What of TensorFlow.js's WebGPU backend a read needs. */
interface WebGpuBackend {
  readonly device: {
    addEventListener(
      name: 'uncapturederror',
      listener: (event: { readonly error: { readonly message: string }; preventDefault?(): void }) => void,
    ): void;
  };
  readonly tensorMap: { get(id: object): TensorOnGpu };
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number): GpuBuffer;
    releaseBuffer(buffer: GpuBuffer): void;
  };
  readonly commandEncoder: {
    copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
  };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  convertAndCacheOnCPU(id: object, values: Values): void;
  readSync(id: object): Values;
}

interface TensorOnGpu {
  readonly values?: Values | null;
  readonly dtype: string;
  readonly resource?: GpuBuffer;
}

/** `GPUMapMode.READ`, and `GPUBufferUsage.MAP_READ | COPY_DST`. */
const READ = 1;
const STAGING = 1 | 8;
const PROBE_SIZE = 16;
/** Milliseconds. */
const LONGEST_START = 5000;

/**
 * Calls of `setImmediate` that Dawn made for its next look at the GPU. It has at most one open at a time, so one that is
 * left over is the only way on.
 */
const open: Callback[] = [];

/** Leaves a look to Node.js, unless a later read takes it. */
function leave(look: Callback, setImmediate: (callback: Callback) => unknown): void {
  open.push(look);
  setImmediate(() => {
    const at = open.indexOf(look);
    if (at < 0) return;
    open.splice(at, 1);
    look();
  });
}

/** The backends that read within a call already. */
const prepared = new WeakSet<object>();

function busy(): EmbedbagError {
  return new EmbedbagError({
    code: 'webgpu-busy',
    message:
      'Expected WebGPU to have nothing under way, received a read while another was awaited. Await `data()`, `array()` and other reads before a loss or a kernel computes.',
  });
}

function failed(failure: string): EmbedbagError {
  const [line = ''] = failure.split('\n');
  return new EmbedbagError({
    code: 'webgpu-failed',
    message: `Expected the GPU to compute what it was given, received its refusal: ${line} Use another backend, or fewer \`similaritiesAtOnce\` where memory ran out.`,
    details: { failure },
  });
}

/**
 * Maps a buffer and waits for it without leaving the call. Dawn in Node.js looks at the GPU in callbacks that it hands to
 * the global `setImmediate`, at every call anew; they are called here, in turn, until one finds the buffer mapped.
 */
export function mapNow(buffer: GpuBuffer): void {
  const engine = globalThis as { setImmediate: unknown };
  const original = engine.setImmediate as (callback: Callback) => unknown;
  let looks = open.splice(0);
  let failure: unknown;
  engine.setImmediate = (look: Callback) => void looks.push(look);
  try {
    buffer.mapAsync(READ).catch((error: unknown) => {
      failure = error;
    });
    while (buffer.mapState === 'pending') {
      const turn = looks;
      if (turn.length === 0) throw busy();
      looks = [];
      for (const look of turn) look();
    }
  } finally {
    engine.setImmediate = original;
    for (const look of looks) leave(look, original);
  }
  if (buffer.mapState !== 'mapped') throw failure ?? new Error('The GPU was lost.');
}

function bytesOf(backend: WebGpuBackend, resource: GpuBuffer): ArrayBuffer {
  const { size } = resource;
  const staging = backend.bufferManager.acquireBuffer(size, STAGING);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(resource, 0, staging, 0, size);
  backend.submitQueue();
  mapNow(staging);
  const bytes = staging.getMappedRange().slice(0);
  staging.unmap();
  backend.bufferManager.releaseBuffer(staging);
  return bytes;
}

/**
 * Lets the WebGPU backend that `tf` computes on read tensors within a call, as `dataSync` does, in Node.js. TensorFlow.js
 * does it through a canvas, which only browsers have.
 */
export async function readWebGpuInNode(tf: TensorFlow): Promise<void> {
  const backend = tf.backend() as unknown as WebGpuBackend;
  if (!prepared.has(backend)) prepare(tf, backend);
  prepared.add(backend);
  const { bufferManager } = backend;
  await untilIdle(
    () => bufferManager.acquireBuffer(PROBE_SIZE, STAGING),
    (probe) => bufferManager.releaseBuffer(probe),
  );
}

/** Starting a device leaves looks to Node.js for a while: ends when a buffer can be mapped within a call. */
export async function untilIdle(acquire: () => GpuBuffer, release: (buffer: GpuBuffer) => void): Promise<void> {
  const end = Date.now() + LONGEST_START;
  for (;;) {
    const probe = acquire();
    let problem: unknown;
    try {
      mapNow(probe);
    } catch (error) {
      problem = error;
    }
    while (probe.mapState === 'pending' && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
    if (probe.mapState === 'mapped') probe.unmap();
    release(probe);
    if (problem === undefined) return;
    if (Date.now() >= end) throw problem;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function prepare(tf: TensorFlow, backend: WebGpuBackend): void {
  const { readSync } = backend;
  // A refused operation leaves zeros where its result would be, and no other trace.
  let failure: string | undefined;
  backend.device.addEventListener('uncapturederror', (event) => {
    failure ??= event.error.message;
    event.preventDefault?.();
  });
  backend.readSync = (id) => {
    const { values, dtype, resource } = backend.tensorMap.get(id);
    if (values || resource === undefined || dtype === 'string' || dtype === 'complex64') {
      return readSync.call(backend, id);
    }
    const bytes = bytesOf(backend, resource);
    const refusal = failure;
    failure = undefined;
    if (refusal !== undefined) throw failed(refusal);
    const type = dtype as 'float32' | 'int32' | 'bool';
    const read = tf.util.convertBackendValuesAndArrayBuffer(bytes, type) as Values;
    backend.convertAndCacheOnCPU(id, read);
    return read;
  };
}
