import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashBytes, hashText, hashTexts } from './text-hash.js';

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

// From the MurmurHash3_x86_128 of the Python package mmh3 5.2: its first two words, seed 0.
test.each([
  ['', 0, 0],
  ['a', 0xa794933c, 0x5556b01b],
  ['ab', 0x158451df, 0x25be3010],
  ['abc', 0x75cdc6d1, 0xa2b006a5],
  ['abcd', 0x96b6ccaa, 0x45afc62e],
  ['hello, world', 0x8b21605c, 0xb9b98a1e],
  ['0123456789abcde', 0x3c76c46d, 0x4d0818c0],
  ['0123456789abcdef', 0xfb7d4409, 0x36aed30a],
  ['0123456789abcdefg', 0x7f1f9836, 0x516b3876],
  ['The quick brown fox jumps over the lazy dog', 0x2f1583c3, 0xecee2c67],
  ['Z\u00fcrich \u732b \u{1f600}', 0x73c7b2d5, 0x2476bea0],
  ['x'.repeat(200), 0x9d5d50d0, 0x34fd202d],
])('the hash of %j is that of MurmurHash3', (text, low, high) => {
  expect(hashOf(text)).toBe(`${high}:${low}`);
});

test('the bytes of a text have the hash of the text, wherever they lie', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(9), (text, begin) => {
      const utf8 = new TextEncoder().encode(text);
      const bytes = new Uint8Array(begin + utf8.length + 3).fill(0xff);
      bytes.set(utf8, begin);
      const hash = { low: 0, high: 0 };
      hashBytes(new DataView(bytes.buffer), begin, begin + utf8.length, hash);
      expect(`${hash.high}:${hash.low}`).toBe(hashOf(text));
    }),
  );
});

test.each([1 << 10, 1 << 14, (1 << 20) / 3, 1 << 20])('a text of %i characters is read to its end', (length) => {
  const long = '\u20ac'.repeat(length);
  expect(hashOf(`${long}a`)).not.toBe(hashOf(`${long}b`));
  const utf8 = new TextEncoder().encode(`${long}a`);
  const hash = { low: 0, high: 0 };
  hashBytes(new DataView(utf8.buffer), 0, utf8.length, hash);
  expect(`${hash.high}:${hash.low}`).toBe(hashOf(`${long}a`));
});

test('half of a surrogate pair counts as U+FFFD', () => {
  expect(hashOf('a\ud800')).toBe(hashOf('a\ufffd'));
});
