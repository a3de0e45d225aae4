import { expect, test } from 'vitest';
import type { Panel } from './curve.mjs';
import { curveChart } from './curve-chart.mjs';

function picture(panel: Partial<Panel>): string {
  const series = [
    {
      name: 'ours',
      points: [
        [10, 1],
        [100, 10],
        [1000, 100],
      ] as const,
    },
  ];
  const whole = { title: 'time', unit: 'time', scale: 'logarithmic', series, ...panel } as const;
  return curveChart({ title: 'a < b', axis: 'rows', panels: [whole] }, 'caption');
}

function places(svg: string): [number, number][] {
  const path = /<polyline points="([^"]+)"/.exec(svg)?.[1] ?? '';
  return path.split(' ').map((pair) => pair.split(',').map(Number) as [number, number]);
}

test('a power of the size is a straight line on logarithmic axes', () => {
  const [a, b, c] = places(picture({}));
  expect(b?.[0]).toBeCloseTo((Number(a?.[0]) + Number(c?.[0])) / 2, 0);
  expect(b?.[1]).toBeCloseTo((Number(a?.[1]) + Number(c?.[1])) / 2, 0);
});

test('linear axes begin at 0, and more is higher up', () => {
  const svg = picture({ scale: 'linear', unit: 'bytes' });
  const [a, b, c] = places(svg).map(([, y]) => y);
  expect((Number(b) - Number(c)) / (Number(a) - Number(c))).toBeCloseTo(90 / 99, 1);
  expect(svg).toContain('>0</text>');
});

test('what is expected is dashed and has no points', () => {
  const points = [
    [10, 1],
    [100, 2],
  ] as const;
  const svg = picture({
    series: [
      { name: 'ours', points },
      { name: 'expected', points, isExpected: true },
    ],
  });
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg.match(/<g>.*stroke-dasharray.*<\/g>/g)).toHaveLength(1);
});

test('labels of sizes that would touch are left out, and texts are escaped', () => {
  const sizes = [1000, 1010, 1020, 9000];
  const svg = picture({ series: [{ name: 'ours', points: sizes.map((size) => [size, size] as const) }] });
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('>9,000</text>');
  expect(svg).not.toContain('>1,010</text>');
});
