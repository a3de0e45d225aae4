import { expect, test } from 'vitest';
import { type ScorePanel, scoreChart } from './score-chart.js';

const dims = [256, 64, 16];
const panel: ScorePanel = {
  metric: 'cosine_ndcg@10',
  lines: [
    { name: 'mean of 2', scores: [0.5, 0.4, 0.3], isMain: true },
    { name: 'a <b> & "c"', scores: [0.52, 0.45, 0.28] },
  ],
};

/** The points of every line in the order in which they are drawn. */
function linesOf(svg: string): [number, number][][] {
  return [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
    points!.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  );
}

test('higher scores are higher and wider dims further right, at equal steps where they double', () => {
  const [, main] = linesOf(scoreChart([panel], { title: 'model', dims }));
  const [[wide, best], [middle, between], [narrow, worst]] = main as [
    [number, number],
    [number, number],
    [number, number],
  ];
  expect(wide).toBeGreaterThan(middle);
  expect(wide - middle).toBeCloseTo(middle - narrow, 0);
  expect(best).toBeLessThan(between);
  expect(worst - between).toBeCloseTo(between - best, 0);
});

test('the main line lies on top of the others, and every line has its name and its score at the widest dim', () => {
  const svg = scoreChart([panel], { title: 'model', dims });
  expect(svg.indexOf('stroke-width="3"')).toBeGreaterThan(svg.indexOf('stroke-width="1.8"'));
  expect(svg).toContain('>mean of 2 0.500</text>');
  expect(svg).toContain('>a &#60;b&#62; &#38; &#34;c&#34; 0.520</text>');
});

test('labels of lines that end at the same place stand apart', () => {
  const lines = ['a', 'b', 'c'].map((name) => ({ name, scores: [0.5, 0.4, 0.3] }));
  const svg = scoreChart([{ metric: 'm', lines }], { title: 'model', dims });
  const places = [...svg.matchAll(/<text x="556" y="([\d.]+)"/g)].map(([, y]) => Number(y)).sort((a, b) => a - b);
  expect(places).toHaveLength(3);
  expect(places[1]! - places[0]!).toBeGreaterThanOrEqual(16);
  expect(places[2]! - places[1]!).toBeGreaterThanOrEqual(16);
});

test('all scores lie within the axis, equal and negative ones too', () => {
  for (const scores of [
    [0, 0, 0],
    [1, 1, 1],
    [-0.2, 0.9, 0.1],
    [0.70001, 0.7, 0.70002],
  ]) {
    const svg = scoreChart([{ metric: 'm', lines: [{ name: 'x', scores }] }], { title: 'model', dims });
    expect(svg).not.toContain('NaN');
    for (const [, y] of linesOf(svg)[0]!) {
      expect(y).toBeGreaterThanOrEqual(44);
      expect(y).toBeLessThanOrEqual(304);
    }
  }
});

test('several metrics have a diagram each, and a long title shows its end', () => {
  const svg = scoreChart([panel, { ...panel, metric: 'spearman_cosine' }], {
    title: `/a/${'b'.repeat(90)}/final`,
    dims,
  });
  expect(linesOf(svg)).toHaveLength(4);
  expect(svg).toMatch(/>…b+\/final<\/text>/);
  expect(svg).toContain('viewBox="0 0 760 756"');
});
