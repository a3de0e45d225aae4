export * from './adamw.js';
export * from './linear-schedule.js';
export * from './memory-plan.js';
export * from './progress-reporter.js';
export * from './train.js';
export type { EvaluationRecord, TrainingSummary, TrainOptions } from './train-options.js';
export * from './trainable-model.js';
export * from './training-arguments.js';
