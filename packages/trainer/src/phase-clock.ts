import type { TimeShares } from '@embedbag/core';

/** What a run's time is spent on. */
export type Phase = keyof TimeShares | 'evaluate';

type PhaseTimes = Record<Phase, number>;

const noTime = (): PhaseTimes => ({
  tokenize: 0,
  forward: 0,
  loss: 0,
  backward: 0,
  optimizer: 0,
  save: 0,
  wait: 0,
  evaluate: 0,
});

/** Every moment since the last reading, under the one phase that it belongs to. */
export interface PhaseReading {
  /** Without evaluation. */
  readonly trainingMs: number;
  readonly shares: TimeShares;
}

/** Tells which phase a run's time goes to. A phase inside another takes its time from it. */
export interface PhaseClock {
  /** Time goes to `phase` from now on; returns the phase that it went to. */
  enter(phase: Phase): Phase;
  /** The time of `work` goes to `phase`. */
  measure<Result>(phase: Phase, work: () => Result): Result;
  /** The time until the promise of `work` settles goes to `phase`. */
  measureAsync<Result>(phase: Phase, work: () => Promise<Result>): Promise<Result>;
  /** Since the last call, or the start. */
  read(): PhaseReading;
  /** Time in all phases but evaluation and saving since the start, in milliseconds. */
  readonly stepsMs: number;
}

/** A clock in the phase `wait`. */
export function createPhaseClock(now: () => number = () => performance.now()): PhaseClock {
  const times = noTime();
  let lastRead = noTime();
  let phase: Phase = 'wait';
  let since = now();
  const enter = (next: Phase): Phase => {
    const previous = phase;
    const moment = now();
    times[previous] += moment - since;
    since = moment;
    phase = next;
    return previous;
  };
  return {
    enter,
    measure(inner, work) {
      const outer = enter(inner);
      try {
        return work();
      } finally {
        enter(outer);
      }
    },
    async measureAsync(inner, work) {
      const outer = enter(inner);
      try {
        return await work();
      } finally {
        enter(outer);
      }
    },
    read() {
      enter(phase);
      const { evaluate: _, ...spent } = times;
      const parts = Object.entries(spent).map(([name, ms]) => [name, ms - lastRead[name as Phase]] as const);
      const trainingMs = parts.reduce((sum, [, ms]) => sum + ms, 0);
      const shares = parts.map(([name, ms]) => [name, trainingMs > 0 ? ms / trainingMs : 0] as const);
      lastRead = { ...times };
      return { trainingMs, shares: Object.fromEntries(shares) as unknown as TimeShares };
    },
    get stepsMs() {
      enter(phase);
      const { evaluate, save, ...steps } = times;
      return Object.values(steps).reduce((sum, ms) => sum + ms, 0);
    },
  };
}
