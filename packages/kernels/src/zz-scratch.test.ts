import { testKernels } from '@embedbag/testing';
import { createKernels } from './create-kernels.js';
for (const backend of ['wasm-simd','wasm-relaxed-simd'] as const) for (const threads of [1,2]) testKernels({ name: `${backend} ${threads}`, create: () => createKernels({backend,threads}) });
