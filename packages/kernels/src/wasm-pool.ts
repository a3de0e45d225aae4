import { EmbedbagError } from '@embedbag/core';
import type { WasmMemory } from './wasm-memory.js';
import type { WorkerSetup } from './wasm-worker.js';
import {
  isNode,
  mayStartWorkers,
  type PostBox,
  type StartedWorkers,
  startBrowserWorker,
  startNodeWorkers,
  type WorkerHandle,
} from './wasm-worker-start.js';

type Kernel = (args: number, thread: number, threads: number) => void;

// Control words (int32), those that threads wait on in cache lines of their own. wasm-worker.ts repeats these numbers,
// because it is shipped alone.
const JOB = 0;
const PENDING = 16;
const FAILED = 32;
const OPERATION = 48;
const ARGUMENTS = 49;
const SPINS = 50;
/** What the first worker does before the kernel: nothing (0), or a copy into the array that was lent to it. */
const COPY = 51;
/** Counts the workers that have begun. */
const STARTED = 64;
const CONTROL_WORDS = 80;
/** The operation that ends a worker. */
const STOP = -1;
/** The operation without a kernel, and its name in messages. */
const NONE = -2;
const NO_KERNEL = 'copy';
const COPY_AND_KEEP = 1;
const COPY_AND_RETURN = 2;
/** How often a thread looks before it sleeps: some 50 microseconds, the time that waking it would take. */
const SPIN_COUNT = 4000;
const ARGUMENT_SLOTS = 64;
/** To read so many float32 takes one thread some 5 ms; starting a worker takes some 40 ms of another core, or of this one. */
const WORTH_STARTING = 1 << 26;
/** A worker begins within some 50 ms; on a machine that swaps, later. */
const START_TIMEOUT_MS = 60_000;
const NOT_STARTED = 'a worker thread did not begin within 60 s; use one thread';

/** What is to be copied out of the shared memory: from which byte, how many float32, and to which of the lent array. */
export interface LentCopy {
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

function kernelFailure(operation: string, cause: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'internal-kernel-failure',
    message: `Expected the kernel \`${operation}\` to finish on every thread, received a failure: ${cause instanceof Error ? cause.message : String(cause)}. This is a defect of embedbag; report it with the sizes of the arrays.`,
    details: { operation },
    cause,
  });
}

/** Whether this thread may sleep; the main thread of a browser may not. */
function canWait(words: Int32Array): boolean {
  try {
    Atomics.wait(words, JOB, Atomics.load(words, JOB) + 1, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * One module on one memory, run by the calling thread and by workers that are started once.
 *
 * A job is a number that is counted up in shared memory: workers that see it run the kernel with their thread number, count
 * themselves out and look for the next. A kernel cuts its work by thread number alone, so the same inputs and thread count
 * give the same bytes.
 */
export class WasmPool {
  private readonly exports: WebAssembly.Exports;
  private readonly operations: readonly string[];
  private readonly words: Int32Array;
  private readonly argumentSlots: Float64Array;
  private readonly mayWait: boolean;
  private readonly copySlots: Float64Array;
  private workers: readonly WorkerHandle[] = [];
  private postBox: PostBox | undefined;
  private isLent = false;
  /** How many values kernels have read that could have used workers. */
  private valuesAlone = 0;
  /** As many as there are or will be. */
  private workerCount = 0;
  private startWorkers: (() => StartedWorkers) | undefined;
  private busy = false;
  private workersAtWork = 0;

  private constructor(
    memory: WasmMemory,
    exports: WebAssembly.Exports,
    control: number,
    operations: readonly string[],
    copy: number,
  ) {
    this.exports = exports;
    this.operations = operations;
    this.words = memory.int32(control, CONTROL_WORDS);
    this.copySlots = memory.float64(copy, 3);
    this.argumentSlots = memory.float64(memory.allocate(ARGUMENT_SLOTS * 8), ARGUMENT_SLOTS);
    this.mayWait = canWait(this.words);
  }

  /**
   * Instantiates `module` for `threads` threads. In Node the workers start with the first job that is worth them, in a browser
   * now. Where they cannot be started, the pool has one thread.
   */
  static async create(module: WebAssembly.Module, memory: WasmMemory, threads: number): Promise<WasmPool> {
    const instance = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
    const operations = WebAssembly.Module.exports(module)
      .filter((entry) => entry.kind === 'function')
      .map((entry) => entry.name);
    const control = memory.allocate(CONTROL_WORDS * 4, true);
    memory.int32(control, CONTROL_WORDS)[SPINS] = SPIN_COUNT;
    const copy = memory.allocate(3 * 8);
    const pool = new WasmPool(memory, instance.exports, control, operations, copy);
    const setups = Array.from({ length: threads - 1 }, (_, i) => ({
      ...{ module, memory: memory.memory, control, thread: i + 1, threads, operations, copy },
    }));
    if (isNode()) {
      if (mayStartWorkers()) pool.startLater(setups);
    } else {
      await pool.startNow(setups);
    }
    return pool;
  }

  private startLater(setups: readonly WorkerSetup[]): void {
    if (setups.length === 0) return;
    this.workerCount = setups.length;
    this.startWorkers = () => startNodeWorkers(setups);
  }

  private async startNow(setups: readonly WorkerSetup[]): Promise<void> {
    const starts = await Promise.allSettled(setups.map(startBrowserWorker));
    const workers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    if (workers.length === setups.length) {
      this.workers = workers;
      this.workerCount = workers.length;
    } else {
      for (const worker of workers) worker.terminate();
    }
  }

  /** How many threads a job runs on. */
  get threads(): number {
    return this.workerCount + 1;
  }

  /** Whether a kernel was started and is not finished. */
  get isBusy(): boolean {
    return this.busy;
  }

  /** Whether a kernel was started on workers that have done their share, and so all that was left to take. */
  get areWorkersDone(): boolean {
    return this.busy && this.workersAtWork > 0 && Atomics.load(this.words, PENDING) === 0;
  }

  /**
   * Runs the kernel `operation` on all threads, or on the calling one only, and returns when all are done.
   *
   * @throws EmbedbagError `internal-kernel-failure` when it trapped on any thread or a worker is gone.
   */
  run(operation: string, args: readonly number[], parallel = true): void {
    this.start(operation, args, parallel)();
  }

  /**
   * Starts the kernel `operation` on the workers and returns. The function that it returns has to be called before anything
   * else runs: it does the calling thread's share, waits for the workers and throws as `run` does. The first worker begins
   * with `copy`, into the array that was lent.
   */
  start(operation: string, args: readonly number[], parallel = true, copy?: LentCopy): () => void {
    const slots = this.argumentSlots;
    for (let slot = 0; slot < args.length; slot++) slots[slot] = args[slot]!;
    const workers = parallel ? this.presentWorkers() : 0;
    if (workers > 0) this.dispatch(operation, copy);
    this.workersAtWork = workers;
    this.busy = true;
    return () => {
      this.busy = false;
      this.finish(operation, workers);
    };
  }

  private finish(operation: string, workers: number): void {
    let cause: unknown;
    try {
      (this.exports[operation] as Kernel)(this.argumentSlots.byteOffset, 0, workers + 1);
    } catch (error) {
      cause = error;
    }
    try {
      if (workers > 0) this.join();
    } catch (error) {
      cause ??= error;
    }
    if (Atomics.exchange(this.words, FAILED, 0) !== 0) cause ??= new Error('a worker trapped');
    if (cause !== undefined) throw kernelFailure(operation, cause);
  }

  /**
   * Whether the workers have begun; for kernels that write the same bytes on any number of threads, and are sooner done
   * without workers that have not. They are started when `values`, how many float32 such a kernel reads, of all calls
   * together are worth it.
   */
  haveBegun(values: number): boolean {
    this.valuesAlone += values;
    if (this.startWorkers !== undefined && this.valuesAlone < WORTH_STARTING) return false;
    const workers = this.presentWorkers();
    return workers > 0 && Atomics.load(this.words, STARTED) >= workers;
  }

  /**
   * Lends `buffer`, which is empty then, to the first worker, for jobs to copy into; false where that cannot be. What a fresh
   * array costs most is the first touch of its pages, and this lets another thread touch them.
   */
  lend(buffer: ArrayBuffer): boolean {
    if (this.isLent || this.postBox === undefined || !this.haveBegun(0)) return false;
    this.postBox.send(buffer);
    this.isLent = true;
    return true;
  }

  /** Takes back what was lent, after a last copy. */
  reclaim(copy: LentCopy = { from: 0, length: 0, at: 0 }): ArrayBuffer {
    this.isLent = false;
    this.dispatch(undefined, copy, COPY_AND_RETURN);
    this.join();
    const failed = Atomics.exchange(this.words, FAILED, 0) !== 0;
    const buffer = this.postBox?.receive();
    if (buffer !== undefined && !failed) return buffer;
    throw kernelFailure(NO_KERNEL, new Error('a worker did not give back the array that was lent to it'));
  }

  /** Ends the workers. */
  dispose(): void {
    Atomics.store(this.words, OPERATION, STOP);
    Atomics.add(this.words, JOB, 1);
    Atomics.notify(this.words, JOB);
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
    this.startWorkers = undefined;
  }

  /** The number of workers, started by now. */
  private presentWorkers(): number {
    if (this.startWorkers === undefined) return this.workers.length;
    try {
      const { workers, postBox } = this.startWorkers();
      this.workers = workers;
      this.postBox = postBox;
    } catch (cause) {
      throw new EmbedbagError({
        code: 'threads-unavailable',
        message: `Expected to start ${this.workerCount} worker threads, received an error: ${cause instanceof Error ? cause.message : String(cause)}. Create the kernels with \`threads: 1\`.`,
        details: { threads: this.threads },
        cause,
      });
    }
    this.startWorkers = undefined;
    return this.workers.length;
  }

  private dispatch(operation: string | undefined, copy?: LentCopy, copyAction = COPY_AND_KEEP): void {
    const { words } = this;
    for (const worker of this.workers) {
      const failure = worker.failure();
      if (failure !== undefined) throw kernelFailure(operation ?? NO_KERNEL, failure);
    }
    Atomics.store(words, PENDING, this.workers.length);
    Atomics.store(words, OPERATION, operation === undefined ? NONE : this.operations.indexOf(operation));
    Atomics.store(words, COPY, copy === undefined ? 0 : copyAction);
    if (copy !== undefined) this.copySlots.set([copy.from, copy.length, copy.at]);
    Atomics.store(words, ARGUMENTS, this.argumentSlots.byteOffset | 0);
    Atomics.add(words, JOB, 1);
    Atomics.notify(words, JOB);
  }

  private join(): void {
    const { words } = this;
    for (let spins = SPIN_COUNT; ; spins--) {
      const pending = Atomics.load(words, PENDING);
      if (pending === 0) return;
      if (spins >= 0 || !this.mayWait) continue;
      const waited = Atomics.wait(words, PENDING, pending, START_TIMEOUT_MS);
      if (waited === 'timed-out' && Atomics.load(words, STARTED) < this.workers.length) throw new Error(NOT_STARTED);
    }
  }
}
