export {
  type NaiveContrastiveOptions,
  type NaiveContrastiveProblem,
  type NaiveContrastiveResult,
  naiveContrastive,
} from './naive-contrastive.js';
export { createNaiveKernels } from './naive-kernels.js';
export { type TestKernelsOptions, testKernels } from './test-kernels.js';
export { type TestLossOptions, testLoss } from './test-loss.js';
