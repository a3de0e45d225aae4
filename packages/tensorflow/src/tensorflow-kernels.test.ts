import { createRandom } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { testKernels } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { expectNoTensorsLeft } from './fixtures/no-tensors-left.js';
import { loadTensorFlow } from './load-tensorflow.js';
import { tensorflowKernels } from './tensorflow-kernels.js';

const { tf } = await loadTensorFlow({ backend: 'cpu' });
expectNoTensorsLeft(tf);

testKernels({
  name: 'tensorflow-cpu',
  create: () => tensorflowKernels({ backend: 'cpu', host: createTypeScriptKernels() }),
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
