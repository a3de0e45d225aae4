import { createTypeScriptKernels } from '@embedbag/kernels';
import { testGoldenLosses } from '@embedbag/losses/fixtures/golden-losses';
import { testLossesOn } from '@embedbag/losses/fixtures/losses-on-kernels';
import { describe } from 'vitest';
import { HAS_NATIVE, ONE_COPY } from './fixtures/native.js';
import { type TensorFlowKernels, tensorflowKernels } from './tensorflow-kernels.js';

function kernelsOn(backend: 'cpu' | 'node'): () => Promise<TensorFlowKernels> {
  return () => tensorflowKernels({ backend, ...ONE_COPY, host: createTypeScriptKernels() });
}

testGoldenLosses({ 'tensorflow-cpu': kernelsOn('cpu') });
testLossesOn({ name: 'tensorflow-cpu', createKernels: kernelsOn('cpu') });

describe.skipIf(!HAS_NATIVE)('on native TensorFlow', () => {
  testGoldenLosses({ 'tensorflow-node': kernelsOn('node') });
  testLossesOn({ name: 'tensorflow-node', createKernels: kernelsOn('node') });
});
