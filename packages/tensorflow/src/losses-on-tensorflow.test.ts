import { createTypeScriptKernels } from '@embedbag/kernels';
import { testGoldenLosses } from '@embedbag/losses/fixtures/golden-losses';
import { testLossesOn } from '@embedbag/losses/fixtures/losses-on-kernels';
import { describe, expect, test } from 'vitest';
import { HAS_NATIVE, ONE_COPY } from './fixtures/native.js';
import { expectNoTensorsLeft } from './fixtures/no-tensors-left.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { type TensorFlowKernels, tensorflowKernels } from './tensorflow-kernels.js';

// All backends of one copy count their tensors together.
expectNoTensorsLeft((await loadTensorFlow({ backend: 'cpu', ...ONE_COPY })).tf);

function kernelsOn(backend: 'cpu' | 'auto'): () => Promise<TensorFlowKernels> {
  return () => tensorflowKernels({ backend, ...ONE_COPY, host: createTypeScriptKernels() });
}

testGoldenLosses({ 'tensorflow-cpu': kernelsOn('cpu') });
testLossesOn({ name: 'tensorflow-cpu', createKernels: kernelsOn('cpu') });

describe.skipIf(!HAS_NATIVE)('on native TensorFlow, on a GPU where there is one', () => {
  test('the kernels are native', async () => {
    const kernels = await kernelsOn('auto')();
    expect(kernels.backend).toMatch(/^tensorflow-node/);
    expect(kernels.tensorflow.packageName).toBe('@tensorflow/tfjs-node-gpu');
    kernels.dispose();
  });
  testGoldenLosses({ native: kernelsOn('auto') });
  testLossesOn({ name: 'native', createKernels: kernelsOn('auto') });
});
