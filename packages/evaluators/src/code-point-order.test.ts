import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareByCodePoints } from './code-point-order.js';

test('orders strings as lists of code points', () => {
  const point = fc.constantFrom(
    'a',
    'b',
    '\u00e9',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{1f600}',
    '\u{10ffff}',
  );
  const text = fc.array(point, { maxLength: 4 }).map((points) => points.join(''));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const left = [...a].map((each) => each.codePointAt(0)!);
      const right = [...b].map((each) => each.codePointAt(0)!);
      const at = left.findIndex((point, i) => point !== right[i]);
      const expected = at === -1 || at >= right.length ? left.length - right.length : left[at]! - right[at]!;
      expect(Math.sign(compareByCodePoints(a, b))).toBe(Math.sign(expected));
    }),
    { numRuns: 500 },
  );
});

test('puts `10` before `9`, and an emoji behind a full-width letter as Python does', () => {
  expect(['9', '10', '1'].sort(compareByCodePoints)).toEqual(['1', '10', '9']);
  expect(['\u{1f600}', '\uff21'].sort(compareByCodePoints)).toEqual(['\uff21', '\u{1f600}']);
  expect(['\u{1f600}', '\uff21'].sort()).toEqual(['\u{1f600}', '\uff21']);
});
