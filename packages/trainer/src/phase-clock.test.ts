import { expect, test } from 'vitest';
import { createPhaseClock } from './phase-clock.js';

function clockAt(): { clock: ReturnType<typeof createPhaseClock>; pass(ms: number): void } {
  let moment = 1000;
  const clock = createPhaseClock(() => moment);
  return {
    clock,
    pass: (ms) => {
      moment += ms;
    },
  };
}

test('every moment counts once, an inner phase instead of the one around it', () => {
  const { clock, pass } = clockAt();
  pass(10);
  clock.measure('optimizer', () => {
    pass(20);
    clock.measure('tokenize', () => pass(50));
    pass(10);
  });
  pass(10);
  const { trainingMs, shares } = clock.read();
  expect(trainingMs).toBe(100);
  expect(shares).toEqual({ tokenize: 0.5, forward: 0, loss: 0, backward: 0, optimizer: 0.3, save: 0, wait: 0.2 });
});

test('evaluation counts nowhere, saving not among the steps', async () => {
  const { clock, pass } = clockAt();
  await clock.measureAsync('evaluate', async () => pass(500));
  clock.measure('save', () => pass(25));
  clock.measure('loss', () => pass(75));
  expect(clock.read()).toMatchObject({ trainingMs: 100, shares: { loss: 0.75, save: 0.25 } });
  expect(clock.stepsMs).toBe(75);
});

test('a reading begins anew, and one without time has no shares', () => {
  const { clock, pass } = clockAt();
  pass(10);
  clock.read();
  expect(clock.read()).toMatchObject({ trainingMs: 0, shares: { wait: 0 } });
  clock.measure('forward', () => pass(4));
  expect(clock.read()).toMatchObject({ trainingMs: 4, shares: { forward: 1 } });
});

test('the phase outside goes on after an error', () => {
  const { clock, pass } = clockAt();
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => clock.measure('loss', fail)).toThrow('no');
  pass(5);
  expect(clock.read().shares.wait).toBe(1);
});
