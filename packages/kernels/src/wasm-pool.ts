import { EmbedbagError } from '@embedbag/core';
import { WORKER_TEXT } from './generated/worker.js';
import type { WasmMemory } from './wasm-memory.js';
import type { WorkerSetup } from './wasm-worker.js';

type Kernel = (args: number, thread: number, threads: number) => void;

// Control words (int32), those that threads wait on in cache lines of their own. wasm-worker.ts repeats these numbers,
// because it is shipped alone.
const JOB = 0;
const PENDING = 16;
const FAILED = 32;
const OPERATION = 48;
const ARGUMENTS = 49;
const SPINS = 50;
/** Counts the workers that have begun. */
const STARTED = 64;
const CONTROL_WORDS = 80;
/** The operation that ends a worker. */
const STOP = -1;
/** How often a thread looks before it sleeps: some 50 microseconds, the time that waking it would take. */
const SPIN_COUNT = 4000;
const ARGUMENT_SLOTS = 64;
/** A worker begins within some 50 ms; on a machine that swaps, later. */
const START_TIMEOUT_MS = 60_000;
const NOT_STARTED = 'a worker thread did not begin within 60 s; use one thread';

/** The part of a worker that both kinds have. */
interface WorkerHandle {
  /** Why the worker is no longer there, though no one ended it. */
  readonly failure: () => unknown;
  terminate(): void;
}

/** Starts the workers with these setups, at once. Throws where one cannot be started. */
type StartWorkers = (setups: readonly WorkerSetup[]) => readonly WorkerHandle[];

function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

/** Node's workers take their first job as soon as they are there, so nothing waits for them until then. */
async function nodeWorkerStarter(): Promise<StartWorkers> {
  const { Worker } = await import('node:worker_threads');
  return (setups) =>
    setups.map((setup) => {
      const worker = new Worker(WORKER_TEXT, { eval: true, workerData: setup, execArgv: [], env: {} });
      let failure: unknown;
      worker.on('error', (cause) => {
        failure ??= cause;
      });
      worker.once('exit', (code) => {
        failure ??= new Error(`the worker ended with code ${code}`);
      });
      // Asleep between jobs, a worker must not keep the process alive.
      worker.unref();
      return { failure: () => failure, terminate: () => void worker.terminate() };
    });
}

/** Whether Node's permission model lets this process start workers. */
function mayStartWorkers(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission?.has('worker') ?? true;
}

/** Starts a worker and waits until it is ready: a page's main thread can not wait later, inside a job. */
async function startBrowserWorker(setup: WorkerSetup): Promise<WorkerHandle> {
  const url = URL.createObjectURL(new Blob([WORKER_TEXT], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    let failure: unknown;
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        failure ??= new Error(event.message);
        reject(failure);
      };
      worker.postMessage(setup);
    });
    return { failure: () => failure, terminate: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(url);
  }
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
  private workers: readonly WorkerHandle[] = [];
  /** As many as there are or will be. */
  private workerCount = 0;
  private startWorkers: (() => readonly WorkerHandle[]) | undefined;
  private busy = false;

  private constructor(
    memory: WasmMemory,
    exports: WebAssembly.Exports,
    control: number,
    operations: readonly string[],
  ) {
    this.exports = exports;
    this.operations = operations;
    this.words = memory.int32(control, CONTROL_WORDS);
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
    const pool = new WasmPool(memory, instance.exports, control, operations);
    const setups = Array.from({ length: threads - 1 }, (_, i) => ({
      ...{ module, memory: memory.memory, control, thread: i + 1, threads, operations },
    }));
    if (isNode()) {
      if (mayStartWorkers()) await pool.startLater(setups);
    } else {
      await pool.startNow(setups);
    }
    return pool;
  }

  private async startLater(setups: readonly WorkerSetup[]): Promise<void> {
    if (setups.length === 0) return;
    const start = await nodeWorkerStarter();
    this.workerCount = setups.length;
    this.startWorkers = () => start(setups);
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
   * else runs: it does the calling thread's share, waits for the workers and throws as `run` does.
   */
  start(operation: string, args: readonly number[], parallel = true): () => void {
    const slots = this.argumentSlots;
    for (let slot = 0; slot < args.length; slot++) slots[slot] = args[slot]!;
    const workers = parallel ? this.presentWorkers() : 0;
    if (workers > 0) this.dispatch(operation);
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
      this.workers = this.startWorkers();
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

  private dispatch(operation: string): void {
    const { words } = this;
    for (const worker of this.workers) {
      const failure = worker.failure();
      if (failure !== undefined) throw kernelFailure(operation, failure);
    }
    Atomics.store(words, PENDING, this.workers.length);
    Atomics.store(words, OPERATION, this.operations.indexOf(operation));
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
