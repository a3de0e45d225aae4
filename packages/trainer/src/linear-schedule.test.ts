import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearSchedule, resolveWarmupSteps } from './linear-schedule.js';

test('the rate rises from 0 over the warm-up and falls to 0 at the end', () => {
  const rate = linearSchedule({ learningRate: 0.2, warmupSteps: 2, totalSteps: 10 });
  expect(Array.from({ length: 11 }, (_, step) => rate(step))).toEqual(
    [0, 0.1, 0.2, 0.175, 0.15, 0.125, 0.1, 0.075, 0.05, 0.025, 0].map((value) => expect.closeTo(value, 12)),
  );
});

test('without a warm-up the first step has the full rate', () => {
  expect(linearSchedule({ learningRate: 0.2, warmupSteps: 0, totalSteps: 4 })(0)).toBe(0.2);
});

test('a warm-up as long as the run never falls, and past the end the rate is 0', () => {
  const rate = linearSchedule({ learningRate: 1, warmupSteps: 4, totalSteps: 4 });
  expect([0, 1, 2, 3, 4, 9].map(rate)).toEqual([0, 0.25, 0.5, 0.75, 0, 0]);
});

test('the warm-up is the share rounded up, or the steps where given', () => {
  expect(resolveWarmupSteps(39_287, { warmupRatio: 0.1 })).toBe(3929);
  expect(resolveWarmupSteps(114, { warmupRatio: 0.1 })).toBe(12);
  expect(resolveWarmupSteps(114, { warmupRatio: 0 })).toBe(0);
  expect(resolveWarmupSteps(114, { warmupRatio: 0.1, warmupSteps: 5 })).toBe(5);
});

test('the rate never leaves the range from 0 to the highest, rises first and then falls', () => {
  const runs = fc.record({
    learningRate: fc.double({ min: 1e-6, max: 10, noNaN: true }),
    warmupSteps: fc.nat(50),
    restSteps: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(runs, ({ learningRate, warmupSteps, restSteps }) => {
      const totalSteps = warmupSteps + restSteps;
      const rate = linearSchedule({ learningRate, warmupSteps, totalSteps });
      for (let step = 0; step < totalSteps; step++) {
        expect(rate(step)).toBeGreaterThanOrEqual(0);
        expect(rate(step)).toBeLessThanOrEqual(learningRate);
        if (step < warmupSteps) expect(rate(step + 1)).toBeGreaterThan(rate(step));
        else expect(rate(step + 1)).toBeLessThan(rate(step));
      }
      expect(rate(warmupSteps)).toBe(learningRate);
      expect(rate(totalSteps)).toBe(0);
    }),
  );
});
