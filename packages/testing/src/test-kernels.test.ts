import { createNaiveKernels } from './naive-kernels.js';
import { testKernels } from './test-kernels.js';

testKernels({ name: 'naive', create: async () => createNaiveKernels() });
