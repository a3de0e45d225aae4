import { createRandom } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { testKernels } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { expectNoTensorsLeft } from './fixtures/no-tensors-left.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { type TensorFlowShare, tensorflowKernels } from './tensorflow-kernels.js';

const { tf } = await loadTensorFlow({ backend: 'cpu' });
expectNoTensorsLeft(tf);

testKernels({
  name: 'tensorflow-cpu',
  create: () => tensorflowKernels({ backend: 'cpu', host: createTypeScriptKernels() }),
});

testKernels({
  name: 'tensorflow-cpu, products alone, beside WebAssembly',
  create: async () =>
    tensorflowKernels({
      backend: 'cpu',
      share: 'products',
      host: await createKernels({ backend: 'wasm', threads: 2 }),
    }),
});

test("with a share of products, the arrays, threads and optional methods are the host's", async () => {
  const host = await createKernels({ backend: 'wasm', threads: 2 });
  const kernels = await tensorflowKernels({ backend: 'cpu', share: 'products', host });
  expect([kernels.backend, kernels.threads, kernels.tensorflow.backend]).toEqual(['tensorflow-cpu', 2, 'cpu']);
  expect(kernels.allocateFloat32(8).buffer).toBe(host.allocateFloat32(8).buffer);
  for (const method of ['startBagForward', 'bagForwardBatches', 'startAdamW', 'adamWReplay'] as const) {
    expect(typeof kernels[method], method).toBe(typeof host[method]);
  }
  kernels.dispose();
  expect(() => host.allocateFloat32(1)).toThrow('Expected kernels in use, received a call after `dispose`.');
});

test('more blocks than a GPU binds buffers are summed like few', async () => {
  const negatives = 9;
  const random = createRandom(5);
  const columns = Array.from({ length: 2 + negatives }, () => Float32Array.from({ length: 12 }, () => random.normal()));
  const blocks = columns.slice(1).map((_, i) => ({
    queries: 0,
    candidates: 1 + i,
    partition: 0,
    removeDiagonal: false,
  }));
  const problem = { rows: 3, dimension: 4, columns, terms: [{ dim: 4, weight: 1 }], blocks, scale: 20 };
  const host = createTypeScriptKernels();
  const [expected, found] = [0, 1].map(() => columns.map((column) => new Float32Array(column.length)));
  const kernels = await tensorflowKernels({ backend: 'cpu', host });
  let loss = Number.NaN;
  const { kernels: operations } = await tf.profile(() => {
    loss = kernels.contrastive(problem, found);
    return {};
  });
  // Seven and a result are what WebGPU binds everywhere.
  const most = Math.max(
    0,
    ...operations.flatMap(({ name, inputShapes }) => (name === 'AddN' ? [inputShapes.length] : [])),
  );
  expect(most).toBeLessThan(8);
  expect(loss).toBeCloseTo(host.contrastive(problem, expected), 5);
  for (const [c, gradient] of found!.entries()) {
    for (const [i, value] of gradient.entries()) expect(value).toBeCloseTo(expected![c]![i]!, 5);
  }
  kernels.dispose();
});

test('options that are none are refused', async () => {
  const host = createTypeScriptKernels();
  await expect(tensorflowKernels({ backend: 'cpu', host, share: 'bags' as TensorFlowShare })).rejects.toThrow(
    'Expected `share` to be `all` or `products`, received `bags`. Leave it out for what suits the backend.',
  );
  await expect(tensorflowKernels({ backend: 'cpu', host, similaritiesAtOnce: 0 })).rejects.toThrow(
    'Expected `similaritiesAtOnce` to be a whole number from 1, received 0. Leave it out for what suits the backend.',
  );
});

test('`similaritiesAtOnce` bounds what the contrastive kernel holds', async () => {
  const rows = 192;
  const columns = [1, 2].map((seed) => {
    const random = createRandom(seed);
    return Float32Array.from({ length: rows * 8 }, () => random.normal());
  });
  const terms = [8, 4, 2].map((dim) => ({ dim, weight: 1 }));
  const blocks = [
    { queries: 0, candidates: 1, partition: 0, removeDiagonal: false },
    { queries: 1, candidates: 1, partition: 0, removeDiagonal: true },
  ];
  const problem = { rows, dimension: 8, columns, terms, blocks, scale: 20 };
  const evaluate = async (similaritiesAtOnce: number): Promise<{ loss: number; peakBytes: number }> => {
    const kernels = await tensorflowKernels({ backend: 'cpu', similaritiesAtOnce, host: createTypeScriptKernels() });
    const gradients = columns.map((column) => new Float32Array(column.length));
    let loss = Number.NaN;
    const { peakBytes } = await tf.profile(() => {
      loss = kernels.contrastive(problem, gradients);
      return {};
    });
    kernels.dispose();
    return { loss, peakBytes };
  };
  const all = await evaluate(rows * rows * blocks.length * terms.length);
  const few = await evaluate(8 * rows * blocks.length * terms.length);
  expect(few.loss).toBeCloseTo(all.loss, 5);
  expect(few.peakBytes).toBeLessThan(all.peakBytes / 10);
});
