import type { JsonObject } from './json.js';
import type { TrainingEvent } from './training-event.js';

/** The version tag of {@link TrainingLogger}. */
export const TRAINING_LOGGER_CONTRACT = 'embedbag/training-logger@1';

/** The event that begins a run. */
export type TrainingStart = Extract<TrainingEvent, { readonly type: 'training-start' }>;

/** What a {@link TrainingLogger} may use of the run that it reports. */
export interface TrainingLoggerContext {
  /** Tells of what the run goes on without, such as a server that is lost. */
  readonly onNotice: (code: string, message: string) => void;
  readonly signal?: AbortSignal;
}

/** One run on its way to where it is reported. */
export interface TrainingLogSession {
  /**
   * Is told of every event of the run, `training-start` first, in order. It must not keep a step waiting: what takes time goes on by
   * itself until `close`. What it throws ends the run.
   */
  write(event: TrainingEvent): void;
  /** After the last event, also of a run that failed: all that was told is written when this resolves. */
  close(): Promise<void>;
}

/** A place that training runs are reported to: a file, a server. */
export interface TrainingLogger {
  readonly contract: typeof TRAINING_LOGGER_CONTRACT;
  /** Such as `tensorboard`. */
  readonly name: string;
  /** Everything needed to make this logger again, without secrets. */
  readonly config: JsonObject;
  /** Before the first step. Rejects where nothing can be reported there, which ends the run. */
  open(start: TrainingStart, context: TrainingLoggerContext): Promise<TrainingLogSession>;
}
