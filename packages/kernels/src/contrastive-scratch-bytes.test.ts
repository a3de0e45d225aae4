import { type ContrastiveProblem, createRandom } from '@embedbag/core';
import { expect, test, vi } from 'vitest';
import { contrastiveScratchBytes } from './contrastive-scratch-bytes.js';
import { contrastive } from './wasm-contrastive.js';
import { WasmMemory } from './wasm-memory.js';
import { compileBackend } from './wasm-module.js';
import { WasmPool } from './wasm-pool.js';
import { WasmStaging } from './wasm-staging.js';

const block = (queries: number, candidates: number) => ({ queries, candidates, partition: 0, removeDiagonal: false });

function problemOf(rows: number, dimension: number, memory: WasmMemory): ContrastiveProblem {
  const random = createRandom(rows);
  const columns = [0, 1, 2].map(() => {
    const column = memory.float32(memory.allocate(rows * dimension * 4), rows * dimension);
    for (let i = 0; i < column.length; i++) column[i] = random.normal();
    return column;
  });
  const terms = [16, dimension].map((dim) => ({ dim, weight: 1 }));
  return { rows, dimension, columns, scale: 20, terms, blocks: [block(0, 1), block(0, 2)] };
}

test.each([1, 2])('the scratch of a call is what was foretold, on %s threads', async (threads) => {
  const memory = new WasmMemory();
  const pool = await WasmPool.create(await compileBackend('wasm-simd'), memory, threads);
  const runtime = { memory, pool, staging: new WasmStaging(memory) };
  const scratch = vi.spyOn(runtime.staging, 'scratch');
  const problem = problemOf(600, 200, memory);
  const gradients = problem.columns.map((column) => memory.float32(memory.allocate(column.length * 4), column.length));
  const guide = { columns: [0, 1, 2].map(() => new Float32Array(600 * 50).fill(1)), dimension: 50 };
  const textIds = [0, 1, 2].map(() => Int32Array.from({ length: 600 }, (_, row) => row));
  for (const [change, outputs] of [
    [{}, gradients],
    [{}, undefined],
    [{ blocks: [block(0, 1), block(1, 0), block(2, 0)], rowsAtOnce: 16 }, gradients],
    [{ blocks: [block(0, 1), block(1, 0), block(2, 0)] }, gradients],
    [{ blocks: [block(0, 1), block(1, 0)], products: 'int16' }, gradients],
    [{ blocks: [block(0, 1), block(1, 0)] }, undefined],
    [{ guide: { ...guide, marginStrategy: 'absolute', margin: 0 }, textIds }, gradients],
    [{ guide: { ...guide, marginStrategy: 'absolute', margin: 0 }, blocks: [block(0, 1), block(1, 0)] }, gradients],
  ] as const) {
    scratch.mockClear();
    const asked = { ...problem, ...change };
    contrastive(runtime, asked, outputs);
    const taken = scratch.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0);
    const foretold = contrastiveScratchBytes(asked, { threads, withGradients: outputs !== undefined });
    expect(Math.abs(taken - foretold)).toBeLessThan(16 * 1024);
  }
  pool.dispose();
});

test('65,536 pairs of 1,024 dims at seven dims fit beside their embeddings and gradients', () => {
  const columns = [0, 1].map(() => new Float32Array(0));
  const terms = [32, 64, 128, 256, 512, 768, 1024].map((dim) => ({ dim, weight: 1 }));
  const problem = { rows: 65_536, dimension: 1024, columns, scale: 20, terms, blocks: [block(0, 1)] };
  const matrix = 65_536 * 1024 * 4;
  for (const threads of [1, 2, 16]) {
    const bytes = contrastiveScratchBytes(problem, { threads });
    expect(bytes).toBeGreaterThan(4 * matrix);
    expect(bytes).toBeLessThan(4 * matrix + 640 * 2 ** 20);
    const double = contrastiveScratchBytes({ ...problem, rows: 32_768 }, { threads });
    expect(bytes).toBeLessThan(2.1 * double);
  }
});
