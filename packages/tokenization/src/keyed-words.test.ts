import { expect, it } from 'vitest';
import { IdBuffer } from './id-buffer.js';
import { KeyedWords } from './keyed-words.js';
import { WordPiece } from './word-piece.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const TOKENS = ['[UNK]', ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)];
const model = new WordPiece({
  vocabulary: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
  tokens: TOKENS,
  highestId: TOKENS.length - 1,
  unknownToken: '[UNK]',
  continuingSubwordPrefix: '##',
  maxInputCharsPerWord: 100,
});

/** Word `number`, in letters, filled up to `length`. */
function wordOf(number: number, length: number): string {
  let word = '';
  for (let rest = number; word.length < length; rest = Math.floor(rest / 26)) word += LETTERS[rest % 26];
  return word;
}

function keyOf(word: string): [number, number, number, number] {
  const bytes = new DataView(new ArrayBuffer(16));
  for (const [index, letter] of [...word].entries()) bytes.setUint8(index, letter.charCodeAt(0));
  return [bytes.getInt32(0), bytes.getInt32(4), bytes.getInt32(8), bytes.getInt32(12)];
}

function idsOf(word: string, add: (out: IdBuffer) => void): number[] {
  const out = new IdBuffer(1);
  add(out);
  expect(out.length, word).toBe(word.length);
  return [...out.ids.subarray(0, out.length)];
}

it('gives the ids of the model for words of every length, again and again, while it grows', () => {
  const words = new KeyedWords(model);
  for (let round = 0; round < 2; round += 1) {
    for (let number = 0; number < 12_000; number += 1) {
      const word = wordOf(number, 1 + (number % 16));
      const expected = idsOf(word, (out) => model.encode(word, out));
      expect(
        idsOf(word, (out) => words.add(...keyOf(word), out)),
        word,
      ).toEqual(expected);
    }
  }
});

it('starts over when it holds 131,072 words, with the same ids', () => {
  const words = new KeyedWords(model);
  const sink = new IdBuffer(16);
  for (let number = 0; number < 140_000; number += 1) {
    sink.length = 0;
    words.add(...keyOf(wordOf(number, 5)), sink);
  }
  for (const number of [0, 70_000, 139_999]) {
    const word = wordOf(number, 5);
    expect(idsOf(word, (out) => words.add(...keyOf(word), out))).toEqual(idsOf(word, (out) => model.encode(word, out)));
  }
});
