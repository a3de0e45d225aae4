export { type ContrastiveScratchOptions, contrastiveScratchBytes } from './contrastive-scratch-bytes.js';
export { type CreateKernelsOptions, createKernels, type KernelsBackend } from './create-kernels.js';
export { contrastiveInFloat64, type FloatContrastiveProblem } from './typescript-contrastive.js';
export { exponential, logarithm } from './typescript-exponential.js';
export { createTypeScriptKernels } from './typescript-kernels.js';
export type { FloatArray } from './typescript-product.js';
