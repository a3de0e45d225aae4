import os from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { createKernels } from './create-kernels.js';
import { nodeBuiltin } from './node-builtin.js';

afterEach(() => vi.unstubAllGlobals());

/** This process with another value of a property. */
function processWith(name: string, value: unknown): NodeJS.Process {
  return Object.create(process, { [name]: { value } }) as NodeJS.Process;
}

test("a module of Node's is there at once", () => {
  expect(nodeBuiltin('node:os')?.availableParallelism()).toBe(os.availableParallelism());
});

test.each([
  ['like that of a bundler for browsers', () => processWith('versions', {})],
  ['of an engine that gives no modules', () => processWith('getBuiltinModule', undefined)],
])('kernels are created in a process %s', async (_title, make) => {
  vi.stubGlobal('process', make());
  expect(nodeBuiltin('node:os')).toBeUndefined();
  const kernels = await createKernels({ threads: 1 });
  expect(kernels.backend).toMatch(/^wasm-/);
  kernels.dispose();
});
