import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IdBuffer } from './id-buffer.js';
import { WordPiece, type WordPieceSettings } from './word-piece.js';

const SETTINGS = { unknownToken: '[UNK]', continuingSubwordPrefix: '##', maxInputCharsPerWord: 100 };

function modelOf(tokens: readonly string[], settings: Partial<WordPieceSettings> = {}): WordPiece {
  const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return new WordPiece({ ...SETTINGS, vocabulary, tokens, highestId: tokens.length - 1, ...settings }, true);
}

function idsOf(model: WordPiece, word: string): number[] {
  const out = new IdBuffer(1);
  model.encode(word, out);
  return [...out.ids.subarray(0, out.length)];
}

/** Splits so many words that the model goes over to its trie. */
function wearIn(model: WordPiece): void {
  for (let count = 0; count < 20_000; count += 1) model.encode('zzz', new IdBuffer(1));
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '你', '🙂', '#'), minLength: 1, maxLength: 6 });

it.each(['##', '', '🙂'])('splits the first words as it does all later ones, with the prefix `%s`', (prefix) => {
  const token = fc.oneof(
    letters,
    letters.map((text) => `${prefix}${text}`),
  );
  const tokens = fc.uniqueArray(token, { maxLength: 30 });
  fc.assert(
    fc.property(tokens, fc.array(letters, { maxLength: 20 }), (some, words) => {
      const model = modelOf(['[UNK]', ...some], { continuingSubwordPrefix: prefix });
      const first = words.map((word) => idsOf(model, word));
      wearIn(model);
      expect(words.map((word) => idsOf(model, word))).toEqual(first);
    }),
    { numRuns: 60, seed: 7 },
  );
});

it('takes no property of an object for a token', () => {
  const model = modelOf(['[UNK]', 'a']);
  for (const name of ['toString', 'constructor', '__proto__']) {
    expect(model.tokenToId(name)).toBeUndefined();
    expect(idsOf(model, name)).toEqual([0]);
  }
});

it('splits a first word of a hundred thousand code units', () => {
  const model = modelOf(['[UNK]', 'ab', '##ab'], { maxInputCharsPerWord: Number.MAX_SAFE_INTEGER });
  const ids = idsOf(model, 'ab'.repeat(50_000));
  expect(ids.length).toBe(50_000);
  expect(ids.slice(0, 3)).toEqual([1, 2, 2]);
});

it('says that the unknown token is missing with the first word as with a later one', () => {
  const model = modelOf(['zzz', 'a']);
  const message = 'Expected the unknown token `[UNK]` to be in `model.vocab`, received a text that needs it.';
  expect(() => idsOf(model, 'b')).toThrow(message);
  wearIn(model);
  expect(() => idsOf(model, 'b')).toThrow(message);
});
