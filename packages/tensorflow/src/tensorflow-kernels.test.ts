import { createTypeScriptKernels } from '@embedbag/kernels';
import { testKernels } from '@embedbag/testing';
import { tensorflowKernels } from './tensorflow-kernels.js';

testKernels({
  name: 'tensorflow-cpu',
  create: () => tensorflowKernels({ backend: 'cpu', host: createTypeScriptKernels() }),
});
