import type { Tensor } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';

/**
 * The values of the tensor that `work` makes; all its tensors are disposed.
 * They do not pass through `tf.tidy`, which looks at every element of what it returns for tensors.
 */
export function valuesOf(tf: TensorFlow, work: () => Tensor): Float32Array {
  let values = new Float32Array(0);
  tf.tidy(() => {
    values = work().dataSync<'float32'>() as Float32Array<ArrayBuffer>;
  });
  return values;
}
