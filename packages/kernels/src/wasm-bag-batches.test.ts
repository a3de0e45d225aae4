import type { Kernels, Matrix, TokenBags } from '@embedbag/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKernels } from './create-kernels.js';
import { WasmPool } from './wasm-pool.js';

const COLUMNS = 1024;
const BAGS = 512;
const BATCHES = 30;

let kernels: Kernels;
let table: Matrix;
beforeAll(async () => {
  kernels = await createKernels({ backend: 'wasm-simd', threads: 2 });
  const data = kernels.allocateFloat32(4 * COLUMNS);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / COLUMNS) + 1;
  table = { data, rows: 4, columns: COLUMNS };
  // Waits until the worker has begun.
  kernels.normalizeRows({ data: new Float32Array(1 << 18), rows: 256, columns: COLUMNS });
});
afterAll(() => kernels.dispose());

/** Row `i` is to be `1 + i % 4` everywhere. */
function* slowBatches(count: number): Generator<TokenBags> {
  for (let batch = 0; batch < count; batch++) {
    // The worker is to be done first, so that it is lent the array.
    const end = performance.now() + 3;
    while (performance.now() < end);
    yield {
      ids: Int32Array.from({ length: BAGS }, (_, i) => i % 4),
      offsets: Int32Array.from({ length: BAGS + 1 }, (_, i) => i),
    };
  }
}

function encode(batches: Iterable<TokenBags>): Float32Array | undefined {
  return kernels.bagForwardBatches?.(table, batches, BATCHES * BAGS);
}

test('a caller that is slower than the workers lends them its array, and gets all rows in one of its own', () => {
  const lend = vi.spyOn(WasmPool.prototype, 'lend');
  try {
    const rows = encode(slowBatches(BATCHES));
    expect(lend.mock.results.map(({ value }) => value)).toEqual([true]);
    expect(rows?.buffer).toBeInstanceOf(ArrayBuffer);
    expect(rows?.byteLength).toBe(rows?.buffer.byteLength);
    for (let row = 0; row < BATCHES * BAGS; row++) {
      const [first, last] = [rows?.[row * COLUMNS], rows?.[(row + 1) * COLUMNS - 1]];
      if (first !== 1 + (row % 4) || last !== first)
        expect([row, first, last]).toEqual([row, 1 + (row % 4), 1 + (row % 4)]);
    }
  } finally {
    lend.mockRestore();
  }
});

test('a lent array is taken back when the batches end by an error', () => {
  function* failing(): Generator<TokenBags> {
    yield* slowBatches(BATCHES - 5);
    throw new Error('no more texts');
  }
  expect(() => encode(failing())).toThrow('no more texts');
  expect(encode(slowBatches(BATCHES))?.at(-1)).toBe(4);
});

test('a call from within `onRows` copies by itself while the array of the outer one is lent', () => {
  const inner: (number | undefined)[] = [];
  const onRows = (done: number): void => {
    if (done !== 10 * BAGS) return;
    inner.push(encode(slowBatches(BATCHES))?.at(-1));
  };
  const outer = kernels.bagForwardBatches?.(table, slowBatches(BATCHES), BATCHES * BAGS, { onRows });
  expect([inner, outer?.at(-1), outer?.at(11 * BAGS * COLUMNS - 1)]).toEqual([[4], 4, 4]);
});
