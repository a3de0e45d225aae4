import { expect, test } from 'vitest';
import { meanScore, scoreTables } from './score-report.js';

const before = { a: { 4: 0.1, 2: 0.05 }, b: { 4: 0.3, 2: 0.15 } };
const after = { a: { 4: 0.5, 2: 0.25 }, b: { 4: 0.7, 2: 0.35 } };

test('the mean is over retrieval sets at one dim', () => {
  expect(meanScore(after, 4)).toBeCloseTo(0.6, 12);
  expect(meanScore(after, 2)).toBeCloseTo(0.3, 12);
});

test('each retrieval set and their mean have a table of before, after and BM25 at every dim', () => {
  const text = scoreTables({ before, after, bm25: { a: 0.2, b: 0.4 } }, [4, 2]);
  expect(text).toContain('mean of 2 retrieval sets');
  const rows = text.split('\n').filter((line) => line.startsWith('after training'));
  expect(rows.map((row) => row.split(/\s+/).slice(2))).toEqual([
    ['0.5000', '0.2500'],
    ['0.7000', '0.3500'],
    ['0.6000', '0.3000'],
  ]);
  expect(
    text
      .split('\n')
      .filter((line) => line.startsWith('BM25'))
      .at(-1),
  ).toMatch(/0\.3000$/);
});

test('one retrieval set needs no mean', () => {
  expect(scoreTables({ before: { a: before.a }, after: { a: after.a }, bm25: { a: 0.2 } }, [4])).not.toContain(
    'mean of',
  );
});
