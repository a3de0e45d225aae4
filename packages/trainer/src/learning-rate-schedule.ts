import { EmbedbagError } from '@embedbag/core';
import { linearSchedule } from './linear-schedule.js';

/** How the learning rate goes on after the warm-up; the names are those of transformers. */
export const LR_SCHEDULER_TYPES = [
  'linear',
  'cosine',
  'constant',
  'constant_with_warmup',
  'warmup_stable_decay',
] as const;

/** One of {@link LR_SCHEDULER_TYPES}. */
export type LrSchedulerType = (typeof LR_SCHEDULER_TYPES)[number];

/** What a {@link learningRateSchedule} is drawn through. */
export interface LearningRateScheduleOptions {
  /** Default `linear`. */
  readonly type?: LrSchedulerType;
  /** The highest rate, reached when the warm-up ends. */
  readonly learningRate: number;
  /** `constant` has none. */
  readonly warmupSteps: number;
  /** Steps of the whole run, warm-up and decay included. */
  readonly totalSteps: number;
  /** Steps in which `warmup_stable_decay` falls to 0, the last ones. Default 0. */
  readonly decaySteps?: number;
}

/** Factors of the powers of `-x^2` in the series of the cosine, from the highest: `1 / 22!, 1 / 20!, ..., 1 / 0!`. */
const COSINE_SERIES = Array.from({ length: 12 }, (_, i) => {
  let factorial = 1;
  for (let k = 2; k <= 22 - 2 * i; k++) factorial *= k;
  return 1 / factorial;
});

/**
 * `cos(pi * x)` for `x` from 0 to 1, by its series, whose rest is below 2e-17 up to a half: engines differ in `Math.cos`, and
 * a rate that differs in its last bit gives another table.
 */
function cosineOfHalfTurn(x: number): number {
  if (x > 0.5) return -cosineOfHalfTurn(1 - x);
  const angle = Math.PI * x;
  const square = angle * angle;
  return COSINE_SERIES.reduce((sum, factor) => factor - square * sum, 0);
}

/** From 1 down to 0 as `x` goes from 0 to 1, along half a wave. */
function cosineFall(x: number): number {
  return 0.5 * (1 + cosineOfHalfTurn(Math.min(1, x)));
}

/**
 * The learning rate by how many steps are done. `linear` falls to 0 in a line, `cosine` along half a wave, `constant` and
 * `constant_with_warmup` stay, `warmup_stable_decay` stays and falls along half a wave in its last `decaySteps`.
 * All but `constant` rise in a line over the warm-up, and take their first step with rate 0 where there is one.
 *
 * Follows the schedules of those names in transformers (`optimization.py`).
 *
 * @throws EmbedbagError `schedule-too-short` when warm-up and decay together have more steps than the run.
 *
 * @example
 * ```ts
 * import { learningRateSchedule } from '@embedbag/trainer';
 *
 * const rate = learningRateSchedule({ type: 'cosine', learningRate: 0.2, warmupSteps: 2, totalSteps: 10 });
 * [rate(0), rate(1), rate(2), rate(10)]; // => [0, 0.1, 0.2, 0]
 * ```
 */
export function learningRateSchedule(options: LearningRateScheduleOptions): (stepsDone: number) => number {
  const { type = 'linear', learningRate, warmupSteps, totalSteps, decaySteps = 0 } = options;
  if (type === 'linear') return linearSchedule(options);
  if (type === 'constant') return () => learningRate;
  const stableSteps = totalSteps - warmupSteps - decaySteps;
  if (type === 'warmup_stable_decay' && stableSteps < 0) {
    throw new EmbedbagError({
      code: 'schedule-too-short',
      message: `Expected warm-up and decay to fit into the run's ${totalSteps} steps, received ${warmupSteps} and ${decaySteps}. Lower \`warmupSteps\` or \`lrDecaySteps\`, or their ratios.`,
      details: { totalSteps, warmupSteps, decaySteps },
    });
  }
  return (stepsDone) => {
    if (stepsDone < warmupSteps) return learningRate * (stepsDone / Math.max(1, warmupSteps));
    if (type === 'constant_with_warmup') return learningRate;
    const flatSteps = type === 'cosine' ? warmupSteps : warmupSteps + stableSteps;
    const fallSteps = Math.max(1, totalSteps - flatSteps);
    return learningRate * cosineFall(Math.max(0, stepsDone - flatSteps) / fallSteps);
  };
}
