export {
  type NaiveContrastiveOptions,
  type NaiveContrastiveProblem,
  type NaiveContrastiveResult,
  naiveContrastive,
} from './naive-contrastive.js';
export { createNaiveKernels } from './naive-kernels.js';
export { type TestBatchSamplerOptions, testBatchSampler } from './test-batch-sampler.js';
export { type TestEvaluatorOptions, testEvaluator } from './test-evaluator.js';
export { type TestKernelsOptions, testKernels } from './test-kernels.js';
export { type TestLossOptions, testLoss } from './test-loss.js';
export {
  type TestMultiDatasetBatchSamplerOptions,
  testMultiDatasetBatchSampler,
} from './test-multi-dataset-batch-sampler.js';
export { type TestTextDatasetOptions, testTextDataset } from './test-text-dataset.js';
