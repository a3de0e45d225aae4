import type { Tensor } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';

/** The sum of one tensor or more. `tf.addN` takes more of them at a time than WebGPU binds, and is silently wrong there. */
export function sumOf<Summed extends Tensor>(tf: TensorFlow, tensors: readonly Summed[]): Summed {
  return tensors.reduce((sum, tensor) => tf.add<Summed>(sum, tensor));
}
