import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { testLossesOn } from './fixtures/losses-on-kernels.js';

testLossesOn({ name: 'typescript', createKernels: async () => createTypeScriptKernels() });
testLossesOn({
  name: 'WebAssembly with 1 thread',
  createKernels: () => createKernels({ backend: 'wasm-simd', threads: 1 }),
});
testLossesOn({
  name: 'WebAssembly with 2 threads',
  createKernels: () => createKernels({ backend: 'wasm-simd', threads: 2 }),
  // Below some 115 rows a second thread is not woken.
  batchSizes: [1, 120],
});
