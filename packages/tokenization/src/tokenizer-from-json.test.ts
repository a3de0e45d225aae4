import { existsSync, readFileSync } from 'node:fs';
import { isEmbedbagError } from '@embedbag/core';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from './tokenizer-from-json.js';

const SHARED = new URL('../../../../shared/', import.meta.url);

const WORD_PIECE = {
  type: 'WordPiece',
  unk_token: '[UNK]',
  continuing_subword_prefix: '##',
  max_input_chars_per_word: 100,
  vocab: { '[UNK]': 0, a: 1, '##b': 2 },
};
const BPE = {
  type: 'BPE',
  dropout: null,
  unk_token: '<unk>',
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
  vocab: { '<unk>': 0, a: 1, b: 2, c: 3, ab: 4, abc: 5 },
  merges: [
    ['a', 'b'],
    ['ab', 'c'],
  ],
};
const UNIGRAM = {
  type: 'Unigram',
  unk_id: 0,
  byte_fallback: false,
  vocab: [
    ['<unk>', 0],
    ['a', -1],
    ['b', -1.5],
    ['ab', -1.2],
  ],
};
const WORD_LEVEL = { type: 'WordLevel', unk_token: '<unk>', vocab: { '<unk>': 0, ab: 1, c: 2 } };

function file(model: object, parts: object = {}): string {
  const pre_tokenizer = { type: 'Whitespace' };
  return JSON.stringify({ version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer, model, ...parts });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isEmbedbagError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('tokenizerFromJson', () => {
  it.each([
    ['bpe', BPE, 6],
    ['unigram', UNIGRAM, 4],
    ['wordlevel', WORD_LEVEL, 3],
    ['wordpiece', WORD_PIECE, 3],
  ])('reads a %s model and gives the ids of Rust for plain words', async (kind, model, vocabularySize) => {
    const json = file(model);
    const tokenizer = tokenizerFromJson(json);
    const texts = ['abc ab c', '', 'ab'];
    const { ids, offsets } = tokenizer.tokenize(texts);
    const expected = await RustTokenizer.fromString(json).encodeBatch(texts, { addSpecialTokens: false });
    expect([...ids]).toEqual(expected.flatMap((encoding) => encoding.getIds()));
    expect([...offsets]).toEqual(
      [0, 1, 1, 2].map((_, index) => expected.slice(0, index).flatMap((e) => e.getIds()).length),
    );
    expect({ kind: tokenizer.kind, size: tokenizer.vocabularySize, unknown: tokenizer.unknownId }).toEqual({
      kind,
      size: vocabularySize,
      unknown: 0,
    });
    expect(tokenizer.toJson()).toBe(json);
  });

  it('adds no special tokens, pads nothing and cuts nothing, whatever the file says', () => {
    const parts = {
      added_tokens: [
        { id: 6, content: '<s>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
      ],
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: { '<s>': { id: '<s>', ids: [6], tokens: ['<s>'] } },
      },
      truncation: { direction: 'Right', max_length: 2, strategy: 'LongestFirst', stride: 0 },
      padding: { strategy: { Fixed: 8 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '<unk>' },
    };
    for (const model of [BPE, { ...WORD_PIECE, vocab: BPE.vocab }]) {
      const { ids } = tokenizerFromJson(file(model, parts)).tokenize(['ab ab ab']);
      expect([...ids]).toEqual([4, 4, 4]);
    }
  });

  it('keeps at most `maxTokens` tokens of a text with every kind of model', () => {
    for (const model of [BPE, UNIGRAM, WORD_LEVEL]) {
      const { ids, offsets } = tokenizerFromJson(file(model)).tokenize(['ab ab ab', 'ab'], { maxTokens: 2 });
      expect(ids.length).toBe(3);
      expect([...offsets]).toEqual([0, 2, 3]);
    }
  });

  it('reads an old WordPiece model that does not name its type', () => {
    const { type: _, ...model } = WORD_PIECE;
    const tokenizer = tokenizerFromJson(file(model, { pre_tokenizer: { type: 'BertPreTokenizer' } }));
    expect([...tokenizer.tokenize(['ab a x']).ids]).toEqual([1, 2, 1, 0]);
  });

  it('says what is wrong with a file', () => {
    const bert = { pre_tokenizer: { type: 'BertPreTokenizer' } };
    expect(messageOf(() => tokenizerFromJson('{'))).toMatch(
      /^invalid-tokenizer-json: Expected the tokenizer\.json to hold JSON, received text that does not parse/,
    );
    expect(messageOf(() => tokenizerFromJson('[]'))).toContain(
      'Expected the top level of the tokenizer.json to be an object, received an array.',
    );
    expect(messageOf(() => tokenizerFromJson('{}'))).toContain(
      'Expected `model` of the tokenizer.json to be an object, received nothing.',
    );
    expect(messageOf(() => tokenizerFromJson(undefined as never))).toContain(
      'to be the text of a tokenizer.json, received nothing.',
    );
    expect(messageOf(() => tokenizerFromJson(file({ ...WORD_PIECE, vocab: { a: 1.5 } }, bert)))).toContain(
      'Expected `model.vocab["a"]` of the tokenizer.json to be a whole number from 0 to 2147483647, received 1.5.',
    );
    expect(messageOf(() => tokenizerFromJson(file({ ...WORD_PIECE, unk_token: null }, bert)))).toContain(
      'Expected `model.unk_token` of the tokenizer.json to be a string, received null.',
    );
    expect(
      messageOf(() => tokenizerFromJson(file(WORD_PIECE, { ...bert, normalizer: { type: 'BertNormalizer' } }))),
    ).toContain('Expected `normalizer.lowercase` of the tokenizer.json to be true or false, received nothing.');
    expect(messageOf(() => tokenizerFromJson(file(WORD_PIECE, { ...bert, added_tokens: [{ id: 1 }] })))).toContain(
      'Expected `added_tokens[0].content` of the tokenizer.json to be a string, received nothing.',
    );
    expect(messageOf(() => tokenizerFromJson(file(WORD_PIECE, { ...bert, version: '2' })))).toContain('`version`');
    expect(messageOf(() => tokenizerFromJson(file({ type: 'Nope' })))).toMatch(
      /^unsupported-tokenizer: .* received a Nope model that it refuses: .* Use a tokenizer of another kind\.$/,
    );
  });

  it.each(['-1', '1.5', '2147483648', '"1"', 'null', 'true', '[1]'])('refuses the id %s', (id) => {
    const model = JSON.stringify(WORD_PIECE).replace('"a":1', `"a":${id}`);
    const json = `{"pre_tokenizer":{"type":"BertPreTokenizer"},"model":${model}}`;
    expect(messageOf(() => tokenizerFromJson(json))).toContain(
      'Expected `model.vocab["a"]` of the tokenizer.json to be a whole number from 0 to 2147483647, received ',
    );
  });

  it.each(['\ud83d', '\\ud83d', '\\uDE42'])(
    'refuses a token with half a character, `%s`, and takes a whole one',
    (half) => {
      const json = file(WORD_PIECE, { pre_tokenizer: { type: 'BertPreTokenizer' } });
      expect(messageOf(() => tokenizerFromJson(json.replace('"a":1', `"a${half}":1`)))).toContain(
        'Expected `model.vocab` of the tokenizer.json to be text without lone surrogates, received ',
      );
      for (const whole of ['🙂', '\\ud83d\\ude42']) {
        expect([...tokenizerFromJson(json.replace('"a":1', `"${whole}":1`)).tokenize(['🙂']).ids]).toEqual([1]);
      }
    },
  );

  it('says so when a text needs an unknown token that the vocabulary lacks', () => {
    const model = { ...WORD_PIECE, unk_token: '[GONE]' };
    const tokenizer = tokenizerFromJson(file(model, { pre_tokenizer: { type: 'BertPreTokenizer' } }));
    expect(tokenizer.unknownId).toBeUndefined();
    expect([...tokenizer.tokenize(['ab']).ids]).toEqual([1, 2]);
    expect(messageOf(() => tokenizer.tokenize(['x']))).toBe(
      'missing-unknown-token: Expected the unknown token `[GONE]` to be in `model.vocab`, received a text that needs it. Add it to the vocabulary.',
    );
  });

  it('refuses what is no array of strings, and a `maxTokens` that is no count', () => {
    const tokenizer = tokenizerFromJson(file(WORD_PIECE, { pre_tokenizer: null }));
    expect(messageOf(() => tokenizer.tokenize('a' as never))).toContain('Wrap one text in an array.');
    expect(messageOf(() => tokenizer.tokenize(['a', null as never]))).toContain(
      'Expected `texts[1]` to be a string, received null.',
    );
    expect(messageOf(() => tokenizer.tokenize(['a'], { maxTokens: -1 }))).toContain('at least 0, received -1.');
  });
});

describe.skipIf(!existsSync(SHARED))('tokenizerFromJson on the golden models', () => {
  it('gives the ids that sentence-transformers gets', () => {
    const read = (path: string): string => readFileSync(new URL(path, SHARED), 'utf8');
    const { texts, ids: expected }: { texts: string[]; ids: number[][] } = JSON.parse(read('golden/encoding.json'));
    const tokenizer = tokenizerFromJson(read('golden/models/st-v6/tokenizer.json'));
    const { ids, offsets } = tokenizer.tokenize(texts);
    expect(Array.from(offsets.subarray(1), (end, index) => [...ids.subarray(offsets[index], end)])).toEqual(expected);
  });
});
