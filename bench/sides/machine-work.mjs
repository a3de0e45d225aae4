/**
 * What a machine can do at best in WebAssembly: multiply-adds in a register tile whose operands lie in the first cache, and
 * sums and copies of more memory than any cache holds.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createKernels } from '@embedbag/kernels';
import { machineModule } from './machine-module.mjs';

/** @typedef {'multiply' | 'multiplyInt16' | 'sum' | 'copy'} Work */

const PAGE_BYTES = 65_536;
/** For operands and sums, a page a thread. */
const SMALL_PAGES = 64;
const LARGE_BYTES = 768 * 2 ** 20;
const DEPTH = 256;
const REPEATS = 40_000;
const ATTEMPTS = 30;

/**
 * @param {Work} work
 * @returns How many operations, or bytes read and written, all threads make together.
 */
export function amountOf(work, threads = 1) {
  const operations = { multiply: 64, multiplyInt16: 128, sum: 0, copy: 0 }[work];
  return operations > 0 ? operations * DEPTH * REPEATS * threads : LARGE_BYTES;
}

/**
 * One thread's part.
 *
 * @param {any} exports Of the module.
 * @param {Work | 'fill'} work
 * @param {{ thread: number, threads: number }} part
 */
function runPart(exports, work, { thread, threads }) {
  const own = thread * PAGE_BYTES;
  if (work === 'multiply' || work === 'multiplyInt16') {
    const panel = own + DEPTH * 16;
    exports[work](own, panel, panel + DEPTH * 32, REPEATS, own + PAGE_BYTES / 2);
    return;
  }
  const begin = SMALL_PAGES * PAGE_BYTES;
  const bytes = LARGE_BYTES / threads;
  const at = begin + thread * bytes;
  if (work === 'sum') exports.sum(at, at + bytes, own);
  else if (work === 'fill') exports.fill(at, 1, bytes);
  else exports.copy(at, at + bytes / 2, bytes / 2);
}

/** @param {{ module: WebAssembly.Module, memory: WebAssembly.Memory }} shared */
const open = ({ module, memory }) => new WebAssembly.Instance(module, { machine: { memory } }).exports;

/**
 * Threads that work at once; the calling one is the first.
 *
 * @param {{ threads: number, isLarge: boolean }} options `isLarge`: with the memory for sums and copies.
 */
export async function openMachine({ threads, isLarge }) {
  // Creating kernels switches relaxed SIMD on where it is to be had.
  const kernels = await createKernels({ threads: 1 });
  const isRelaxed = kernels.backend === 'wasm-relaxed-simd';
  kernels.dispose();
  const pages = SMALL_PAGES + (isLarge ? LARGE_BYTES / PAGE_BYTES : 0);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = await WebAssembly.compile(machineModule({ isRelaxed, pages }));
  const exports = open({ module, memory });
  const done = new Int32Array(new SharedArrayBuffer(8));
  const data = { module, memory, done, threads };
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { ...data, thread: i + 1 } });
    worker.unref();
    return worker;
  });
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));

  /** How long all threads together take, in seconds. @param {Work | 'fill'} work */
  const run = (work) => {
    Atomics.store(done, 0, 0);
    const started = performance.now();
    for (const worker of workers) worker.postMessage(work);
    runPart(exports, work, { thread: 0, threads });
    for (let seen = Atomics.load(done, 0); seen < workers.length; seen = Atomics.load(done, 0)) {
      Atomics.wait(done, 0, seen);
    }
    return (performance.now() - started) / 1000;
  };
  // A page that was never written is no memory yet.
  if (isLarge) run('fill');
  return {
    backend: isRelaxed ? 'wasm-relaxed-simd' : 'wasm-simd',
    run,
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

/**
 * The most multiply-adds a second, counted as two operations each, that so many threads make together.
 *
 * @param {number} threads
 * @param {'multiply' | 'multiplyInt16'} work
 */
export async function bestArithmetic(threads, work) {
  const machine = await openMachine({ threads, isLarge: false });
  const seconds = Array.from({ length: ATTEMPTS }, () => machine.run(work));
  await machine.end();
  return amountOf(work, threads) / Math.min(...seconds);
}

if (!isMainThread && workerData?.module !== undefined) {
  const { done, thread, threads } = workerData;
  const exports = open(workerData);
  parentPort?.on('message', (/** @type {Work} */ work) => {
    runPart(exports, work, { thread, threads });
    Atomics.add(done, 0, 1);
    Atomics.notify(done, 0);
  });
  parentPort?.postMessage('ready');
}
