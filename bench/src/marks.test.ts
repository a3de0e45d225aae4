import { expect, test } from 'vitest';
import { judge } from './marks.mjs';

const measurements = [
  { case: 'all', side: 'embedbag', count: 1, figures: { time: [1, 2, 3], peakBytes: [10] } },
  { case: 'all', side: 'slow', count: 1, figures: { time: [12, 12, 12], peakBytes: [5] } },
  { case: 'all', side: 'fast', count: 1, figures: { time: [8, 8, 8], peakBytes: [20] } },
];

test('a ratio is the median of the best of the named peers over ours', () => {
  const mark = { case: 'all', figure: 'time', against: ['slow', 'fast'], ratio: 5 };
  expect(judge([mark], [], measurements)).toMatchObject([{ peer: 'fast', value: 4, wanted: 5, isReached: false }]);
});

test('a mark that is just met is reached', () => {
  const mark = { case: 'all', figure: 'time', against: ['slow'], ratio: 6 };
  expect(judge([mark], [], measurements)).toMatchObject([{ peer: 'slow', value: 6, isReached: true }]);
});

test('a mark may judge another side of ours than the default one', () => {
  const bf16 = { case: 'all', side: 'embedbag bf16', count: 1, figures: { time: [1] } };
  const mark = { case: 'all', figure: 'time', of: 'embedbag bf16', against: ['fast'], ratio: 8 };
  expect(judge([mark], [], [...measurements, bf16])).toMatchObject([{ label: 'all, bf16', value: 8, isReached: true }]);
});

test('memory is judged as time is', () => {
  const mark = { case: 'all', figure: 'peakBytes', against: ['slow'], ratio: 1 };
  expect(judge([mark], [], measurements)).toMatchObject([{ label: 'all, memory', value: 0.5, isReached: false }]);
});

test('a mark against a peer that did not run is left out', () => {
  expect(judge([{ case: 'all', figure: 'time', against: ['absent'], ratio: 6 }], [], measurements)).toEqual([]);
});

test('a mark of our own may be a floor or a ceiling', () => {
  const marks = [
    { label: 'rate', value: 3, wanted: 2, sense: 'at least' as const, unit: 'x' },
    { label: 'growth', value: 3, wanted: 2, sense: 'at most' as const, unit: 'x' },
  ];
  expect(judge([], marks, []).map(({ isReached }) => isReached)).toEqual([true, false]);
});
