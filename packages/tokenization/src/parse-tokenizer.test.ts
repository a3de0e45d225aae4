import { expect, it } from 'vitest';
import { parseTokenizer } from './parse-tokenizer.js';
import { tokenizerFromJson } from './tokenizer-from-json.js';
import { trainWordPiece } from './train-word-piece.js';

const TEXTS = ['the cat sat', 'on a mat, naïvely', '', '你好 the cat', 'x'.repeat(300)];

it('gives the ids of `tokenizerFromJson` with the first texts and with later ones', async () => {
  const json = trainWordPiece(['the cat sat on the mat', 'the naïve cats sat'], {
    vocabularySize: 40,
    minFrequency: 1,
  });
  const tokenizer = await parseTokenizer(json);
  const expected = tokenizerFromJson(json).tokenize(TEXTS);
  expect(tokenizer.tokenize(TEXTS)).toEqual(expected);
  tokenizer.tokenize(Array.from({ length: 5000 }, (_, number) => `sat${number} mat${number}cat`));
  expect(tokenizer.tokenize(TEXTS)).toEqual(expected);
  expect(tokenizer.toJson()).toBe(json);
});

it('reads the kinds of `@embedbag/tokenization` that need another package', async () => {
  const model = { type: 'WordLevel', unk_token: '<unk>', vocab: { '<unk>': 0, cat: 1 } };
  const json = JSON.stringify({ version: '1.0', pre_tokenizer: { type: 'Whitespace' }, model });
  const tokenizer = await parseTokenizer(json);
  expect(tokenizer.kind).toBe('wordlevel');
  expect([...tokenizer.tokenize(['a cat']).ids]).toEqual([0, 1]);
});

it('rejects with what `tokenizerFromJson` throws', async () => {
  await expect(parseTokenizer('{}')).rejects.toThrow(
    'Expected `model` of the tokenizer.json to be an object, received nothing.',
  );
  await expect(parseTokenizer('{"model":{"type":"Nope"}}')).rejects.toThrow('received a Nope model that it refuses');
});
