import { createTypeScriptKernels } from '@embedbag/kernels';
import { testKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { HAS_NATIVE, NATIVE_FOLDER } from './fixtures/native.js';
import { tensorflowKernels } from './tensorflow-kernels.js';

describe.skipIf(!HAS_NATIVE)('native TensorFlow', () => {
  testKernels({
    name: 'tensorflow-node',
    create: () => tensorflowKernels({ backend: 'node', from: NATIVE_FOLDER, host: createTypeScriptKernels() }),
  });

  test('the kernels name the native backend and its threads', async () => {
    const kernels = await tensorflowKernels({ backend: 'node', from: NATIVE_FOLDER, host: createTypeScriptKernels() });
    expect(kernels.backend).toBe('tensorflow-node');
    expect(kernels.threads).toBeGreaterThanOrEqual(1);
    expect(kernels.tensorflow).toMatchObject({
      packageName: '@tensorflow/tfjs-node',
      version: '4.22.0',
      passedOver: [],
    });
    kernels.dispose();
  });
});
