import type { EvaluationResult } from './evaluator.js';
import type { JsonObject } from './json.js';

/**
 * Where the time of a run's steps goes, each a share of it; together 1. Evaluations count nowhere. `tokenize` is drawing,
 * reading and tokenizing what is at hand, as far as no step's computation hides it; `save` is what a checkpoint keeps the
 * steps waiting; `wait` is all the rest: data that is not there yet, what a loss prepares, handlers of events.
 */
export interface TimeShares {
  readonly tokenize: number;
  readonly forward: number;
  readonly loss: number;
  readonly backward: number;
  readonly optimizer: number;
  readonly save: number;
  readonly wait: number;
}

/** What a training run tells while it goes on. `step` counts finished optimizer steps from 1. */
export type TrainingEvent =
  | {
      readonly type: 'training-start';
      readonly steps: number;
      readonly warmupSteps: number;
      readonly datasets: readonly { readonly name: string; readonly rows: number; readonly batches: number }[];
      readonly backend: string;
      readonly threads: number;
      /** Steps that were done before: 0, or those of the checkpoint that the run goes on from. */
      readonly startStep: number;
      /** The checkpoint's folder. */
      readonly resumedFrom?: string;
      readonly runName?: string;
      readonly outputDir?: string;
      /** All training arguments, with their defaults. */
      readonly arguments: JsonObject;
      /** The rest that makes the run: the sizes of the table, the datasets with their losses, the samplers. */
      readonly setup: JsonObject;
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
      /** Per second of step time, without evaluation. */
      readonly pairsPerSecond: number;
      /** As `pairsPerSecond`. */
      readonly tokensPerSecond: number;
      readonly timeShares: TimeShares;
      /** What the process holds at this moment, where the system tells: its resident set. */
      readonly memoryBytes?: number;
      /** Since the start of training. */
      readonly elapsedMs: number;
    }
  | { readonly type: 'evaluation-start'; readonly step: number; readonly name: string }
  | {
      readonly type: 'evaluation-end';
      readonly step: number;
      readonly epoch: number;
      /** The evaluator's, or `loss` for the loss on held-out data. */
      readonly name: string;
      readonly result: EvaluationResult;
      readonly elapsedMs: number;
    }
  | {
      readonly type: 'checkpoint-saved';
      /** The step it holds, which may be some steps ago: it is written while training goes on. */
      readonly step: number;
      readonly path: string;
      /** Whether it is the best so far, by `metricForBestModel`. */
      readonly isBest: boolean;
      /** From the step to the whole checkpoint on the disk. */
      readonly elapsedMs: number;
    }
  | { readonly type: 'notice'; readonly code: string; readonly message: string }
  | {
      readonly type: 'training-end';
      readonly step: number;
      readonly steps: number;
      /**
       * `stopped` when early stopping or a handler of events ended the run before its last step, `aborted` when a signal did.
       */
      readonly outcome: 'completed' | 'stopped' | 'aborted';
      /** Why it was stopped. */
      readonly reason?: string;
      readonly pairs: number;
      readonly elapsedMs: number;
      /** Where the trained model lies, if the run has an `outputDir`. */
      readonly modelFolder?: string;
    }
  | {
      /** The last event of a run that failed; `train` then throws the error. */
      readonly type: 'training-failed';
      readonly step: number;
      readonly code: string;
      readonly message: string;
    };
