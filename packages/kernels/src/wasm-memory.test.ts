import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WasmMemory } from './wasm-memory.js';

test('blocks are aligned, apart from each other, zero-filled on request and reused', () => {
  const actions = fc.array(fc.oneof(fc.nat(5000), fc.record({ release: fc.nat() })), { maxLength: 60 });
  fc.assert(
    fc.property(actions, (list) => {
      const memory = new WasmMemory();
      const live: { start: number; values: Int32Array; mark: number }[] = [];
      for (const [step, action] of list.entries()) {
        if (typeof action === 'number') {
          const start = memory.allocate(action * 4, true);
          expect(start % 64).toBe(0);
          const values = memory.int32(start, action);
          expect(values.every((value) => value === 0)).toBe(true);
          live.push({ start, values: values.fill(step + 1), mark: step + 1 });
        } else if (live.length > 0) {
          const [block] = live.splice(action.release % live.length, 1);
          memory.release(block!.start);
        }
      }
      for (const { values, mark } of live) expect(values.every((value) => value === mark)).toBe(true);
      for (const { start } of live) memory.release(start);
      // All is free again and in one piece: a block as large as everything before begins where the first did.
      const total = list.reduce<number>((sum, action) => sum + (typeof action === 'number' ? action * 4 : 0), 64);
      const everything = memory.allocate(total);
      if (list.some((action) => typeof action === 'number')) expect(everything).toBe(65536);
    }),
    { numRuns: 40 },
  );
});

test('arrays stay good when the memory grows, and are still recognised', () => {
  const memory = new WasmMemory();
  const before = memory.float32(memory.allocate(64), 16).fill(1.5);
  memory.allocate(64 << 20);
  memory.float32(before.byteOffset, 16)[3] = 2;
  expect(before[3]).toBe(2);
  expect(memory.holds(before)).toBe(true);
  expect(memory.holds(before.subarray(4))).toBe(true);
  expect(memory.holds(new Float32Array(4))).toBe(false);
});

test('what does not fit is refused with the bytes that are needed and those that are left', () => {
  const memory = new WasmMemory();
  memory.allocate(1 << 20);
  const available = 65535 * 65536 - 65536 - (1 << 20);
  expect(() => memory.allocate(5e9)).toThrow(
    `Expected room for 5000000000 bytes in the WebAssembly memory, which ends at ${65535 * 65536} bytes; ${available} are available`,
  );
  let error: unknown;
  try {
    memory.allocate(5e9);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({
    code: 'out-of-memory',
    details: { neededBytes: 5e9, availableBytes: available, limitBytes: 65535 * 65536 },
  });
  expect(memory.allocate(64)).toBeGreaterThan(0);
});
