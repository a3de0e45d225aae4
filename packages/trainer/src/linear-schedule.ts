/** What a {@link linearSchedule} is drawn through. */
export interface LinearScheduleOptions {
  /** The highest rate, reached when the warm-up ends. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Steps of the whole run, the warm-up included. */
  readonly totalSteps: number;
}

/**
 * The learning rate by how many steps are done: up from 0 over the warm-up, then down to 0 at `totalSteps`.
 * The first step is taken with rate 0 when there is a warm-up. As `get_linear_schedule_with_warmup` of transformers.
 *
 * @example
 * ```ts
 * const rate = linearSchedule({ learningRate: 0.2, warmupSteps: 2, totalSteps: 10 });
 * const rates = [rate(0), rate(1), rate(2), rate(6)]; // 0, 0.1, 0.2, 0.1
 * ```
 */
export function linearSchedule(options: LinearScheduleOptions): (stepsDone: number) => number {
  const { learningRate, warmupSteps, totalSteps } = options;
  return (stepsDone) => {
    if (stepsDone < warmupSteps) return learningRate * (stepsDone / Math.max(1, warmupSteps));
    return learningRate * Math.max(0, (totalSteps - stepsDone) / Math.max(1, totalSteps - warmupSteps));
  };
}

/** The steps of the warm-up: `warmupSteps` where given, else `warmupRatio` of `totalSteps`, rounded up. */
export function resolveWarmupSteps(
  totalSteps: number,
  options: { readonly warmupRatio: number; readonly warmupSteps?: number },
): number {
  return options.warmupSteps ?? Math.ceil(totalSteps * options.warmupRatio);
}
