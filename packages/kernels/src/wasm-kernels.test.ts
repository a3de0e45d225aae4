import { testKernels } from '@embedbag/testing';
import { createKernels } from './create-kernels.js';

for (const [backend, counts] of [
  ['wasm-simd', [1, 2]],
  ['wasm-relaxed-simd', [1, 2, 3]],
] as const) {
  for (const threads of counts) {
    testKernels({ name: `${backend}, threads: ${threads}`, create: () => createKernels({ backend, threads }) });
  }
}
