import type {
  BatchSampler,
  EvaluationResult,
  Evaluator,
  JsonObject,
  Loss,
  MultiDatasetBatchSampler,
  TextDataset,
} from '@embedbag/core';
import type { BestEvaluation } from './best-model.js';
import type { TrainableModel } from './trainable-model.js';
import type { TrainingArguments, TrainingArgumentsInput } from './training-arguments.js';
import type { TrainingCallback, TrainingEventHandler } from './training-callback.js';

/** What `train` is given. */
export interface TrainOptions {
  /** Its table is updated in place. */
  readonly model: TrainableModel;
  readonly datasets: readonly TextDataset[];
  /** One loss for all datasets, or one by each dataset's name. */
  readonly loss: Loss | Readonly<Record<string, Loss>>;
  /** They run after the last step, and as `evalStrategy` says. */
  readonly evaluators?: readonly Evaluator[];
  /** Held-out data, whose loss is an evaluation too: `loss`, and `<name>_loss` of each where there are several. */
  readonly evalDatasets?: readonly TextDataset[];
  readonly arguments?: TrainingArgumentsInput;
  /** What the model's table began with, for the model card: an initial table of @embedbag/distillation. */
  readonly initialTable?: JsonObject;
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
  readonly onEvent?: TrainingEventHandler;
  /** Are told the same, and closed after the last event. Loggers among them are named by `reportTo`. */
  readonly callbacks?: readonly TrainingCallback[];
  /**
   * Goes on from a checkpoint with the bytes of a run that was never stopped: `true` for the newest whole one in `outputDir`,
   * or from the beginning where there is none yet; or the folder of one. Data, arguments and loss must be the same.
   */
  readonly resumeFromCheckpoint?: boolean | string;
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
  /** Before its last step `aborted` when the signal ended it, `stopped` when early stopping or a handler of events did. */
  readonly outcome: 'completed' | 'stopped' | 'aborted';
  /** Why it was stopped. */
  readonly reason?: string;
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
  /** The checkpoint it went on from. */
  readonly resumedFrom?: string;
  /** The best evaluation by `metricForBestModel`, if there were any. */
  readonly best?: BestEvaluation;
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
  extends Pick<TrainOptions, 'model' | 'datasets' | 'loss' | 'initialTable' | 'signal' | 'onEvent'>,
    Required<
      Pick<TrainOptions, 'evaluators' | 'evalDatasets' | 'batchSampler' | 'multiDatasetBatchSampler' | 'callbacks'>
    > {
  readonly arguments: TrainingArguments;
}
