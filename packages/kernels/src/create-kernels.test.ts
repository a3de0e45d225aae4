import { afterEach, expect, test, vi } from 'vitest';
import { createKernels, type KernelsBackend } from './create-kernels.js';

afterEach(() => vi.unstubAllGlobals());

async function codeOf(options: Parameters<typeof createKernels>[0]): Promise<string | undefined> {
  try {
    (await createKernels(options)).dispose();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}

test('auto takes the fastest backend, and a forced one is what was asked for', async () => {
  const backends = new Map<KernelsBackend | undefined, string>();
  for (const backend of [undefined, 'auto', 'wasm', 'wasm-simd', 'wasm-relaxed-simd', 'typescript'] as const) {
    const kernels = await createKernels(backend === undefined ? { threads: 1 } : { backend, threads: 1 });
    backends.set(backend, kernels.backend);
    kernels.dispose();
  }
  expect(Object.fromEntries(backends)).toEqual({
    undefined: 'wasm-relaxed-simd',
    auto: 'wasm-relaxed-simd',
    wasm: 'wasm-relaxed-simd',
    'wasm-simd': 'wasm-simd',
    'wasm-relaxed-simd': 'wasm-relaxed-simd',
    typescript: 'typescript',
  });
});

test('the thread count is the one asked for', async () => {
  for (const threads of [1, 4]) {
    const kernels = await createKernels({ threads });
    expect(kernels.threads).toBe(threads);
    kernels.dispose();
  }
});

test('without shared memory auto computes in TypeScript and a forced backend says what is missing', async () => {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const kernels = await createKernels();
  expect(kernels.backend).toBe('typescript');
  kernels.dispose();
  await expect(createKernels({ backend: 'wasm-simd' })).rejects.toThrow(
    'Expected WebAssembly with SIMD and shared memory for the backend `wasm-simd`, received an engine without it.',
  );
  expect(await codeOf({ backend: 'wasm' })).toBe('backend-unavailable');
});

test('without relaxed SIMD the plain build is used, and forcing the other one fails', async () => {
  const validate = WebAssembly.validate.bind(WebAssembly);
  // The probe of relaxed SIMD is the one with the opcode 0xfd 0x85 0x02.
  const withoutRelaxed = (bytes: Uint8Array): boolean =>
    !bytes.join().includes('253,133,2') && validate(bytes as never);
  vi.spyOn(WebAssembly, 'validate').mockImplementation(withoutRelaxed as typeof WebAssembly.validate);
  try {
    const kernels = await createKernels({ threads: 1 });
    expect(kernels.backend).toBe('wasm-simd');
    kernels.dispose();
    expect(await codeOf({ backend: 'wasm-relaxed-simd' })).toBe('backend-unavailable');
  } finally {
    vi.restoreAllMocks();
  }
});

test('options that are none are refused', async () => {
  expect(await codeOf({ backend: 'cuda' as KernelsBackend })).toBe('unknown-backend');
  for (const threads of [0, -1, 1.5, 257, Number.NaN]) expect(await codeOf({ threads })).toBe('invalid-threads');
  await expect(createKernels({ threads: 0 })).rejects.toThrow(
    'Expected `threads` to be a whole number from 1 to 256, received 0.',
  );
});
