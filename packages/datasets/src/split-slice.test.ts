import { describe, expect, test } from 'vitest';
import { parseSplit, rowsOfSplit, rowsWithoutCount } from './split-slice.js';

describe('a split', () => {
  test.each([
    ['train', 0, 105],
    ['train[:100_0]', 0, 105],
    ['train[10:20]', 10, 20],
    ['train[-5:]', 100, 105],
    ['train[:-5]', 0, 100],
    ['train[:10%]', 0, 10],
    ['train[10%:20%]', 10, 21],
    ['train[-10%:]', 95, 105],
    ['train[200:300]', 105, 105],
  ])('%s has the rows of the library datasets', (text, from, to) => {
    expect(rowsOfSplit(parseSplit(text), 105)).toEqual({ from, to });
  });

  test('needs no count for rows from the start', () => {
    expect(rowsWithoutCount(parseSplit('train[:100000]'))).toEqual({ from: 0, to: 100_000 });
    expect(rowsWithoutCount(parseSplit('train[5:]'))).toEqual({ from: 5, to: Number.POSITIVE_INFINITY });
    for (const text of ['train[-5:]', 'train[:5%]']) expect(rowsWithoutCount(parseSplit(text))).toBeUndefined();
  });

  test.each(['', 'train+test', 'train[5]', 'train[:200%]', 'train[a:b]', 'train[:1]x', 'train[1:2:3]'])(
    'is not written `%s`',
    (text) => {
      expect(() => parseSplit(text)).toThrow(
        `Expected a split such as \`train\`, \`train[:100000]\`, \`train[10:20]\` or \`train[:10%]\`, received \`${text}\`. Name one split, and at most one slice of it.`,
      );
    },
  );
});
