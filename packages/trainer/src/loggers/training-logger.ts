import type { TrainingEvent } from '@embedbag/core';

/** What a logger may do to the run. */
export interface LoggerControl {
  /** Tells of what the run goes on without, such as a server that is lost. */
  notice(code: string, message: string): void;
}

/** Reports runs somewhere: one of the callbacks of `train`. It reports one run at a time. */
export interface TrainingLogger {
  /** What `reportTo` knows it by. */
  readonly name: string;
  onEvent(event: TrainingEvent, control: LoggerControl): void;
  betweenSteps?(): Promise<void>;
  /** All that was told is written when this resolves. */
  close(): Promise<void>;
}
