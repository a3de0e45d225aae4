import { expect, test } from 'vitest';
import { linearAxis, lossAxis, thinned } from './curve-axis.js';
import { trainingCurve } from './training-curve.js';

const loss = {
  name: 'training',
  points: [
    [10, 4],
    [20, 2],
    [40, 1],
  ] as [number, number][],
};
const score = {
  name: 'sts <a & b>',
  points: [
    [20, 0.25],
    [40, 0.75],
  ] as [number, number][],
};

/** The coordinates of every line that is drawn. */
function linesOf(svg: string): [number, number][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
    points!.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  );
}

test('losses and scores are drawn in two panels, each value at its place', () => {
  const svg = trainingCurve({ steps: 40, losses: [loss], scores: [score] })!;
  const [losses, scores] = linesOf(svg);
  // The panel is 712 wide and 220 high; its axis of losses goes from 0 to 4.
  expect(losses).toEqual([
    [64 + 712 / 4, 44],
    [64 + 712 / 2, 154],
    [776, 209],
  ]);
  expect(scores![0]![0]).toBe(420);
  expect(scores![1]![1]).toBeLessThan(scores![0]![1]);
  expect(svg).toContain('>sts &lt;a &amp; b&gt;</text>');
  expect(svg).toContain('>step</text>');
});

test('the same figures give the same bytes', () => {
  const draw = () => trainingCurve({ steps: 40, losses: [loss], scores: [score] });
  expect(draw()).toBe(draw());
});

test('nothing is drawn where there is nothing', () => {
  expect(trainingCurve({ steps: 40, losses: [], scores: [{ name: 'x', points: [[1, Number.NaN]] }] })).toBeUndefined();
});

test('scores alone have one panel, and a single one is a dot', () => {
  const svg = trainingCurve({ steps: 40, losses: [], scores: [{ name: 'x', points: [[40, 0.5]] }] })!;
  expect(svg).toContain('height="308"');
  expect(svg.match(/<circle/g)).toHaveLength(1);
  expect(svg).not.toContain('NaN');
});

test('a loss that falls far has a logarithmic axis', () => {
  const axis = lossAxis(0.3, 40);
  expect(axis.isLogarithmic).toBe(true);
  expect(axis.ticks).toEqual([0.5, 1, 2, 5, 10, 20]);
  expect(axis.position(0.3)).toBeGreaterThan(0);
  expect(axis.position(40)).toBeLessThan(1);
  expect(axis.position(Math.sqrt(0.3 * 40))).toBeCloseTo(0.5, 12);
  expect(lossAxis(0, 40).isLogarithmic).toBe(false);
});

test.each([
  [0, 39_287, [0, 10_000, 20_000, 30_000, 40_000]],
  [0.31, 0.58, [0.3, 0.4, 0.5, 0.6]],
  [-0.2, 0.1, [-0.2, -0.1, 0, 0.1]],
  [7, 7, [6, 6.5, 7, 7.5, 8]],
  [0, 0, [-1, -0.5, 0, 0.5, 1]],
])('an axis from %d to %d has round steps', (low, high, ticks) => {
  expect(linearAxis(low, high).ticks).toEqual(ticks);
});

test('many points are thinned to means, and the last one stays', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => [i + 1, i % 2] as const);
  const few = thinned(points, 400);
  expect(few.length).toBeLessThanOrEqual(400);
  expect(few.at(-1)).toEqual([10_000, 1]);
  expect(few[0]).toEqual([13.5, 0.5]);
});
