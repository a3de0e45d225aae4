import type { TrainingEvent } from '@embedbag/core';

/** What a handler of events may do to the run. */
export interface TrainingControl {
  /**
   * Ends the run after the step under way, as if it were its last: evaluated, saved, with the outcome `stopped` and this
   * reason. The first reason counts.
   */
  stop(reason?: string): void;
  /** Tells all who follow the run, by an event, of what it goes on without, such as a server that is lost. */
  notice(code: string, message: string): void;
}

/** Is told of an event. What it throws ends the run. */
export type TrainingEventHandler = (event: TrainingEvent, control: TrainingControl) => void;

/**
 * Follows a run: a logger, a guard. Where it reads the model's table at a step, it needs the argument `optimizer: 'dense'`.
 *
 * @example
 * ```ts
 * import type { TrainingCallback } from '@embedbag/trainer';
 *
 * const stopWhenGood: TrainingCallback = {
 *   name: 'stop-when-good',
 *   onEvent(event, control) {
 *     if (event.type === 'log' && event.loss < 0.1) control.stop('the loss is below 0.1');
 *   },
 * };
 * ```
 */
export interface TrainingCallback {
  /** What `reportTo` knows it by. */
  readonly name: string;
  readonly onEvent: TrainingEventHandler;
  /**
   * Is waited for before the first step and after each: keeps the run from going ahead of one who follows it. Rejecting ends
   * the run.
   */
  betweenSteps?(): Promise<void>;
  /** Is called once after the last event, also of a run that failed: writes what is left. */
  close?(): Promise<void>;
}
