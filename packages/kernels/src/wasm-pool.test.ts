import { spawnSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';
import { EmbedbagError } from '@embedbag/core';
import { afterEach, expect, test } from 'vitest';
import { WORKER_TEXT } from './generated/worker.js';
import { WasmMemory } from './wasm-memory.js';
import { WasmPool } from './wasm-pool.js';

/**
 * `(module (import "env" "memory" (memory 1 65536 shared))`
 * `  (func (export "count") (param i32 i32 i32) (drop (i32.atomic.rmw.add (i32.trunc_f64_u (f64.load local.get 0)) 1)))`
 * `  (func (export "trap") (param i32 i32 i32) (if local.get 1 (then unreachable))))`
 */
const MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 3, 127, 127, 127, 0],
  ...[2, 18, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3, 1, 0x80, 0x80, 4],
  ...[3, 3, 2, 0, 0],
  ...[7, 16, 2, 5, 99, 111, 117, 110, 116, 0, 0, 4, 116, 114, 97, 112, 0, 1],
  ...[10, 26, 2, 15, 0, 32, 0, 43, 3, 0, 171, 65, 1, 254, 30, 2, 0, 26, 11],
  ...[8, 0, 32, 1, 4, 64, 0, 11, 11],
);

const pools: WasmPool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});

async function startPool(threads: number): Promise<{ pool: WasmPool; memory: WasmMemory }> {
  const memory = new WasmMemory();
  const pool = await WasmPool.create(new WebAssembly.Module(MODULE), memory, threads);
  pools.push(pool);
  return { pool, memory };
}

test('a job runs once on every thread, a serial one on the calling thread alone', async () => {
  const { pool, memory } = await startPool(3);
  expect(pool.threads).toBe(3);
  const counter = memory.allocate(4, true);
  for (let i = 0; i < 100; i++) pool.run('count', [counter]);
  expect(memory.int32(counter, 1)[0]).toBe(300);
  pool.run('count', [counter], false);
  expect(memory.int32(counter, 1)[0]).toBe(301);
});

test('a process that may start no workers has one thread', async () => {
  const permission = Object.getOwnPropertyDescriptor(process, 'permission');
  Object.defineProperty(process, 'permission', { configurable: true, value: { has: () => false } });
  try {
    const { pool, memory } = await startPool(3);
    const counter = memory.allocate(4, true);
    pool.run('count', [counter]);
    expect([pool.threads, memory.int32(counter, 1)[0]]).toEqual([1, 1]);
  } finally {
    if (permission === undefined) Reflect.deleteProperty(process, 'permission');
    else Object.defineProperty(process, 'permission', permission);
  }
});

test('workers that have gone to sleep wake up for the next job', async () => {
  const { pool, memory } = await startPool(2);
  const counter = memory.allocate(4, true);
  pool.run('count', [counter]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  pool.run('count', [counter]);
  expect(memory.int32(counter, 1)[0]).toBe(4);
});

test('workers that are not worth it are not started, and are not waited for while they begin', async () => {
  const { pool } = await startPool(2);
  expect(pool.haveBegun(1 << 20)).toBe(false);
  const before = performance.now();
  expect(pool.haveBegun(1 << 26)).toBe(false);
  let begun = false;
  while (!begun && performance.now() < before + 30_000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    begun = pool.haveBegun(0);
  }
  expect(begun).toBe(true);
});

test('an array can be lent to the first worker once, which copies into it before a job', async () => {
  const { pool, memory } = await startPool(3);
  const counter = memory.allocate(4, true);
  expect(pool.lend(new ArrayBuffer(16))).toBe(false);
  pool.run('count', [counter]);
  const from = memory.allocate(8);
  memory.float32(from, 2).set([3, 4]);
  const buffer = new ArrayBuffer(16);
  expect(pool.lend(buffer)).toBe(true);
  expect(buffer.byteLength).toBe(0);
  expect(pool.lend(new ArrayBuffer(16))).toBe(false);
  pool.start('count', [counter], true, { from, length: 2, at: 1 })();
  expect(memory.int32(counter, 1)[0]).toBe(6);
  // Beyond what the memory was when the worker began.
  const grown = memory.allocate(1 << 25);
  memory.float32(grown, 1)[0] = 5;
  expect([...new Float32Array(pool.reclaim({ from: grown, length: 1, at: 3 }))]).toEqual([0, 3, 4, 5]);
  expect(pool.lend(new ArrayBuffer(16))).toBe(true);
  expect(pool.reclaim().byteLength).toBe(16);
});

test('a trap in a worker is an error of the caller, and the pool works on afterwards', async () => {
  const { pool, memory } = await startPool(2);
  const counter = memory.allocate(4, true);
  let error: unknown;
  try {
    pool.run('trap', [counter]);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(EmbedbagError);
  expect(error).toMatchObject({ code: 'internal-kernel-failure', details: { operation: 'trap' } });
  pool.run('count', [counter]);
  expect(memory.int32(counter, 1)[0]).toBe(2);
});

test('the worker is one script that needs no file', () => {
  expect(WORKER_TEXT).not.toMatch(/^\s*(import|export)\b/m);
  expect(WORKER_TEXT).toContain('startWorker();');
});

test('in a browser the worker takes its setup from a message, reports ready and serves until it is stopped', () => {
  const memory = new WasmMemory();
  const control = memory.allocate(320, true);
  const counter = memory.allocate(16, true);
  const args = memory.float64(memory.allocate(8), 1).fill(counter);
  const words = memory.int32(control, 80);
  words.set([0, args.byteOffset], 48);
  words[16] = 1;
  words[0] = 1;
  const reports: string[] = [];
  const scope: Record<string, unknown> = { WebAssembly, Int32Array, Atomics: stopAfterOneJob(words) };
  scope.postMessage = (message: string) => reports.push(message);
  runInNewContext(WORKER_TEXT, scope);
  const module = new WebAssembly.Module(MODULE);
  const setup = { module, memory: memory.memory, control, thread: 1, threads: 2, operations: ['count', 'trap'] };
  (scope.onmessage as (event: { data: unknown }) => void)({ data: setup });
  expect(reports).toEqual(['ready']);
  expect(memory.int32(counter, 1)[0]).toBe(1);
  expect(words[16]).toBe(0);
});

/** Atomics that give the job "stop" when a worker has counted itself out. */
function stopAfterOneJob(words: Int32Array): typeof Atomics {
  const sub = (array: Int32Array, index: number, value: number): number => {
    words[48] = -1;
    words[0] = 2;
    return Atomics.sub(array, index, value);
  };
  const { add, load, store, wait, notify } = Atomics;
  return { add, load, store, wait, notify, sub } as unknown as typeof Atomics;
}

/** Starts a worker as the pool does, then runs `ending`. */
function runProcess(ending: string): ReturnType<typeof spawnSync> {
  const script = `
    const { Worker } = require('node:worker_threads');
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
    const module = new WebAssembly.Module(Uint8Array.from(${JSON.stringify([...MODULE])}));
    const setup = { module, memory, control: 65536, thread: 1, threads: 2, operations: ['count', 'trap'] };
    const worker = new Worker(${JSON.stringify(WORKER_TEXT)}, { eval: true, workerData: setup });
    worker.once('message', () => { worker.unref(); ${ending} });
  `;
  return spawnSync(process.execPath, ['-e', script], { timeout: 30_000, encoding: 'utf8' });
}

test('sleeping workers keep no process alive, also when it ends by an error', () => {
  expect(runProcess('').status).toBe(0);
  const failed = runProcess("throw new Error('on purpose');");
  expect(failed.signal).toBeNull();
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('on purpose');
});
