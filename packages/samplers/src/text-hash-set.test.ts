import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextHashSet } from './text-hash-set.js';

/** Words from a small range, so that hashes share a word, meet in a slot and come again. */
const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -2, max: -1 }), fc.nat(0xffffffff));
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), low: word, high: word }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('has' as const), low: word, high: word }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

test('holds what a plain set of both words holds', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
      const set = new TextHashSet(operations.length);
      const plain = new Set<string>();
      for (const step of operations) {
        if (step.kind === 'clear') {
          set.clear();
          plain.clear();
          continue;
        }
        const key = `${step.low >>> 0}:${step.high >>> 0}`;
        expect(set.has(step.low, step.high)).toBe(plain.has(key));
        if (step.kind !== 'add') continue;
        set.add(step.low, step.high);
        plain.add(key);
      }
    }),
    { numRuns: 500 },
  );
});

test('tells hashes apart that differ in one word only', () => {
  const set = new TextHashSet(4);
  set.add(7, 1);
  expect(set.has(7, 1)).toBe(true);
  expect(set.has(7, 2)).toBe(false);
  expect(set.has(8, 1)).toBe(false);
  expect(set.has(1, 7)).toBe(false);
});

test('is filled to its capacity with hashes of the worst kind', () => {
  const set = new TextHashSet(1000);
  for (let i = 0; i < 1000; i++) set.add(0, i);
  for (let i = 0; i < 1000; i++) expect(set.has(0, i)).toBe(true);
  expect(set.has(0, 1000)).toBe(false);
});
