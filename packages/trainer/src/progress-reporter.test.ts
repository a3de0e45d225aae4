import type { TrainingEvent } from '@embedbag/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { progressReporter } from './progress-reporter.js';

const start: TrainingEvent = {
  type: 'training-start',
  steps: 20,
  warmupSteps: 2,
  datasets: [{ name: 'pairs', rows: 2000, batches: 20 }],
  backend: 'typescript',
  threads: 1,
  startStep: 0,
  arguments: {},
  setup: {},
};

function step(number: number): TrainingEvent {
  const figures = { loss: 4 / number, gradientNorm: 1, learningRate: 0.1, dataset: 'pairs', rows: 100 };
  return { type: 'step-end', step: number, steps: 20, epoch: number / 20, elapsedMs: number * 500, ...figures };
}

const evaluation: TrainingEvent = {
  type: 'evaluation-end',
  step: 20,
  epoch: 1,
  name: 'tiny',
  result: { metrics: { 'tiny_cosine_ndcg@10': 0.51234, other: 1 }, primaryMetric: 'tiny_cosine_ndcg@10' },
  elapsedMs: 1200,
};

const end: TrainingEvent = {
  type: 'training-end',
  step: 20,
  steps: 20,
  outcome: 'completed',
  pairs: 2000,
  elapsedMs: 164_000,
};

function written(events: readonly TrainingEvent[], options: object = {}, columns = 100): string {
  const pieces: string[] = [];
  const stream = { write: (text: string) => pieces.push(text), columns };
  const report = progressReporter({ stream, ...options });
  for (const event of events) report(event);
  return pieces.join('');
}

const allSteps = Array.from({ length: 20 }, (_, i) => step(i + 1));

test('in a pipe there is a line each tenth of the steps', () => {
  const lines = written([start, ...allSteps, evaluation, end])
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(13);
  expect(lines[0]).toBe('Training 20 steps on 1 dataset of 2,000 rows, typescript, 1 thread');
  expect(lines[1]).toBe('2/20  10 %  loss 2.0000  200 pairs/s  9.0 s left');
  expect(lines[10]).toBe('20/20  100 %  loss 0.2000  200 pairs/s');
  expect(lines[11]).toBe('step 20  tiny_cosine_ndcg@10 0.5123  (1.2 s)');
  expect(lines[12]).toBe('Trained 20 steps, 2,000 pairs, in 2 min 44 s');
});

const log: TrainingEvent = {
  type: 'log',
  step: 2,
  epoch: 0.1,
  loss: 2,
  gradientNorm: 1,
  learningRate: 0.1,
  pairsPerSecond: 200,
  tokensPerSecond: 4000,
  timeShares: { tokenize: 0.1, forward: 0.05, loss: 0.62, backward: 0.1, optimizer: 0.1, save: 0, wait: 0.03 },
  elapsedMs: 1000,
};

test('an evaluation before the first step is no part of the pace', () => {
  const late = (number: number): TrainingEvent =>
    ({ ...step(number), elapsedMs: 1200 + number * 500 }) as TrainingEvent;
  const lines = written([
    start,
    { ...evaluation, step: 0 } as TrainingEvent,
    late(1),
    late(2),
    evaluation,
    late(4),
  ]).split('\n');
  expect(lines[2]).toBe('2/20  10 %  loss 2.0000  200 pairs/s  9.0 s left');
  expect(lines[4]).toBe('4/20  20 %  loss 1.0000  150 pairs/s  8.0 s left');
});

test('what limits the steps is told from the first log line on', () => {
  const lines = written([start, step(1), step(2), log, step(4)]).split('\n');
  expect(lines[1]).toBe('2/20  10 %  loss 2.0000  200 pairs/s  9.0 s left');
  expect(lines[2]).toMatch(/ s left {2}62 % in loss$/);
});

test('in a pipe a long run writes a line every so often', () => {
  const lines = written([start, ...allSteps.slice(0, 8)], { every: 1, everyMs: 1500 })
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['Training', '3/20', '6/20']);
});

test('the time that is left counts the steps of this run, not those before it', () => {
  const resumed = { ...start, startStep: 10 } as TrainingEvent;
  const [first, second] = written([resumed, { ...step(11), elapsedMs: 500 } as TrainingEvent], { every: 0.05 }).split(
    '\n',
  );
  expect(first).toContain('Training 20 steps, 10 of them done, on 1 dataset');
  expect(second).toContain('4.5 s left');
});

describe('without being told, a bar is drawn', () => {
  const drawsBar = (): boolean => {
    const pieces: string[] = [];
    const stream = { write: (text: string) => pieces.push(text), columns: 100, isTTY: true };
    progressReporter({ stream })(step(1));
    return pieces.join('').includes('\r');
  };
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['on a terminal', { CI: '', TERM: 'xterm' }, true],
    ['not in CI that has a terminal', { CI: 'true', TERM: 'xterm' }, false],
    ['where CI is set to nothing of the kind', { CI: 'false', TERM: 'xterm' }, true],
    ['not on a dumb terminal', { CI: '', TERM: 'dumb' }, false],
  ])('%s', (_, environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(drawsBar()).toBe(expected);
  });
});

test('in a pipe nothing moves the cursor', () => {
  const text = written([start, ...allSteps, evaluation, end]);
  expect(text).not.toContain('\r');
  expect(text).not.toContain('\x1b');
});

test('on a terminal one line is rewritten and cleared before other lines', () => {
  const text = written([start, step(1), step(10), end], { isTTY: true });
  expect(text.split('\n')).toEqual([
    'Training 20 steps on 1 dataset of 2,000 rows, typescript, 1 thread',
    '\r\x1b[2K[#-----------------------] 1/20  5 %  loss 4.0000  200 pairs/s  9.5 s left' +
      '\r\x1b[2K[############------------] 10/20  50 %  loss 0.4000  40 pairs/s  5.0 s left' +
      '\r\x1b[2KTrained 20 steps, 2,000 pairs, in 2 min 44 s',
    '',
  ]);
});

test('on a terminal steps that come fast are not all drawn, the last one is', () => {
  const text = written([...allSteps], { isTTY: true, intervalMs: 60_000 });
  expect(text.split('\r').filter((piece) => piece.includes('/20'))).toHaveLength(2);
  expect(text).toContain('20/20');
});

test('a narrow terminal gets no more letters than it has', () => {
  for (const columns of [10, 30, 60]) {
    const line = written([step(3)], { isTTY: true }, columns).replace('\r\x1b[2K', '');
    expect(line.length).toBeLessThan(columns);
  }
});

test('a run that was stopped says so', () => {
  const aborted: TrainingEvent = {
    ...end,
    step: 7,
    outcome: 'aborted',
    pairs: 700,
    elapsedMs: 3_780_000,
  } as TrainingEvent;
  expect(written([aborted])).toBe('Stopped after 7 of 20 steps, 700 pairs, in 1 h 03 min\n');
});

test('a run that stopped itself says why', () => {
  const stopped = { ...end, step: 7, outcome: 'stopped', reason: 'the loss is good', pairs: 700 } as TrainingEvent;
  expect(written([stopped])).toBe('Stopped after 7 of 20 steps because the loss is good, 700 pairs, in 2 min 44 s\n');
});

test('the bar of a run that failed is left, and what comes next has a line of its own', () => {
  const failed: TrainingEvent = { type: 'training-failed', step: 3, code: 'x', message: 'Not told here.' };
  const text = written([step(3), failed], { isTTY: true });
  expect(text).toMatch(/ left\n$/);
  expect(written([step(3), failed])).not.toContain('Not told');
});

test('notices and checkpoints get lines', () => {
  const notice: TrainingEvent = { type: 'notice', code: 'x', message: 'Mind this.' };
  const saved: TrainingEvent = {
    type: 'checkpoint-saved',
    step: 10,
    path: 'out/checkpoint-10',
    isBest: false,
    elapsedMs: 1,
  };
  expect(written([notice, saved])).toBe('Mind this.\nstep 10  saved out/checkpoint-10\n');
});
