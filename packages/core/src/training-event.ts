import type { EvaluationResult } from './evaluator.js';

/** What a training run tells while it goes on. `step` counts finished optimizer steps from 1. */
export type TrainingEvent =
  | {
      readonly type: 'training-start';
      readonly steps: number;
      readonly warmupSteps: number;
      readonly datasets: readonly { readonly name: string; readonly rows: number; readonly batches: number }[];
      readonly backend: string;
      readonly threads: number;
    }
  | {
      readonly type: 'step-end';
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly loss: number;
      /** Before clipping. */
      readonly gradientNorm: number;
      /** The rate this step was taken with. */
      readonly learningRate: number;
      readonly dataset: string;
      /** Rows of the batch. */
      readonly rows: number;
      /** Since the start of training. */
      readonly elapsedMs: number;
    }
  | {
      /** Every `loggingSteps`: means over the steps since the last one. */
      readonly type: 'log';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly pairsPerSecond: number;
    }
  | { readonly type: 'evaluation-start'; readonly step: number; readonly name: string }
  | {
      readonly type: 'evaluation-end';
      readonly step: number;
      readonly name: string;
      readonly result: EvaluationResult;
      readonly elapsedMs: number;
    }
  | { readonly type: 'checkpoint-saved'; readonly step: number; readonly path: string }
  | { readonly type: 'notice'; readonly code: string; readonly message: string }
  | {
      readonly type: 'training-end';
      readonly step: number;
      readonly steps: number;
      /** `aborted` when a signal ended the run before its last step. */
      readonly outcome: 'completed' | 'aborted';
      readonly pairs: number;
      readonly elapsedMs: number;
    };
