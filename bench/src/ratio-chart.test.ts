import { expect, test } from 'vitest';
import { ratioChart } from './ratio-chart.mjs';

function barWidths(svg: string): number[] {
  return [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map((match) => Number(match[1]));
}

test('bars grow with the logarithm of the ratio', () => {
  const bar = (value: number) => ({ label: 'entry', peer: 'peer', value, wanted: 5 });
  const [ten, hundred] = barWidths(ratioChart([bar(10), bar(100)], 'caption'));
  expect(hundred).toBeCloseTo(2 * (ten ?? Number.NaN), 0);
});

test('a ratio below 1 is drawn to the left of 1', () => {
  const svg = ratioChart([{ label: 'entry', peer: 'peer', value: 0.5, wanted: 2 }], 'caption');
  const bar = /<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/.exec(svg);
  const one = />1x<\/text>/.test(svg)
    ? /x="([\d.]+)" y="[\d.]+" text-anchor="middle" class="small">1x</.exec(svg)
    : null;
  expect(Number(bar?.[1]) + Number(bar?.[2])).toBeCloseTo(Number(one?.[1]), 0);
});

test('reached and missed marks have different colours, and labels are escaped', () => {
  const svg = ratioChart(
    [
      { label: 'a<b', peer: 'peer', value: 3, wanted: 2 },
      { label: 'c', peer: 'peer', value: 1.5, wanted: 2 },
    ],
    'caption',
  );
  expect(svg).toContain('a&lt;b');
  const colours = [...svg.matchAll(/rx="2" fill="(#\w+)"/g)].map((match) => match[1]);
  expect(new Set(colours).size).toBe(2);
});
