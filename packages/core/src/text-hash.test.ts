import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashText, hashTexts } from './text-hash.js';

function hashOf(text: string): string {
  const hash = { low: 0, high: 0 };
  hashText(text, hash);
  return `${hash.high}:${hash.low}`;
}

test('a hash is two unsigned 32-bit words that depend on the text alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const hash = { low: -1, high: -1 };
      hashText(text, hash);
      expect([hash.low, hash.high]).toEqual([hash.low >>> 0, hash.high >>> 0]);
      expect(hashOf(`${text}`)).toBe(`${hash.high}:${hash.low}`);
    }),
  );
});

test('texts that differ in one code unit, in order or in length have different hashes', () => {
  const texts = [
    '',
    ' ',
    '\0',
    '\0\0',
    'ab',
    'ba',
    'abc',
    'Abc',
    'a\u0301',
    '\u00e1',
    'a'.repeat(1000),
    'a'.repeat(1001),
  ];
  expect(new Set(texts.map(hashOf)).size).toBe(texts.length);
});

test('a hundred thousand short texts have no hash in common, and neither word alone is constant', () => {
  const hashes = hashTexts(Array.from({ length: 100_000 }, (_, i) => `row ${i}`));
  const pairs = new Set<string>();
  const lows = new Set<number>();
  for (let i = 0; i < hashes.length; i += 2) {
    pairs.add(`${hashes[i]}:${hashes[i + 1]}`);
    lows.add(hashes[i] ?? 0);
  }
  expect(pairs.size).toBe(100_000);
  // 100,000 draws of 2^32 meet about once.
  expect(lows.size).toBeGreaterThan(99_900);
});

test('hashTexts holds the hash of each text in order, low word first', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (texts) => {
      const hashes = hashTexts(texts);
      expect(hashes).toHaveLength(texts.length * 2);
      for (const [row, text] of texts.entries()) {
        expect(`${hashes[row * 2 + 1]}:${hashes[row * 2]}`).toBe(hashOf(text));
      }
    }),
  );
});
