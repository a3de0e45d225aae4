/** A run's events for the tests of loggers; no part of the package. */
import type { TrainingEvent } from '@embedbag/core';
import type { TrainingCallback, TrainingControl } from '../training-callback.js';

type TrainingStart = Extract<TrainingEvent, { readonly type: 'training-start' }>;

/** The first event of a run. */
export function startEvent(more: Partial<TrainingStart> = {}): TrainingStart {
  return {
    type: 'training-start',
    steps: 30,
    warmupSteps: 3,
    datasets: [{ name: 'pairs', rows: 480, batches: 30 }],
    backend: 'typescript',
    threads: 1,
    startStep: 0,
    arguments: { learningRate: 0.2, runName: 'a|b', bf16: false },
    setup: { model: { vocabulary_size: 150, dimension: 8 } },
    ...more,
  };
}

/** A log line of `step`. */
export function logEvent(step: number, loss: number = 10 / step): TrainingEvent {
  const timeShares = { tokenize: 0.1, forward: 0.1, loss: 0.4, backward: 0.2, optimizer: 0.1, save: 0, wait: 0.1 };
  const speed = {
    pairsPerSecond: 1234.5,
    tokensPerSecond: 1e5 / 3,
    timeShares,
    memoryBytes: 2e9,
    elapsedMs: step * 10,
  };
  return { type: 'log', step, epoch: step / 30, loss, gradientNorm: 1 / 3, learningRate: 0.2 - step / 1000, ...speed };
}

/** Scores at `step`. */
export function evaluationEvent(step: number, value: number): TrainingEvent {
  const result = {
    metrics: { 'tiny_cosine_ndcg@10': value, tiny_nan: Number.NaN },
    primaryMetric: 'tiny_cosine_ndcg@10',
  };
  return { type: 'evaluation-end', step, epoch: step / 30, name: 'tiny', result, elapsedMs: 5 };
}

/** The last event of a whole run. */
function endEvent(more: object = {}): TrainingEvent {
  return {
    type: 'training-end',
    step: 30,
    steps: 30,
    outcome: 'completed',
    pairs: 480,
    elapsedMs: 2000,
    ...more,
  } as TrainingEvent;
}

/** The events of a whole run after its first. */
export const RUN: readonly TrainingEvent[] = [
  evaluationEvent(0, 0.125),
  logEvent(10),
  logEvent(20),
  evaluationEvent(20, 0.1),
  logEvent(30),
  evaluationEvent(30, 0.7),
  endEvent(),
];

/** A control that collects notices. */
export function controlInto(notices: { readonly code: string; readonly message: string }[]): TrainingControl {
  return {
    stop: () => {
      throw new Error('no logger stops a run');
    },
    notice: (code, message) => notices.push({ code, message }),
  };
}

/** Hands a run to a logger, and returns the notices that it gave. */
export async function report(
  logger: TrainingCallback,
  start: TrainingStart,
  events: readonly TrainingEvent[] = RUN,
): Promise<{ readonly code: string; readonly message: string }[]> {
  const notices: { readonly code: string; readonly message: string }[] = [];
  const control = controlInto(notices);
  logger.onEvent(start, control);
  await logger.betweenSteps?.();
  for (const event of events) logger.onEvent(event, control);
  await logger.close?.();
  return notices;
}
