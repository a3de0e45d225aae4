import { createRandom, type EmbedbagError, type Loss, type LossComputeInput } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { matryoshkaLoss, sumOfLosses } from '@embedbag/losses';
import { testLoss } from '@embedbag/testing';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { loadTensorFlow, type TensorFlow } from './load-tensorflow.js';
import { lossFromTensorFlow } from './loss-from-tensorflow.js';

const tensorflow = await loadTensorFlow({ backend: 'cpu' });
const kernels = createTypeScriptKernels();

/** The mean squared distance of anchors and positives. */
function pairDistance(tf: TensorFlow, [anchors, positives]: readonly Tensor2D[]): Scalar {
  return tf.mean(tf.squaredDifference(anchors!, positives!));
}

function inputOf(rows: number, dimension: number, columnCount = 2): LossComputeInput<never> {
  const random = createRandom(rows, 'batch');
  const embeddings = Array.from({ length: columnCount }, () =>
    Float32Array.from({ length: rows * dimension }, () => random.normal()),
  );
  return { embeddings, rows, dimension, prepared: undefined as never, kernels };
}

function errorOf(action: () => unknown): Pick<EmbedbagError, 'code' | 'message'> {
  try {
    action();
  } catch (error) {
    return error as EmbedbagError;
  }
  throw new Error('nothing was thrown');
}

// Differences of float32 values need a large step, which is exact for a polynomial of the second degree.
const settings = { step: 1 / 4, tolerance: 2e-3 };

testLoss({
  ...settings,
  create: () => lossFromTensorFlow({ name: 'PairDistanceLoss', tensorflow, forward: pairDistance }) as Loss,
});

testLoss({
  ...settings,
  name: 'a loss of labels',
  create: () =>
    lossFromTensorFlow({
      name: 'DotProductLoss',
      config: { power: 2 },
      columns: { min: 2, max: 2, labels: 'score' },
      tensorflow,
      forward: (tf, [a, b], labels) => tf.mean(tf.square(tf.sub(tf.sum(tf.mul(a!, b!), 1, true), labels!))),
    }) as Loss,
});

test('the gradient is that of the mean squared distance', () => {
  const loss = lossFromTensorFlow({ name: 'PairDistanceLoss', tensorflow, forward: pairDistance });
  const embeddings = [Float32Array.of(1, 2, 3, 4), Float32Array.of(0, 0, 3, 2)];
  const gradients = [new Float32Array(4), new Float32Array(4)];
  const input = { ...inputOf(2, 2), embeddings };
  expect(loss.compute(input, gradients)).toBeCloseTo(9 / 4, 6);
  expect([...gradients[0]!]).toEqual([0.5, 1, 0, 1]);
  expect([...gradients[1]!]).toEqual([-0.5, -1, 0, -1]);
});

test('a column that the loss does not use has a gradient of zero', () => {
  const loss = lossFromTensorFlow({ name: 'PairDistanceLoss', tensorflow, forward: pairDistance });
  const gradients = [1, 2, 3].map(() => new Float32Array(12).fill(Number.NaN));
  loss.compute(inputOf(3, 4, 3), gradients);
  expect(gradients[2]!.every((value) => value === 0)).toBe(true);
  expect(gradients[0]!.some((value) => value !== 0)).toBe(true);
});

test('1,000 steps with gradients and 1,000 without leave no tensor', () => {
  const loss = lossFromTensorFlow({ name: 'PairDistanceLoss', tensorflow, forward: pairDistance });
  const input = inputOf(4, 8);
  const gradients = input.embeddings.map((matrix) => new Float32Array(matrix.length));
  loss.compute(input, gradients);
  const before = tensorflow.tf.memory().numTensors;
  for (let step = 0; step < 1000; step++) {
    loss.compute(input, gradients);
    loss.compute(input);
  }
  expect(tensorflow.tf.memory().numTensors).toBe(before);
});

test('an evaluation that fails throws what the loss threw and leaves no tensor', () => {
  const loss = lossFromTensorFlow({
    name: 'FailingLoss',
    tensorflow,
    forward: (tf, [anchors]) => {
      tf.square(anchors!);
      throw new Error('on purpose');
    },
  });
  const input = inputOf(4, 8);
  const before = tensorflow.tf.memory().numTensors;
  expect(() => loss.compute(input)).toThrow('on purpose');
  expect(tensorflow.tf.memory().numTensors).toBe(before);
  expect(() => loss.compute(input, input.embeddings)).toThrow('on purpose');
});

test('the masks of ragged columns and what `prepare` returned reach the loss', async () => {
  const loss = lossFromTensorFlow({
    name: 'WeightedLoss',
    tensorflow,
    prepare: async ({ texts }) => texts[0]!.length,
    forward: (tf, [anchors], _labels, { rows, dimension, valid, prepared }) => {
      expect([rows, dimension, prepared, valid[0]]).toEqual([2, 2, 2, undefined]);
      return tf.sum(tf.mul(anchors!, tf.reshape(valid[1]!, [rows, 1])));
    },
  });
  const texts = [
    ['a', 'b'],
    ['c', ''],
  ];
  const hashes = [new Uint32Array(4), new Uint32Array(4)];
  const prepareInput = { texts, textHashes: hashes, dataset: 'd', rows: Int32Array.of(0, 1), random: createRandom(1) };
  const prepared = await loss.prepare!(prepareInput, undefined);
  const valid = [undefined, Uint8Array.of(1, 0)];
  const embeddings = [Float32Array.of(1, 2, 30, 40), new Float32Array(4)];
  const gradients = [new Float32Array(4), new Float32Array(4)];
  const value = loss.compute({ embeddings, rows: 2, dimension: 2, valid, prepared, kernels }, gradients);
  expect(value).toBe(3);
  expect([...gradients[0]!]).toEqual([1, 1, 0, 0]);
});

test('it works inside matryoshkaLoss and sumOfLosses', () => {
  const loss = lossFromTensorFlow({ name: 'PairDistanceLoss', tensorflow, forward: pairDistance }) as Loss;
  const input = inputOf(3, 8);
  const nested = matryoshkaLoss(sumOfLosses([loss, loss]), { dims: [8, 2] });
  const cut = (matrix: Float32Array): Float32Array =>
    Float32Array.from([0, 8, 16].flatMap((start) => [...matrix.subarray(start, start + 2)]));
  const short = { ...input, embeddings: input.embeddings.map(cut), dimension: 2 };
  const expected = 2 * loss.compute(input as never) + 2 * loss.compute(short as never);
  expect(nested.compute(input as never)).toBeCloseTo(expected, 5);
});

test('a loss that was not prepared and has no TensorFlow.js of its own says so', () => {
  const loss = lossFromTensorFlow({ name: 'PairDistanceLoss', forward: pairDistance });
  expect(errorOf(() => loss.compute(inputOf(2, 2)))).toMatchObject({
    code: 'not-prepared',
    message:
      'Expected `PairDistanceLoss` to get what its `prepare` returned for the batch, received nothing. Call `prepare` first, or make the loss with `tensorflow: await loadTensorFlow()`.',
  });
});

test('a forward that does not return one number is refused', () => {
  const loss = lossFromTensorFlow({
    name: 'RowLoss',
    tensorflow,
    forward: (tf, [anchors]) => tf.sum(anchors!, 1) as unknown as Scalar,
  });
  const refused = {
    code: 'loss-not-scalar',
    message:
      'Expected `forward` of `RowLoss` to return one number, received a tensor of shape [3]. End it with `tf.mean` or `tf.sum`.',
  };
  const input = inputOf(3, 2);
  expect(errorOf(() => loss.compute(input))).toMatchObject(refused);
  expect(errorOf(() => loss.compute(input, input.embeddings))).toMatchObject(refused);
});

test('a forward without a gradient is refused', () => {
  const loss = lossFromTensorFlow({
    name: 'ConstantLoss',
    tensorflow,
    forward: (tf, [anchors]) => tf.scalar(anchors!.dataSync()[0]!),
  });
  const input = inputOf(3, 2);
  const { code, message } = errorOf(() => loss.compute(input, input.embeddings));
  expect(code).toBe('loss-not-differentiable');
  expect(message).toContain(
    'Expected `forward` of `ConstantLoss` to lead from the embeddings to its result through operations with a gradient, received one that does not:',
  );
});
