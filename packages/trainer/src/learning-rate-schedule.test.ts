import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LR_SCHEDULER_TYPES, learningRateSchedule } from './learning-rate-schedule.js';
import { linearSchedule } from './linear-schedule.js';

const shape = { learningRate: 0.2, warmupSteps: 100, totalSteps: 1000 };
const half = (progress: number): number => 0.5 * (1 + Math.cos(Math.PI * progress));

test('`linear` is the default and what `linearSchedule` is', () => {
  const rate = learningRateSchedule(shape);
  const expected = linearSchedule(shape);
  for (let step = 0; step <= 1000; step++) expect(rate(step)).toBe(expected(step));
});

test('`cosine` falls by the formula, with a cosine of our own', () => {
  const rate = learningRateSchedule({ ...shape, type: 'cosine' });
  for (let step = 0; step < 100; step++) expect(rate(step)).toBe(0.2 * (step / 100));
  for (let step = 100; step <= 1000; step++) {
    expect(Math.abs(rate(step) - 0.2 * half((step - 100) / 900)), `step ${step}`).toBeLessThan(1e-16);
  }
  expect([rate(100), rate(550), rate(1000)]).toEqual([0.2, 0.1, 0]);
});

test('`constant` stays from the first step on, `constant_with_warmup` from the end of the warm-up', () => {
  const constant = learningRateSchedule({ ...shape, type: 'constant' });
  expect([0, 99, 1000].map(constant)).toEqual([0.2, 0.2, 0.2]);
  const warm = learningRateSchedule({ ...shape, type: 'constant_with_warmup' });
  expect([0, 50, 100, 1000].map(warm)).toEqual([0, 0.1, 0.2, 0.2]);
});

test('`warmup_stable_decay` rises, stays and falls by the formula', () => {
  const rate = learningRateSchedule({ ...shape, type: 'warmup_stable_decay', decaySteps: 200 });
  expect([0, 50, 100, 500, 800].map(rate)).toEqual([0, 0.1, 0.2, 0.2, 0.2]);
  for (let step = 800; step <= 1000; step++) expect(rate(step)).toBeCloseTo(0.2 * half((step - 800) / 200), 15);
  expect(rate(1000)).toBe(0);
});

test('a warm-up and a decay longer than the run are refused with their steps', () => {
  const options = { learningRate: 0.2, warmupSteps: 6, totalSteps: 10, decaySteps: 5 };
  expect(() => learningRateSchedule({ ...options, type: 'warmup_stable_decay' })).toThrow(
    "Expected warm-up and decay to fit into the run's 10 steps, received 6 and 5. Lower `warmupSteps` or `lrDecaySteps`, or their ratios.",
  );
});

test('no schedule leaves the range from 0 to the highest rate', () => {
  const runs = fc.record({
    type: fc.constantFrom(...LR_SCHEDULER_TYPES),
    learningRate: fc.double({ min: 1e-6, max: 10, noNaN: true }),
    warmupSteps: fc.nat(50),
    decaySteps: fc.nat(50),
    stableSteps: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(runs, ({ stableSteps, ...options }) => {
      const totalSteps = options.warmupSteps + options.decaySteps + stableSteps;
      const rate = learningRateSchedule({ ...options, totalSteps });
      for (let step = 0; step <= totalSteps; step++) {
        expect(rate(step)).toBeGreaterThanOrEqual(0);
        expect(rate(step)).toBeLessThanOrEqual(options.learningRate);
      }
    }),
  );
});
