export {
  type LoadedTensorFlow,
  type LoadTensorFlowOptions,
  loadTensorFlow,
  type PassedOver,
  type TensorFlow,
  type TensorFlowBackend,
} from './load-tensorflow.js';
export {
  type LossFromTensorFlowOptions,
  lossFromTensorFlow,
  type TensorFlowBatch,
  type TensorFlowPrepared,
} from './loss-from-tensorflow.js';
export {
  type TensorFlowKernels,
  type TensorFlowKernelsOptions,
  type TensorFlowShare,
  tensorflowKernels,
} from './tensorflow-kernels.js';
