import { expect, test } from 'vitest';
import { markdownTable, rowsOf, shortBytes, shortNumber, shortTime } from './results-table.mjs';

const RESULT = {
  entry: 'tokenize',
  work: '',
  command: 'pnpm bench',
  date: '2026-01-01',
  scale: 'quick',
  machine: { processor: '', cores: 2, memoryGiB: 8, system: '' },
  versions: {},
  unit: { name: 'texts', perSecond: true },
  agreements: [],
  notes: [],
} as const;

test('numbers, times and sizes have three digits and a unit', () => {
  expect([404_000, 1_500_000, 48_000, 84, 2e9, 0.25].map(shortNumber)).toEqual([
    '404 k',
    '1.50 M',
    '48.0 k',
    '84.0',
    '2.00 G',
    '0.250',
  ]);
  expect([0.000336, 0.75, 10.6, 164, 9e-7].map(shortTime)).toEqual(['336 us', '750 ms', '10.6 s', '164 s', '900 ns']);
  expect([311 * 2 ** 20, 1.05 * 2 ** 30].map(shortBytes)).toEqual(['311 MiB', '1.05 GiB']);
});

const figures = (seconds: number) => ({
  time: { median: seconds, min: seconds, max: seconds },
  peakBytes: { median: 2 ** 20, min: 2 ** 20, max: 2 ** 20 },
});

test('a peer stands in a row with its ratio and its mark', () => {
  const rows = rowsOf({
    ...RESULT,
    sides: [
      { case: 'all', side: 'embedbag', count: 1, rounds: 1, figures: figures(0.001) },
      { case: 'all', side: 'peer', note: 'batches of 32', count: 1, rounds: 1, figures: figures(0.01) },
    ],
    marks: [
      {
        label: 'all',
        case: 'all',
        figure: 'time',
        side: 'embedbag',
        peer: 'peer',
        value: 10,
        wanted: 12,
        sense: 'at least',
        unit: 'x',
        isReached: false,
      },
    ],
  });
  expect(rows).toEqual([
    ['tokenize', 'all', 'embedbag', '1.00 k texts/s (1.00 k to 1.00 k)', '1 MiB', '', ''],
    ['tokenize', 'all', 'peer (batches of 32)', '100 texts/s (100 to 100)', '1 MiB', '10.0x', '12.0x short by 1.20x'],
  ]);
});

test('a mark of another side of ours says which', () => {
  const sides = [
    { case: 'all', side: 'embedbag', count: 1, rounds: 1, figures: figures(0.001) },
    { case: 'all', side: 'embedbag bf16', count: 1, rounds: 1, figures: figures(0.0005) },
    { case: 'all', side: 'peer', count: 1, rounds: 1, figures: figures(0.01) },
  ];
  const mark = {
    ...{ label: 'all, bf16', case: 'all', figure: 'time', side: 'embedbag bf16', peer: 'peer' },
    value: 20,
  };
  const marks = [{ ...mark, wanted: 10, sense: 'at least' as const, unit: 'x', isReached: true }];
  expect(rowsOf({ ...RESULT, sides, marks })[2]?.slice(-2)).toEqual(['10.0x', 'bf16 20.0x, 10.0x reached']);
});

test('figures beside the time are shown as times, sizes or numbers', () => {
  const median = (value: number) => ({ median: value, min: value, max: value });
  const figures = {
    time: median(1),
    p99: median(0.002),
    limit: median(0.5),
    wasmBytes: median(2 ** 20),
    rate: median(3),
  };
  const result = { ...RESULT, sides: [{ case: 'all', side: 'embedbag', count: 1, rounds: 1, figures }], marks: [] };
  expect(rowsOf({ ...result, unit: { name: 'step', perSecond: false } })[0]?.[3]).toBe(
    '1.00 s (1.00 s to 1.00 s); p99 2.00 ms; limit 500 ms; wasm 1 MiB; rate 3.00',
  );
});

test('a Markdown table has a line under its header', () => {
  expect(
    markdownTable([
      ['a', 'b'],
      ['1', '2'],
    ]),
  ).toBe('| a | b |\n|---|---|\n| 1 | 2 |\n');
});
