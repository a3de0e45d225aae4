import type { AdamWReplay, AdamWStep, AdamWStepOptions, AdamWTable } from '@embedbag/core';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** Spare memory of a thread, as in assembly/adamw.ts. */
const SPARE_BYTES = 256;
/** The numbers that all elements of one step share, as in assembly/adamw.ts. */
const FACTORS = 3;
/** Steps whose sizes fall at least this much, compared to the root of the second moment, are calm. */
const CALM_RATIO = 0.99;
/** The smallest float32 with all its bits: from there on down moments are no longer multiplied exactly enough. */
const SMALLEST_NORMAL = 2 ** -126;

const decayOf = (learningRate: number, { weightDecay }: AdamWTable): number => 1 - learningRate * weightDecay;
const inverseRootOf = (biasCorrection2: number): number => 1 / Math.sqrt(biasCorrection2);

/** The first slots of all three kernels. */
function constants(step: AdamWTable): number[] {
  return [step.beta2, 1 - step.beta1, 1 - step.beta2, step.epsilon, step.weightDecay === 0 ? 0 : 1];
}

/** The next slots: what is updated, the factors, and memory that begins as zeros for spare blocks and the counter. */
function subject(
  { staging, memory, pool }: WasmRuntime,
  { table, firstMoment, secondMoment }: AdamWTable,
  factors: readonly number[] | Float32Array,
): number[] {
  const length = table.rows * table.columns;
  const factorsAt = staging.scratch(factors.length * 4);
  memory.float32(factorsAt, factors.length).set(factors);
  const spare = staging.scratch(SPARE_BYTES * pool.threads);
  return [
    ...[staging.update(table.data, length), staging.update(firstMoment, length), staging.update(secondMoment, length)],
    ...[table.columns, factorsAt, spare, staging.counter()],
  ];
}

/** See {@link Kernels.startAdamW}. */
export function startAdamW(
  runtime: WasmRuntime,
  step: AdamWStep,
  { onlyTouched = false }: AdamWStepOptions = {},
): () => void {
  const { staging, pool } = runtime;
  const { table, gradient, learningRate, biasCorrection1, biasCorrection2 } = step;
  staging.begin();
  const factors = [decayOf(learningRate, step), inverseRootOf(biasCorrection2), learningRate / biasCorrection1];
  const args = [
    ...constants(step),
    ...subject(runtime, step, factors),
    staging.input(gradient.rows, gradient.count),
    ...[staging.input(gradient.values, gradient.count * gradient.columns), gradient.count, step.gradientScale],
    table.rows,
  ];
  const rows = onlyTouched ? gradient.count : table.rows;
  const finish = pool.start(onlyTouched ? 'adamWRows' : 'adamW', args, rows * table.columns >= WORTH_THREADS);
  return () => {
    finish();
    staging.finish();
  };
}

/** The factors of a replay's steps, and from which of them on the replay of a settled value may be cut short. */
interface ReplayFactors {
  readonly factors: Float32Array;
  /** The last step whose size, by the root of the second moment, is not calm compared to the step before. */
  readonly calmFrom: number;
  readonly largestStep: number;
}

/** The factors of the steps from `first` on. */
function replayFactors(replay: AdamWReplay, first: number): ReplayFactors {
  const { rates, steps, beta1, beta2 } = replay;
  const factors = new Float32Array((steps - first) * FACTORS);
  const slowest = (CALM_RATIO * Math.sqrt(beta2)) / beta1;
  let calmFrom = 0;
  let largestStep = 0;
  let before = 0;
  for (let step = first; step < steps; step++) {
    const learningRate = rates[step * 3]!;
    const stepSize = learningRate / rates[step * 3 + 1]!;
    const inverseRoot = inverseRootOf(rates[step * 3 + 2]!);
    factors.set([decayOf(learningRate, replay), inverseRoot, stepSize], (step - first) * FACTORS);
    if (!(stepSize / inverseRoot <= slowest * before)) calmFrom = step - first;
    before = stepSize / inverseRoot;
    largestStep = Math.max(largestStep, stepSize);
  }
  return { factors, calmFrom, largestStep };
}

/**
 * How far from 0 a value must be for the replay to stop looking at it once a calm step has left it as it is.
 *
 * From step to step the change `stepSize * m / (inverseRoot * sqrt(v) + epsilon)` keeps its sign and shrinks: `m` by beta1,
 * the root at most by that of beta2, and `stepSize / inverseRoot` so that a hundredth of the shrinking is left, far more
 * than all roundings. So a change that was rounded away is rounded away from then on. That is so as long as `m` has all its
 * bits; a smaller `m` changes nothing that is this far from 0.
 */
function settledFloor(largestStep: number, epsilon: number): number {
  return Math.max(1e-20, ((SMALLEST_NORMAL * largestStep) / epsilon) * 2 ** 26);
}

/** See {@link Kernels.adamWReplay}. */
export function adamWReplay(runtime: WasmRuntime, replay: AdamWReplay): void {
  const { staging, memory, pool } = runtime;
  const { count, firstMissed, steps, table, epsilon } = replay;
  let first = steps;
  let missed = 0;
  for (let i = 0; i < count; i++) {
    first = Math.min(first, firstMissed[i]!);
    missed += steps - firstMissed[i]!;
  }
  if (missed === 0) return;
  staging.begin();
  const { factors, calmFrom, largestStep } = replayFactors(replay, first);
  const neverCalm = replay.weightDecay !== 0 || epsilon < 1e-12;
  const missedAt = staging.scratch(count * 4);
  const fromFirst = memory.int32(missedAt, count);
  for (let i = 0; i < count; i++) fromFirst[i] = firstMissed[i]! - first;
  const args = [
    ...constants(replay),
    ...subject(runtime, replay, factors),
    ...[staging.input(replay.rows, count), missedAt, count, steps - first],
    ...[neverCalm ? steps : calmFrom, settledFloor(largestStep, epsilon)],
  ];
  pool.run('adamWReplay', args, missed * table.columns >= WORTH_THREADS);
  staging.finish();
}
