/**
 * What a worker is started with. This file is transpiled alone and shipped as text (scripts/generate.mjs), so that a worker
 * starts without a file to be found: it must not import anything but types.
 */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where the control words lie, in bytes; see wasm-pool.ts. */
  readonly control: number;
  /** This worker's number, from 1: the calling thread is 0. */
  readonly thread: number;
  readonly threads: number;
  /** Names of the kernels by their number in a job. */
  readonly operations: readonly string[];
}

type Kernel = (args: number, thread: number, threads: number) => void;

/** Serves jobs until the pool stops: looks for a new job for a while, then sleeps. Never returns to the event loop. */
function serve(setup: WorkerSetup, exports: WebAssembly.Exports): void {
  const words = new Int32Array(setup.memory.buffer, setup.control, 80);
  const [JOB, PENDING, FAILED, OPERATION, ARGUMENTS, SPINS, STARTED] = [0, 16, 32, 48, 49, 50, 64] as const;
  Atomics.add(words, STARTED, 1);
  let seen = 0;
  for (;;) {
    for (let i = Atomics.load(words, SPINS); i > 0 && Atomics.load(words, JOB) === seen; i--);
    while (Atomics.load(words, JOB) === seen) Atomics.wait(words, JOB, seen);
    seen = Atomics.load(words, JOB);
    const operation = Atomics.load(words, OPERATION);
    if (operation < 0) return;
    try {
      const kernel = exports[setup.operations[operation] ?? ''] as Kernel;
      kernel(Atomics.load(words, ARGUMENTS) >>> 0, setup.thread, setup.threads);
    } catch {
      Atomics.store(words, FAILED, 1);
    }
    if (Atomics.sub(words, PENDING, 1) === 1) Atomics.notify(words, PENDING);
  }
}

/** Entry of the worker: instantiates the shared module on the shared memory, reports `ready`, serves. */
export function startWorker(): void {
  const start = (setup: WorkerSetup, report: (message: string) => void): void => {
    const instance = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
    report('ready');
    serve(setup, instance.exports);
  };
  if (typeof process !== 'undefined' && typeof require === 'function') {
    const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads');
    start(workerData as WorkerSetup, (message) => parentPort?.postMessage(message));
    return;
  }
  globalThis.onmessage = (event: MessageEvent<WorkerSetup>) => {
    start(event.data, (message) => globalThis.postMessage(message));
  };
}
