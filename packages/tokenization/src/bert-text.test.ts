import { bertNormalizer, bertPreTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import {
  BertText,
  CLASS_ALONE,
  CLASS_MAPPED,
  CLASS_PLAIN,
  CLASS_SPACE,
  CLASS_VANISHES,
  LONGEST_PART,
} from './bert-text.js';
import { codePointAt, widthOf } from './code-points.js';

/** Every code point but the surrogates. */
const EVERY: readonly string[] = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint)
  .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
  .map((codePoint) => String.fromCodePoint(codePoint));

/** The scripts that have most rules, and some of the others. */
const MANY: readonly string[] = EVERY.filter((_, index) => index < 0x3100 || index % 97 === 0);

/** Texts of 256 characters each, every one between two letters. */
function chunks(characters: readonly string[]): string[] {
  const texts: string[] = [];
  for (let start = 0; start < characters.length; start += 256) {
    texts.push(
      characters
        .slice(start, start + 256)
        .map((character) => `x${character}x`)
        .join(''),
    );
  }
  return texts;
}

function wordsOf(text: BertText, normalized: string): string[] {
  const words: string[] = [];
  text.splitWords(normalized, (word) => words.push(word) > 0);
  return words;
}

/** What becomes of `word`, whose code points are all of class `CLASS_ALONE` or below, one code point after the other. */
function normalizedWord(text: BertText, word: string): string {
  const units = new Uint16Array(word.length * LONGEST_PART);
  let end = 0;
  for (let index = 0; index < word.length; ) {
    const codePoint = codePointAt(word, index);
    end = text.writePart(codePoint, units, end);
    index += widthOf(codePoint);
  }
  return String.fromCharCode(...units.subarray(0, end));
}

/** The words of `x`, the character and `x` again as its class foretells them; undefined where it foretells nothing. */
function wordsByClass(text: BertText, character: string): string[] | undefined {
  const middle = normalizedWord(text, character);
  const wordsOfClass = new Map([
    [CLASS_PLAIN, [`x${character}x`]],
    [CLASS_VANISHES, ['xx']],
    [CLASS_MAPPED, [`x${middle}x`]],
    [CLASS_SPACE, ['x', 'x']],
    [CLASS_ALONE, ['x', middle, 'x']],
  ]);
  return wordsOfClass.get(text.classes[character.codePointAt(0)!]!);
}

const ALL_SETTINGS = [...Array(16).keys()].map((bits) => ({
  cleanText: (bits & 1) !== 0,
  handleChineseChars: (bits & 2) !== 0,
  stripAccents: (bits & 4) !== 0,
  lowercase: (bits & 8) !== 0,
}));

describe('BertText beside the Rust normalizer', () => {
  it('normalizes every code point to the same text', () => {
    const settings = { cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true };
    const text = new BertText(settings);
    const rust = bertNormalizer(settings);
    const different = chunks(EVERY).filter((chunk) => text.normalize(chunk) !== rust.normalizeString(chunk));
    expect(different).toEqual([]);
  });

  it.each(ALL_SETTINGS)(
    'normalizes alike under $cleanText $handleChineseChars $stripAccents $lowercase',
    (settings) => {
      const text = new BertText(settings);
      const rust = bertNormalizer(settings);
      const different = chunks(MANY).filter((chunk) => text.normalize(chunk) !== rust.normalizeString(chunk));
      expect(different).toEqual([]);
    },
  );

  it('splits at every code point alike', () => {
    const text = new BertText({ cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false });
    const rust = bertPreTokenizer();
    const different = chunks(EVERY).filter((chunk) => {
      const expected = rust.preTokenizeString(chunk).map(([word]) => word);
      return wordsOf(text, chunk).join('\n') !== expected.join('\n');
    });
    expect(different).toEqual([]);
  });

  it.each(ALL_SETTINGS)('classifies code points by what normalizing and splitting make of them: %o', (settings) => {
    const text = new BertText(settings);
    const isDefault = settings.cleanText && settings.handleChineseChars && settings.stripAccents && settings.lowercase;
    const characters = isDefault ? EVERY.slice(0, 0x20000) : MANY;
    const irregular: string[] = [];
    const different = characters.filter((character) => {
      const received = wordsByClass(text, character);
      if (received === undefined) irregular.push(character);
      const expected = wordsOf(text, text.normalize(`x${character}x`));
      return received !== undefined && received.join(' ') !== expected.join(' ');
    });
    expect(different).toEqual([]);
    // What takes the general path is rare.
    expect(irregular.length).toBeLessThan(120);
  });

  it('makes of a raw word what it makes of the text around it', () => {
    for (const settings of ALL_SETTINGS) {
      const text = new BertText(settings);
      for (const word of [
        'Straße',
        'İstanbul',
        'ΣΊΣΥΦΟΣ',
        'a\u0301\u0000b',
        '각',
        'e\u0301',
        'x\ud800y',
        'ﬁ',
        '\u{1d400}A',
      ]) {
        expect(normalizedWord(text, word)).toBe(text.normalize(word));
      }
    }
  });

  it('orders marks that stay by their combining class, and not across a starter', () => {
    const text = new BertText({ cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true });
    // U+302E has class 224, U+1B44 class 9, U+034F class 0 and vanishes.
    expect(text.normalize('a\u302e\u1b44')).toBe('a\u1b44\u302e');
    expect(text.normalize('a\u302e\u034f\u1b44')).toBe('a\u302e\u1b44');
  });

  it('lower-cases one code point at a time', () => {
    const text = new BertText({ cleanText: true, handleChineseChars: true, stripAccents: false, lowercase: true });
    expect(text.normalize('ΟΔΟΣ İ ẞ')).toBe('οδοσ i\u0307 ß');
  });
});
