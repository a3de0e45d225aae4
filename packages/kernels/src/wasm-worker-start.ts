import { WORKER_TEXT } from './generated/worker.js';
import { nodeBuiltin } from './node-builtin.js';
import type { WorkerSetup } from './wasm-worker.js';

/** The part of a worker that both kinds have. */
export interface WorkerHandle {
  /** Why the worker is no longer there, though no one ended it. */
  readonly failure: () => unknown;
  terminate(): void;
}

/** Sends arrays to the first worker and back, without waiting for the event loop. */
export interface PostBox {
  send(buffer: ArrayBuffer): void;
  receive(): ArrayBuffer | undefined;
}

export interface StartedWorkers {
  readonly workers: readonly WorkerHandle[];
  readonly postBox?: PostBox;
}

export function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

/**
 * Starts the workers with these setups, at once. They take their first job as soon as they are there, so nothing waits for them
 * until then. Throws where one cannot be started.
 */
export function startNodeWorkers(setups: readonly WorkerSetup[]): StartedWorkers {
  const { MessageChannel, receiveMessageOnPort, Worker } = nodeBuiltin('node:worker_threads')!;
  const { port1, port2 } = new MessageChannel();
  const workers = setups.map((setup, i) => {
    const [workerData, transferList] = i === 0 ? [{ ...setup, port: port2 }, [port2]] : [setup, []];
    const worker = new Worker(WORKER_TEXT, { eval: true, workerData, transferList, execArgv: [], env: {} });
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
  const send = (buffer: ArrayBuffer): void => port1.postMessage(buffer, [buffer]);
  return { workers, postBox: { send, receive: () => receiveMessageOnPort(port1)?.message } };
}

/** Whether the engine gives modules at once, as every Node that is supported does, and the permission model allows workers. */
export function mayStartWorkers(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return typeof process.getBuiltinModule === 'function' && (permission?.has('worker') ?? true);
}

/** Starts a worker and waits until it is ready: a page's main thread can not wait later, inside a job. */
export async function startBrowserWorker(setup: WorkerSetup): Promise<WorkerHandle> {
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
