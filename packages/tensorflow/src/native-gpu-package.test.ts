import { createRequire } from 'node:module';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { testKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { HAS_NATIVE, NATIVE_FOLDER } from './fixtures/native.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { tensorflowKernels } from './tensorflow-kernels.js';

// A file of its own, for a process loads native TensorFlow once.
const loadedOnce = HAS_NATIVE ? await loadTensorFlow({ from: NATIVE_FOLDER, threads: 1 }) : undefined;

// Without a GPU the package computes as `@tensorflow/tfjs-node`, which has its own file.
if (loadedOnce?.backend === 'node-gpu') {
  testKernels({
    name: 'tensorflow-node-gpu',
    create: () => tensorflowKernels({ from: NATIVE_FOLDER, host: createTypeScriptKernels() }),
  });
}

describe.skipIf(!HAS_NATIVE)('@tensorflow/tfjs-node-gpu', () => {
  test('auto takes it first; without a GPU it computes as `node`, and says why', async () => {
    const loaded = await loadTensorFlow({ from: NATIVE_FOLDER, threads: 1 });
    expect(loaded).toMatchObject({ packageName: '@tensorflow/tfjs-node-gpu', version: '4.22.0', threads: 1 });
    expect(loaded.tf.version).toMatchObject({ 'tfjs-node': '4.22.0' });
    const { isUsingGpuDevice } = loaded.tf.backend() as unknown as { readonly isUsingGpuDevice: boolean };
    expect(loaded.backend).toBe(isUsingGpuDevice ? 'node-gpu' : 'node');
    expect(loaded.passedOver).toEqual(
      isUsingGpuDevice ? [] : [{ backend: 'node-gpu', reason: '@tensorflow/tfjs-node-gpu found no GPU.' }],
    );
  });

  test('its kernels give the loss and the gradient of a pair', async () => {
    const kernels = await tensorflowKernels({ from: NATIVE_FOLDER, host: createTypeScriptKernels() });
    expect(kernels.backend).toMatch(/^tensorflow-node(-gpu)?$/);
    const columns = [Float32Array.of(1, 0, 0, 1), Float32Array.of(1, 0, 0, 1)];
    const gradients = columns.map(() => new Float32Array(4));
    const blocks = [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }];
    const problem = { rows: 2, dimension: 2, columns, terms: [{ dim: 2, weight: 1 }], blocks, scale: 1 };
    expect(kernels.contrastive(problem, gradients)).toBeCloseTo(Math.log(Math.E + 1) - 1, 6);
    const share = 0.5 / (Math.E + 1);
    const expected = [0, share, share, 0];
    for (const [i, value] of gradients[0]!.entries()) expect(value).toBeCloseTo(expected[i]!, 6);
    kernels.dispose();
  });

  test('another number of threads is refused once the library is loaded', async () => {
    await loadTensorFlow({ from: NATIVE_FOLDER, threads: 1 });
    await expect(loadTensorFlow({ from: NATIVE_FOLDER, threads: 3 })).rejects.toThrow(
      'Expected `threads` as when native TensorFlow was loaded, received 3. It takes their number over once a process: load it with 3 threads first.',
    );
  });

  test('forced, a missing GPU is an error', async () => {
    const { backend } = await loadTensorFlow({ from: NATIVE_FOLDER, threads: 1 });
    if (backend === 'node-gpu') return;
    await expect(loadTensorFlow({ from: NATIVE_FOLDER, backend: 'node-gpu', threads: 1 })).rejects.toThrow(
      'Expected the TensorFlow.js backend `node-gpu`, received none that works: @tensorflow/tfjs-node-gpu found no GPU. Install what is missing, or use `auto` for the best that works here.',
    );
  });

  test('a Node.js without the function that it calls is named in one sentence', async () => {
    const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
    const dropped = util.isNullOrUndefined;
    delete util.isNullOrUndefined;
    try {
      await expect(loadTensorFlow({ from: NATIVE_FOLDER, backend: 'node' })).rejects.toThrow(
        `@tensorflow/tfjs-node 4.22 needs Node.js 20 or 22, this is ${process.version}: it calls \`util.isNullOrUndefined\`, which is gone.`,
      );
      const { backend, passedOver } = await loadTensorFlow({ from: NATIVE_FOLDER });
      expect(backend).toBe('wasm');
      expect(passedOver.map(({ backend: name }) => name)).toEqual(['node-gpu', 'node', 'webgpu', 'webgl']);
    } finally {
      util.isNullOrUndefined = dropped;
    }
  });
});
