import type {
  BatchSampler,
  EvaluationResult,
  Evaluator,
  JsonObject,
  Loss,
  MultiDatasetBatchSampler,
  TextDataset,
  TrainingEvent,
} from '@embedbag/core';
import type { TrainableModel } from './trainable-model.js';
import type { TrainingArguments, TrainingArgumentsInput } from './training-arguments.js';

/** What `train` is given. */
export interface TrainOptions {
  /** Its table is updated in place. */
  readonly model: TrainableModel;
  readonly datasets: readonly TextDataset[];
  /** One loss for all datasets, or one by each dataset's name. */
  readonly loss: Loss | Readonly<Record<string, Loss>>;
  /** They run after the last step, and as `evalStrategy` says. */
  readonly evaluators?: readonly Evaluator[];
  readonly arguments?: TrainingArgumentsInput;
  /** Default: NO_DUPLICATES. */
  readonly batchSampler?: BatchSampler;
  /** Default: PROPORTIONAL. */
  readonly multiDatasetBatchSampler?: MultiDatasetBatchSampler;
  /** Ends the run after the step that is under way; what is trained until then is saved. */
  readonly signal?: AbortSignal;
  /**
   * Is told of every step, log line, evaluation and checkpoint, in order. What it throws ends the run. Where it reads the
   * model's table at a step, it needs the argument `optimizer: 'dense'`.
   */
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** The result of one evaluator at one time. */
export interface EvaluationRecord {
  /** Steps done by then; 0 is before training. */
  readonly step: number;
  readonly name: string;
  readonly result: EvaluationResult;
}

/** What a run came to. */
export interface TrainingSummary {
  /** `aborted` when the signal ended it before its last step. */
  readonly outcome: 'completed' | 'aborted';
  /** Steps done. */
  readonly step: number;
  /** Steps planned. */
  readonly steps: number;
  /** Rows trained on. */
  readonly pairs: number;
  /** The mean over all steps. */
  readonly meanLoss: number;
  readonly evaluations: readonly EvaluationRecord[];
  /** The lines of `trainer_log.jsonl`. */
  readonly history: readonly JsonObject[];
  /** Where the trained model lies, if `outputDir` was given. */
  readonly modelFolder?: string;
  readonly elapsedMs: number;
  /** The part of it spent in steps, without evaluation and saving. */
  readonly stepsMs: number;
  /** The arguments with all defaults. */
  readonly arguments: TrainingArguments;
}

/** {@link TrainOptions} with the defaults filled in. */
export interface ResolvedTrainOptions
  extends Pick<TrainOptions, 'model' | 'datasets' | 'loss' | 'signal' | 'onEvent'>,
    Required<Pick<TrainOptions, 'evaluators' | 'batchSampler' | 'multiDatasetBatchSampler'>> {
  readonly arguments: TrainingArguments;
}
