import { testKernels } from '@embedbag/testing';
import { createTypeScriptKernels } from './typescript-kernels.js';

testKernels({ name: 'typescript', create: async () => createTypeScriptKernels() });
