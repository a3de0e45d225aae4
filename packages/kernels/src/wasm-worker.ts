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
  /** Where three float64 lie that say what is to be copied into a lent array: from which byte, how many float32, to which. */
  readonly copy: number;
  /** The worker's end of the post box, where it has one: an array is lent through it. */
  readonly port?: import('node:worker_threads').MessagePort;
}

type Kernel = (args: number, thread: number, threads: number) => void;

type Receive = (port: import('node:worker_threads').MessagePort) => { message: ArrayBuffer } | undefined;

/** Copies float32 out of the shared memory into the array that was lent to this worker, and sends that back when `returns`. */
function createCollector({ memory, copy, port }: WorkerSetup, receive?: Receive): (returns: boolean) => void {
  const slots = new Float64Array(memory.buffer, copy, 3);
  let lent: Float32Array<ArrayBuffer> | undefined;
  return (returns) => {
    const [from, length, at] = slots as unknown as readonly [number, number, number];
    lent ??= new Float32Array(receive!(port!)!.message);
    // A thread learns a little later that another one has made the memory grow, unless it asks.
    if (from + length * 4 > memory.buffer.byteLength) memory.grow(0);
    lent.set(new Float32Array(memory.buffer, from, length), at);
    if (!returns) return;
    port!.postMessage(lent.buffer, [lent.buffer]);
    lent = undefined;
  };
}

/** Serves jobs until the pool stops: looks for a new job for a while, then sleeps. Never returns to the event loop. */
function serve(setup: WorkerSetup, exports: WebAssembly.Exports, receive?: Receive): void {
  const words = new Int32Array(setup.memory.buffer, setup.control, 80);
  const [JOB, PENDING, FAILED, OPERATION, ARGUMENTS, SPINS, COPY, STARTED] = [0, 16, 32, 48, 49, 50, 51, 64] as const;
  const [STOP, COPY_AND_RETURN] = [-1, 2] as const;
  const collect = createCollector(setup, receive);
  Atomics.add(words, STARTED, 1);
  let seen = 0;
  for (;;) {
    for (let i = Atomics.load(words, SPINS); i > 0 && Atomics.load(words, JOB) === seen; i--);
    while (Atomics.load(words, JOB) === seen) Atomics.wait(words, JOB, seen);
    seen = Atomics.load(words, JOB);
    const operation = Atomics.load(words, OPERATION);
    if (operation === STOP) return;
    try {
      const copy = setup.port === undefined ? 0 : Atomics.load(words, COPY);
      if (copy !== 0) collect(copy === COPY_AND_RETURN);
      const kernel = exports[setup.operations[operation] ?? ''] as Kernel | undefined;
      kernel?.(Atomics.load(words, ARGUMENTS) >>> 0, setup.thread, setup.threads);
    } catch {
      Atomics.store(words, FAILED, 1);
    }
    if (Atomics.sub(words, PENDING, 1) === 1) Atomics.notify(words, PENDING);
  }
}

/** Entry of the worker: instantiates the shared module on the shared memory, reports `ready`, serves. */
export function startWorker(): void {
  const start = (setup: WorkerSetup, report: (message: string) => void, receive?: Receive): void => {
    const instance = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
    report('ready');
    serve(setup, instance.exports, receive);
  };
  if (typeof process !== 'undefined' && typeof require === 'function') {
    const threads = require('node:worker_threads') as typeof import('node:worker_threads');
    const { parentPort, receiveMessageOnPort, workerData } = threads;
    start(workerData as WorkerSetup, (message) => parentPort?.postMessage(message), receiveMessageOnPort as Receive);
    return;
  }
  globalThis.onmessage = (event: MessageEvent<WorkerSetup>) => {
    start(event.data, (message) => globalThis.postMessage(message));
  };
}
