import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Tokenizer } from '@embedbag/core';
import { describe, expect, it } from 'vitest';
import { changeVocabulary } from './change-vocabulary.js';
import grown from './fixtures/grown-vocabulary.json' with { type: 'json' };
import { tokenizerFromJson } from './tokenizer-from-json.js';
import { trainWordPiece } from './train-word-piece.js';
import { createWordCounter } from './word-counter.js';

const base = trainWordPiece(grown.trainingTexts, { vocabularySize: 80, minFrequency: 1 });

function tokens(tokenizer: Tokenizer, text: string): (string | undefined)[] {
  const { ids, offsets } = tokenizer.tokenize([text]);
  return [...ids.subarray(0, offsets[1])].map((id) => tokenizer.idToToken(id));
}

function idsOf(tokenizer: Tokenizer, texts: readonly string[]): number[][] {
  const { ids, offsets } = tokenizer.tokenize(texts);
  return texts.map((_, index) => [...ids.subarray(offsets[index], offsets[index + 1])]);
}

describe('changeVocabulary', () => {
  it("makes the file whose ids Hugging Face's tokenizers gave", () => {
    const { json } = changeVocabulary(base, { add: grown.add, drop: new RegExp(grown.drop), forStaticModel: true });
    expect(createHash('sha256').update(json).digest('hex')).toBe(grown.sha256);
    expect(idsOf(tokenizerFromJson(json), grown.texts)).toEqual(grown.ids);
  });

  it('gives new words the next ids and leaves the others as they are', () => {
    const before = tokenizerFromJson(base);
    const {
      json,
      added,
      skipped,
      tokens: all,
    } = changeVocabulary(base, { add: ['Zürich', 'kitten', 'cat', 'two words', '', 'kitten'] });
    const after = tokenizerFromJson(json);
    expect([added, skipped]).toEqual([
      ['zurich', 'kitten'],
      ['cat', 'two words', '', 'kitten'],
    ]);
    expect(after.tokenToId('zurich')).toBe(before.vocabularySize);
    expect(after.vocabularySize).toBe(before.vocabularySize + 2);
    expect(all.length).toBe(after.vocabularySize);
    expect(tokens(after, 'ZÜRICH kittens')).toEqual(['zurich', 'kitten', '##s']);
    expect(idsOf(after, ['the cat sat'])).toEqual(idsOf(before, ['the cat sat']));
  });

  it('drops what the pattern matches at the beginning, and renumbers special tokens, padding and post-processor', () => {
    const file = JSON.parse(base) as { padding: object | null };
    file.padding = { strategy: 'BatchLongest', direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' };
    const { json, dropped } = changeVocabulary(JSON.stringify(file), { drop: /\[PAD\]|ca/ });
    expect(dropped).toEqual(expect.arrayContaining(['[PAD]', 'cat']));
    const made = JSON.parse(json) as {
      padding: null;
      added_tokens: { id: number; content: string }[];
      post_processor: { special_tokens: Record<string, { ids: number[] }> };
    };
    expect(made.padding).toBeNull();
    expect(made.added_tokens.map(({ id, content }) => [id, content])).toEqual([
      [0, '[UNK]'],
      [1, '[CLS]'],
      [2, '[SEP]'],
      [3, '[MASK]'],
    ]);
    expect(made.post_processor.special_tokens['[SEP]']?.ids).toEqual([2]);
    const after = tokenizerFromJson(json);
    expect(tokens(after, 'scat')).not.toContain('cat');
    const ids = Array.from({ length: after.vocabularySize }, (_, id) => after.idToToken(id));
    expect(ids).not.toContain(undefined);
  });

  it('leaves what belongs to a transformer out for a static model', () => {
    const file = JSON.parse(base) as { truncation: object | null };
    file.truncation = { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
    const made = changeVocabulary(JSON.stringify(file), { forStaticModel: true });
    expect(made.dropped).toEqual(['[CLS]', '[SEP]', '[MASK]']);
    expect(JSON.parse(made.json)).toMatchObject({ truncation: null, post_processor: null });
    expect(tokenizerFromJson(made.json).truncation).toBeUndefined();
    expect(tokenizerFromJson(changeVocabulary(JSON.stringify(file), {}).json).truncation?.maxTokens).toBe(3);
  });

  it('keeps the id of an added token that is not in the vocabulary', () => {
    const file = JSON.parse(base) as { added_tokens: object[] };
    const rules = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    file.added_tokens.push({ id: 9999, content: '<extra>', ...rules });
    const before = tokenizerFromJson(JSON.stringify(file));
    const { json } = changeVocabulary(JSON.stringify(file), { add: ['kitten'] });
    const after = tokenizerFromJson(json);
    expect(after.tokenToId('<extra>')).toBe(before.tokenToId('<extra>'));
    expect(tokens(after, 'kitten<extra>')).toEqual(['kitten', '<extra>']);
  });

  it('refuses to drop what is needed', () => {
    expect(() => changeVocabulary(base, { drop: /\[CLS/ })).toThrow(
      'Expected `drop` to leave `[CLS]`, a token that the post-processor adds, received a pattern that matches it. Give a narrower pattern.',
    );
  });

  it('refuses other kinds of tokenizers', () => {
    const bpe = JSON.stringify({ model: { type: 'BPE', vocab: {}, merges: [] }, pre_tokenizer: { type: 'ByteLevel' } });
    const message =
      "Expected the tokenizer to be a `WordPiece` with a `BertNormalizer` and a `BertPreTokenizer`, received `BPE`, `none`, `ByteLevel`. Words can be added to BERT's vocabularies only; leave them out, or take such a tokenizer.";
    expect(() => changeVocabulary(bpe, { add: ['a'] })).toThrow(message);
    expect(() => createWordCounter(bpe)).toThrow(message);
  });
});

describe('createWordCounter', () => {
  it('gives the most frequent words that are no tokens, the frequent ones first', () => {
    const counter = createWordCounter(base);
    counter.add(['Kittens purr. kittens sleep, cats sleep', 'purr kittens']);
    counter.add(['x x x once sleep']);
    expect(counter.newWords({ limit: 10 })).toEqual(['kittens', 'sleep', 'purr']);
    expect(counter.newWords({ limit: 10, minFrequency: 1 })).toEqual(['kittens', 'sleep', 'purr', 'once']);
    expect(counter.newWords({ limit: 1 })).toEqual(['kittens']);
  });
});

const shared = new URL('../../../../shared/', import.meta.url);

describe.skipIf(!existsSync(new URL('data/tokenizers', shared)))('on the vocabulary of bert-base-uncased', () => {
  it("gives the ids of Hugging Face's tokenizers for adversarial texts after it has grown", () => {
    const json = readFileSync(new URL('data/tokenizers/bert-base-uncased.json', shared), 'utf8');
    const texts = JSON.parse(readFileSync(new URL('golden/tokenization/texts.json', shared), 'utf8')) as string[];
    const counter = createWordCounter(json);
    counter.add(texts);
    const words = counter.newWords({ limit: 1000, minFrequency: 1 });
    const made = changeVocabulary(json, { add: words, drop: /\[unused\d+\]/ });
    const ids = idsOf(tokenizerFromJson(made.json), texts);
    expect([words.length, createHash('sha256').update(JSON.stringify(ids)).digest('hex')]).toEqual([
      grown.bert.words,
      grown.bert.idsSha256,
    ]);
  });
});
