export * from './default-batch-sampler.js';
export * from './group-by-label-batch-sampler.js';
export * from './no-duplicates-batch-sampler.js';
export * from './proportional-batch-sampler.js';
export * from './round-robin-batch-sampler.js';
export { countBatches } from './stream-arguments.js';
export * from './weighted-batch-sampler.js';
