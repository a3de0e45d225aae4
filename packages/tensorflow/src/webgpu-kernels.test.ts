import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { testGoldenLosses } from '@embedbag/losses/fixtures/golden-losses';
import { testLossesOn } from '@embedbag/losses/fixtures/losses-on-kernels';
import { testKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { HAS_WEBGPU, WEBGPU_FOLDER } from './fixtures/webgpu.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { lossFromTensorFlow } from './loss-from-tensorflow.js';
import { type TensorFlowKernels, tensorflowKernels } from './tensorflow-kernels.js';

const from = WEBGPU_FOLDER;

async function kernelsOnWebGpu(): Promise<TensorFlowKernels> {
  return tensorflowKernels({ backend: 'webgpu', from, host: createTypeScriptKernels() });
}

describe.skipIf(!HAS_WEBGPU)('WebGPU in Node.js', () => {
  testKernels({ name: 'tensorflow-webgpu', create: kernelsOnWebGpu });
  testGoldenLosses({ 'tensorflow-webgpu': kernelsOnWebGpu });
  testLossesOn({ name: 'tensorflow-webgpu', createKernels: kernelsOnWebGpu });

  test('the products are on the GPU, the threads and the arrays are of the host', async () => {
    const host = await createKernels({ backend: 'wasm', threads: 2 });
    const kernels = await tensorflowKernels({ backend: 'webgpu', from, host });
    expect([kernels.backend, kernels.threads]).toEqual(['tensorflow-webgpu', 2]);
    const array = kernels.allocateFloat32(4);
    host.release(array);
    kernels.dispose();
  });

  test('values are read within a call, and after an awaited read', async () => {
    const { tf } = await loadTensorFlow({ backend: 'webgpu', from });
    const product = (): Float32Array =>
      tf.tidy(() => tf.matMul(tf.ones([300, 200]), tf.ones([200, 5])).dataSync<'float32'>());
    expect([...new Set(product())]).toEqual([200]);
    const sum = tf.add(tf.ones([2000]), 1);
    expect([...new Set(await sum.data())]).toEqual([2]);
    expect([...new Set(product())]).toEqual([200]);
    sum.dispose();
    const flags = tf.tidy(() => tf.greater(tf.range(0, 2000), 1998).dataSync());
    expect([flags[1998], flags[1999]]).toEqual([0, 1]);
  });

  test('a read within a call while another is awaited is refused, and works afterwards', async () => {
    const { tf } = await loadTensorFlow({ backend: 'webgpu', from });
    const sum = tf.add(tf.ones([2000]), 1);
    const awaited = sum.data();
    const read = (): number => tf.tidy(() => tf.add(tf.ones([2000]), 2).dataSync()[0]!);
    expect(read).toThrow(
      'Expected WebGPU to have nothing under way, received a read while another was awaited. Await `data()`, `array()` and other reads before a loss or a kernel computes.',
    );
    expect((await awaited)[0]).toBe(2);
    expect(read()).toBe(3);
    sum.dispose();
  });

  test('what the GPU refuses is an error, not zeros', async () => {
    const { tf } = await loadTensorFlow({ backend: 'webgpu', from });
    const many = (): Float32Array =>
      tf.tidy(() => tf.addN(Array.from({ length: 40 }, () => tf.add(tf.ones([2000]), 0))).dataSync<'float32'>());
    expect(many).toThrow('Expected the GPU to compute what it was given, received its refusal: ');
    const sum = tf.tidy(() => tf.add(tf.ones([2000]), 1).dataSync()[0]);
    expect(sum).toBe(2);
  });

  test('a loss in tensors has the gradient of automatic differentiation', async () => {
    const tensorflow = await loadTensorFlow({ backend: 'webgpu', from });
    const loss = lossFromTensorFlow({
      name: 'PairDistanceLoss',
      tensorflow,
      forward: (tf, [a, b]) => tf.mean(tf.squaredDifference(a!, b!)),
    });
    const embeddings = [new Float32Array(2048).fill(3), new Float32Array(2048).fill(1)];
    const gradients = embeddings.map((column) => new Float32Array(column.length));
    const input = {
      embeddings,
      rows: 64,
      dimension: 32,
      prepared: undefined as never,
      kernels: createTypeScriptKernels(),
    };
    expect(loss.compute(input, gradients)).toBeCloseTo(4, 6);
    expect([...new Set(gradients[0])]).toEqual([Math.fround(4 / 2048)]);
    expect([...new Set(gradients[1])]).toEqual([Math.fround(-4 / 2048)]);
  });
});
