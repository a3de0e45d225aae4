import { createRandom, isEmbedbagError, KERNELS_CONTRACT, type Kernels } from '@embedbag/core';
import { expect } from 'vitest';
import { codeOf, type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';

/** Every call that must fail after `dispose`. */
function callsOf(kernels: Kernels, allocated: Float32Array): Record<string, () => void> {
  const matrix = { data: new Float32Array(4), rows: 2, columns: 2 };
  const bags = { ids: Int32Array.of(0), offsets: Int32Array.of(0, 1) };
  const gradient = { rows: Int32Array.of(0), values: new Float32Array(2), count: 1, columns: 2 };
  const rates = { gradientScale: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  const moments = { firstMoment: new Float32Array(4), secondMoment: new Float32Array(4) };
  const problem = {
    rows: 2,
    dimension: 2,
    columns: [matrix.data, matrix.data],
    terms: [{ dim: 2, weight: 1 }],
    blocks: [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }],
    scale: 20,
  };
  return {
    allocateFloat32: () => void kernels.allocateFloat32(1),
    allocateInt32: () => void kernels.allocateInt32(1),
    release: () => kernels.release(allocated),
    bagForward: () => kernels.bagForward(matrix, bags, new Float32Array(2)),
    bagBackward: () => void kernels.bagBackward(bags, new Float32Array(2), 2),
    contrastive: () => void kernels.contrastive(problem),
    gradientNorm: () => void kernels.gradientNorm(gradient),
    adamW: () =>
      kernels.adamW({ table: matrix, ...moments, gradient, ...rates, biasCorrection1: 0.1, biasCorrection2: 0.001 }),
    topK: () => void kernels.topK({ queries: matrix, documents: matrix, k: 1, similarity: 'dot' }),
    normalizeRows: () => kernels.normalizeRows(matrix),
    quantizeScalar: () => kernels.quantizeScalar(matrix, matrix, new Int8Array(4)),
    quantizeBinary: () => kernels.quantizeBinary(matrix, new Uint8Array(2)),
  };
}

/** Checks of what kernels say about themselves, of their memory and of their end. */
export const kernelsMemoryChecks: readonly KernelsCheck[] = [
  kernelsCheck('kernels name their contract, backend and threads', (kernels) => {
    expect(kernels.contract).toBe(KERNELS_CONTRACT);
    expect(kernels.backend).toMatch(/^[a-z0-9-]+$/);
    expect(Number.isInteger(kernels.threads) && kernels.threads >= 1).toBe(true);
  }),
  kernelsCheck('allocated arrays are zero-filled, also when their memory was used before', (kernels) => {
    for (let round = 0; round < 3; round++) {
      for (const length of [0, 1, 7, 1000]) {
        const floats = kernels.allocateFloat32(length);
        const integers = kernels.allocateInt32(length);
        expect(floats.length).toBe(length);
        expect(integers.length).toBe(length);
        expect(floats.every((value) => value === 0)).toBe(true);
        expect(integers.every((value) => value === 0)).toBe(true);
        floats.fill(3);
        integers.fill(3);
        kernels.release(floats);
        kernels.release(integers);
      }
    }
  }),
  kernelsCheck('allocated arrays do not overlap, and stay what they are when memory grows', (kernels) => {
    const random = createRandom(9);
    const arrays = Array.from({ length: 60 }, (_, i) => kernels.allocateFloat32(1 + random.below(500)).fill(i));
    for (let i = 0; i < arrays.length; i += 3) kernels.release(arrays[i]!);
    for (let i = 0; i < arrays.length; i += 3) arrays[i] = kernels.allocateFloat32(1 + random.below(500)).fill(i);
    const large = kernels.allocateFloat32(12_000_000).fill(-1);
    for (const [i, array] of arrays.entries()) expect(array.every((value) => value === i)).toBe(true);
    expect(large[0] === -1 && large[large.length - 1] === -1).toBe(true);
  }),
  kernelsCheck('released memory is used again', (kernels) => {
    // 4.8 GB in all: more than a WebAssembly memory can hold.
    for (let round = 0; round < 80; round++) {
      const array = kernels.allocateFloat32(15_000_000 + round);
      array[array.length - 1] = 1;
      kernels.release(array);
    }
  }),
  kernelsCheck('release refuses other arrays, parts of arrays and a second call', (kernels) => {
    const array = kernels.allocateFloat32(8);
    const integers = kernels.allocateInt32(8);
    for (const other of [new Float32Array(8), new Int32Array(8), array.subarray(1), array.subarray()]) {
      expect(codeOf(() => kernels.release(other))).toBe('array-not-allocated');
    }
    kernels.release(array);
    kernels.release(integers);
    expect(codeOf(() => kernels.release(array))).toBe('array-not-allocated');
    expect(codeOf(() => kernels.release(integers))).toBe('array-not-allocated');
  }),
  kernelsCheck('an allocated array serves as input and output at once with ordinary ones', (kernels) => {
    const table = kernels.allocateFloat32(6);
    table.set([1, 2, 3, 4, 5, 6]);
    const out = new Float32Array(2);
    const bags = { ids: Int32Array.of(0, 2), offsets: Int32Array.of(0, 2) };
    kernels.bagForward({ data: table, rows: 3, columns: 2 }, bags, out);
    expect([...out]).toEqual([3, 4]);
  }),
  kernelsCheck('a matrix may be longer than its rows', (kernels) => {
    const data = normals(createRandom(1), 40);
    const matrix = { data: data.slice(), rows: 3, columns: 4 };
    kernels.normalizeRows(matrix);
    expect(matrix.data.slice(12)).toEqual(data.slice(12));
  }),
  {
    title: 'every call after dispose throws `kernels-disposed`, and dispose may be called again',
    async run(create) {
      const kernels = await create();
      const calls = callsOf(kernels, kernels.allocateFloat32(4));
      kernels.dispose();
      kernels.dispose();
      kernels[Symbol.dispose]();
      for (const [name, call] of Object.entries(calls)) {
        let error: unknown;
        try {
          call();
        } catch (thrown) {
          error = thrown;
        }
        expect(isEmbedbagError(error) && error.code, name).toBe('kernels-disposed');
      }
    },
  },
  {
    title: 'two sets of kernels do not disturb each other',
    async run(create) {
      const [first, second] = [await create(), await create()];
      const array = first.allocateFloat32(4).fill(1);
      expect(codeOf(() => second.release(array))).toBe('array-not-allocated');
      second.dispose();
      first.normalizeRows({ data: array, rows: 1, columns: 4 });
      expect([...array]).toEqual([0.5, 0.5, 0.5, 0.5]);
      first.dispose();
    },
  },
];
