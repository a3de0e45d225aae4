import type { Kernels } from '@embedbag/core';
import { testKernels } from '@embedbag/testing';
import { createKernels } from './create-kernels.js';

/** Kernels whose threads have begun: those that need none do without them until then. */
async function createStarted(backend: 'wasm-simd' | 'wasm-relaxed-simd', threads: number): Promise<Kernels> {
  const kernels = await createKernels({ backend, threads });
  kernels.normalizeRows({ data: new Float32Array(1 << 18), rows: 256, columns: 1024 });
  return kernels;
}

for (const [backend, counts] of [
  ['wasm-simd', [1, 2]],
  ['wasm-relaxed-simd', [1, 2, 3]],
] as const) {
  for (const threads of counts) {
    testKernels({ name: `${backend}, threads: ${threads}`, create: () => createStarted(backend, threads) });
  }
}
