import type { AdamWStep, SparseRows } from '@embedbag/core';
import type { Tensor1D } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';

/** Values of the table that are on the backend at a time: 16 MB, beside as many of each moment and of the gradient. */
const VALUES_AT_ONCE = 2 ** 22;

/** See `Kernels.gradientNorm`. */
export function gradientNorm(tf: TensorFlow, gradient: SparseRows): number {
  const length = gradient.count * gradient.columns;
  let squares = 0;
  for (let start = 0; start < length; start += VALUES_AT_ONCE) {
    const values = gradient.values.subarray(start, Math.min(length, start + VALUES_AT_ONCE));
    squares += tf.tidy(() => tf.sum(tf.square(tf.tensor1d(values))).dataSync()[0]!);
  }
  return Math.sqrt(squares);
}

/** The gradient of rows `[start, end)` with its zeros; `next` is the first listed row that is not below `start`. */
function denseGradient(step: AdamWStep, start: number, end: number, next: number): Float32Array {
  const { rows, values, count, columns } = step.gradient;
  const dense = new Float32Array((end - start) * columns);
  for (let i = next; i < count && rows[i]! < end; i++) {
    dense.set(values.subarray(i * columns, (i + 1) * columns), (rows[i]! - start) * columns);
  }
  return dense;
}

/** What becomes of a part of the table and of its moments. */
function updatedPart(tf: TensorFlow, step: AdamWStep, range: [number, number], gradient: Float32Array): Float32Array[] {
  const { beta1, beta2, epsilon, learningRate, weightDecay, biasCorrection1, biasCorrection2 } = step;
  const part = (array: Float32Array): Tensor1D => tf.tensor1d(array.subarray(...range));
  return tf.tidy(() => {
    const g = tf.mul(tf.tensor1d(gradient), step.gradientScale);
    const m = tf.add(tf.mul(part(step.firstMoment), beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(part(step.secondMoment), beta2), tf.mul(tf.square(g), 1 - beta2));
    const root = tf.add(tf.div(tf.sqrt(v), Math.sqrt(biasCorrection2)), epsilon);
    const change = tf.div(tf.mul(m, learningRate / biasCorrection1), root);
    const table = tf.sub(tf.mul(part(step.table.data), 1 - learningRate * weightDecay), change);
    return [table, m, v].map((tensor) => tensor.dataSync<'float32'>());
  });
}

/** See `Kernels.adamW`: every row is updated, also those whose gradient is zero. Follows torch/optim/adamw.py. */
export function adamW(tf: TensorFlow, step: AdamWStep): void {
  const { data, rows, columns } = step.table;
  const rowsAtOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, columns)));
  let next = 0;
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const end = Math.min(rows, start + rowsAtOnce);
    while (next < step.gradient.count && step.gradient.rows[next]! < start) next += 1;
    const gradient = denseGradient(step, start, end, next);
    const updated = updatedPart(tf, step, [start * columns, end * columns], gradient);
    for (const [i, target] of [data, step.firstMoment, step.secondMoment].entries()) {
      target.set(updated[i]!, start * columns);
    }
  }
}
