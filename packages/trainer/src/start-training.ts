import type { TrainingEvent } from '@embedbag/core';
import { createEventQueue } from './event-queue.js';
import { train } from './train.js';
import type { TrainingSummary, TrainOptions } from './train-options.js';
import type { TrainingCallback, TrainingControl } from './training-callback.js';

/** A training under way. */
export interface StartedTraining extends Pick<TrainingControl, 'stop'> {
  /**
   * All events, in order, and then the error of a run that fails. To be asked for once, in the turn in which the run was
   * started: what happens before is not kept. The run waits at each step until its events are taken; after a `break` it goes
   * on without waiting.
   */
  readonly events: AsyncIterable<TrainingEvent>;
  /** What `train` resolves to. */
  readonly summary: Promise<TrainingSummary>;
}

/**
 * Starts `train` and returns at once: its events as an asynchronous iterable, its end as a promise, and a way to stop it.
 *
 * @throws Nothing itself; what is wrong rejects `summary` and ends `events`.
 *
 * @example
 * ```ts
 * const training = startTraining({ model, datasets, loss });
 * for await (const event of training.events) {
 *   if (event.type === 'log' && event.loss < 0.1) training.stop('the loss is below 0.1');
 * }
 * const { outcome } = await training.summary;
 * ```
 */
export function startTraining(options: TrainOptions): StartedTraining {
  const queue = createEventQueue<TrainingEvent>();
  let control: TrainingControl | undefined;
  let early: { readonly reason: string | undefined } | undefined;
  const follower: TrainingCallback = {
    name: 'events',
    onEvent(event, given) {
      control = given;
      if (early !== undefined) given.stop(early.reason);
      queue.push(event);
    },
    betweenSteps: () => queue.taken(),
  };
  // A turn later, so that whoever asks for the events at once gets all of them.
  const summary = Promise.resolve().then(() => {
    return train({ ...options, callbacks: [...(options.callbacks ?? []), follower] });
  });
  summary.then(
    () => queue.end(),
    (error: unknown) => queue.fail(error),
  );
  return {
    events: queue,
    summary,
    stop(reason) {
      early ??= { reason };
      control?.stop(reason);
    },
  };
}
