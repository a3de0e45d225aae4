import { existsSync, readFileSync } from 'node:fs';
import type { TokenBags, Tokenizer } from '@embedbag/core';
import fc from 'fast-check';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from './tokenizer-from-json.js';
import { trainWordPiece } from './train-word-piece.js';
import { unicodeData } from './unicode-data.js';

const SHARED = new URL('../../../../shared/', import.meta.url);
const FUZZ = { numRuns: 40, seed: 20_240 };

function bagsToLists({ ids, offsets }: TokenBags): number[][] {
  return Array.from(offsets.subarray(1), (end, index) => [...ids.subarray(offsets[index], end)]);
}

function tokenizeOne(tokenizer: Tokenizer, text: string): number[] {
  return bagsToLists(tokenizer.tokenize([text]))[0]!;
}

async function rustIds(json: string, texts: readonly string[]): Promise<number[][]> {
  const encodings = await RustTokenizer.fromString(json).encodeBatch([...texts], { addSpecialTokens: false });
  return encodings.map((encoding) => encoding.getIds());
}

/** Fails with the texts that came out differently. */
async function expectSameAsRust(json: string, texts: readonly string[]): Promise<void> {
  const tokenizer = tokenizerFromJson(json);
  const ours = bagsToLists(tokenizer.tokenize(texts));
  // Words and code units that came before take a shorter way.
  expect(bagsToLists(tokenizer.tokenize(texts))).toEqual(ours);
  const theirs = await rustIds(json, texts);
  const different = texts.flatMap((text, index) =>
    ours[index]!.join() === theirs[index]!.join() ? [] : [{ text, ours: ours[index], theirs: theirs[index] }],
  );
  expect(different.slice(0, 3)).toEqual([]);
}

interface JsonOverrides {
  readonly vocabulary: readonly string[];
  readonly normalizer?: object | null;
  readonly preTokenizer?: object | null;
  readonly addedTokens?: readonly object[];
  readonly prefix?: string;
  readonly maxChars?: number;
}

const BERT = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
};

function tokenizerJson(parts: JsonOverrides): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: parts.addedTokens ?? [],
    normalizer: parts.normalizer === undefined ? BERT : parts.normalizer,
    pre_tokenizer: parts.preTokenizer === undefined ? { type: 'BertPreTokenizer' } : parts.preTokenizer,
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: parts.prefix ?? '##',
      max_input_chars_per_word: parts.maxChars ?? 100,
      vocab: Object.fromEntries(['[UNK]', ...new Set(parts.vocabulary)].map((token, id) => [token, id])),
    },
  });
}

function addedToken(content: string, rules: object = {}): object {
  return {
    id: 0,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
    ...rules,
  };
}

/** A vocabulary that tells every character of `texts` from every other, raw and normalized by Rust's rules. */
function everyCharacter(texts: readonly string[], prefix = '##'): string[] {
  const forms = texts.flatMap((text) => [
    text,
    text.normalize('NFD'),
    text.toLowerCase(),
    text.normalize('NFD').toLowerCase(),
  ]);
  const wellFormed = forms.map((text) => Buffer.from(text, 'utf8').toString('utf8'));
  const characters = [...new Set(wellFormed.flatMap((text) => [...text]))];
  return characters.flatMap((character) => [character, prefix + character]);
}

/** Code points that some rule treats in a special way. */
const PECULIAR = ((): number[] => {
  const { flags, stripped, lowercase } = unicodeData();
  const members = [...stripped.keys(), ...lowercase.keys()];
  flags.forEach((flag, codePoint) => {
    if (flag !== 0 && (codePoint < 0x3000 || codePoint % 101 === 0 || (flag & 64) !== 0)) members.push(codePoint);
  });
  return members;
})();

const peculiar = fc.constantFrom(...PECULIAR).map((codePoint) => String.fromCodePoint(codePoint));
const marks = fc
  .constantFrom(...PECULIAR.filter((codePoint) => (unicodeData().flags[codePoint]! & (16 | 32 | 64)) !== 0))
  .map((codePoint) => String.fromCodePoint(codePoint));
const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((codePoint) => String.fromCodePoint(codePoint));
const loneSurrogate = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
const hangul = fc.integer({ min: 0xac00, max: 0xd7a3 }).map((codePoint) => String.fromCodePoint(codePoint));
const fragment = fc.constantFrom(
  'the',
  'Straße',
  'İ',
  'ΟΔΟΣ',
  '[MASK]',
  '[UNK]',
  '[mask]',
  '中文',
  ' ',
  '.',
  'é',
  '\t',
  '##s',
);
const text = fc
  .array(fc.oneof(fragment, peculiar, marks, anyCharacter, loneSurrogate, hangul, fc.string()), { maxLength: 14 })
  .map((pieces) => pieces.join(''));
const texts = fc.array(text, { minLength: 100, maxLength: 150 });

describe('the exact path beside the Rust tokenizer', () => {
  it('gives the same ids for any string under a trained vocabulary', async () => {
    const json = trainWordPiece(['the cat sat on the mat, naïve', 'straße und gasse', 'ελληνικά'], {
      vocabularySize: 90,
    });
    await fc.assert(
      fc.asyncProperty(texts, (batch) => expectSameAsRust(json, batch)),
      FUZZ,
    );
  });

  it('gives the same ids when every character is in the vocabulary, whatever the normalizer', async () => {
    const normalizer = fc.option(
      fc.record({
        type: fc.constant('BertNormalizer'),
        clean_text: fc.boolean(),
        handle_chinese_chars: fc.boolean(),
        strip_accents: fc.option(fc.boolean()),
        lowercase: fc.boolean(),
      }),
    );
    const preTokenizer = fc.option(fc.constant({ type: 'BertPreTokenizer' }), { freq: 8 });
    const prefix = fc.constantFrom('##', '', '@@');
    await fc.assert(
      fc.asyncProperty(texts, normalizer, preTokenizer, prefix, async (batch, rules, splits, mark) => {
        const vocabulary = everyCharacter(batch, mark);
        await expectSameAsRust(
          tokenizerJson({ vocabulary, normalizer: rules, preTokenizer: splits, prefix: mark }),
          batch,
        );
      }),
      FUZZ,
    );
  });

  it('finds added tokens alike', async () => {
    const rules = fc.record({
      single_word: fc.boolean(),
      lstrip: fc.boolean(),
      rstrip: fc.boolean(),
      normalized: fc.boolean(),
      special: fc.boolean(),
    });
    const contents = ['[MASK]', 'ab', 'abc', 'É', 'x y', '中', '😀'];
    const part = fc.oneof(
      fc.constantFrom(...contents, '[mask]', ' ', '  ', '\u3000', 'a', '_', '\ud83d', 'e\u0301'),
      peculiar,
    );
    const batches = fc.array(
      fc.array(part, { maxLength: 12 }).map((pieces) => pieces.join('')),
      { minLength: 100, maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(batches, fc.array(rules, { minLength: 7, maxLength: 7 }), async (batch, allRules) => {
        const addedTokens = contents.map((content, index) => addedToken(content, allRules[index]));
        await expectSameAsRust(tokenizerJson({ vocabulary: [...everyCharacter(batch), '##bc'], addedTokens }), batch);
      }),
      FUZZ,
    );
  });

  it('gives the same ids for every code point that some rule names', async () => {
    const characters = PECULIAR.map((codePoint) => String.fromCodePoint(codePoint));
    const batch = characters.map((character) => `a${character}a`);
    await expectSameAsRust(tokenizerJson({ vocabulary: everyCharacter(characters).concat('a', '##a') }), batch);
  });

  it('counts code points, not code units, against `max_input_chars_per_word`', async () => {
    const batch = ['a'.repeat(100), 'a'.repeat(101), '😀'.repeat(100), '😀'.repeat(101), `${'a'.repeat(100)}\u0301`];
    await expectSameAsRust(tokenizerJson({ vocabulary: everyCharacter(['a😀']) }), batch);
    await expectSameAsRust(tokenizerJson({ vocabulary: everyCharacter(['a😀']), maxChars: 3 }), [
      'aaa',
      'aaaa',
      'é'.repeat(3),
    ]);
  });

  it('gives added tokens the ids that Rust gives them, whatever the file says', () => {
    const added = [
      addedToken('[A]', { id: 9 }),
      addedToken('b', { id: 7 }),
      addedToken('[C]', { id: 3 }),
      addedToken(''),
    ];
    const json = tokenizerJson({ vocabulary: ['a', 'b'], addedTokens: added });
    const tokenizer = tokenizerFromJson(json);
    const rust = RustTokenizer.fromString(json);
    for (const token of ['[UNK]', 'a', 'b', '[A]', '[C]', 'nope']) {
      expect(tokenizer.tokenToId(token) ?? null).toBe(rust.tokenToId(token));
    }
    for (let id = 0; id < 6; id += 1) expect(tokenizer.idToToken(id) ?? null).toBe(rust.idToToken(id));
    expect(tokenizer.vocabularySize).toBe(5);
  });
});

describe('the exact path', () => {
  const json = trainWordPiece(['hello world hello word'], { vocabularySize: 40 });

  it('keeps at most `maxTokens` tokens of each text', () => {
    const tokenizer = tokenizerFromJson(
      tokenizerJson({ vocabulary: everyCharacter(['abc']), addedTokens: [addedToken('[M]')] }),
    );
    const batch = ['abc abc', '', 'a,b', '[M][M]a[M]', 'a\u302e b c d'];
    const all = bagsToLists(tokenizer.tokenize(batch));
    for (let maxTokens = 0; maxTokens < 8; maxTokens += 1) {
      const cut = all.map((ids) => ids.slice(0, maxTokens));
      expect(bagsToLists(tokenizer.tokenize(batch, { maxTokens }))).toEqual(cut);
    }
  });

  it('gives a text the same ids alone, in a batch, and again', () => {
    const tokenizer = tokenizerFromJson(json);
    fc.assert(
      fc.property(texts, (batch) => {
        const together = bagsToLists(tokenizer.tokenize(batch));
        expect(batch.map((one) => tokenizeOne(tokenizer, one))).toEqual(together);
      }),
      { numRuns: 5 },
    );
  });

  it('stays right when more words come than the cache holds', () => {
    const tokenizer = tokenizerFromJson(tokenizerJson({ vocabulary: everyCharacter(['0123456789']) }));
    const words = Array.from({ length: 140_000 }, (_, index) => String(index));
    const expected = bagsToLists(tokenizer.tokenize(words.slice(0, 50)));
    const many = tokenizer.tokenize([words.join(' ')]);
    expect(many.ids.length).toBe(words.join('').length);
    expect(bagsToLists(tokenizer.tokenize(words.slice(0, 50)))).toEqual(expected);
    expect(expected[42]).toEqual([tokenizer.tokenToId('4'), tokenizer.tokenToId('##2')]);
  });

  it('is described by the contract', () => {
    const tokenizer = tokenizerFromJson(json);
    expect(tokenizer.contract).toBe('embedbag/tokenizer@1');
    expect(tokenizer.kind).toBe('wordpiece');
    expect(tokenizer.unknownId).toBe(1);
    expect(tokenizer.idToToken(1)).toBe('[UNK]');
    expect(tokenizer.toJson()).toBe(json);
    expect(bagsToLists(tokenizer.tokenize([]))).toEqual([]);
  });
});

describe.skipIf(!existsSync(SHARED))('the exact path on the golden texts', () => {
  it.each(['bert-base-uncased', 'bert-base-multilingual-uncased'])('gives the ids of %s', (name) => {
    const read = (path: string): string => readFileSync(new URL(path, SHARED), 'utf8');
    const golden: string[] = JSON.parse(read('golden/tokenization/texts.json'));
    const expected: number[][] = JSON.parse(read(`golden/tokenization/${name}.ids.json`));
    const tokenizer = tokenizerFromJson(read(`data/tokenizers/${name}.json`));
    const received = bagsToLists(tokenizer.tokenize(golden));
    const different = golden.filter((_, index) => received[index]!.join() !== expected[index]!.join());
    expect(golden.length).toBe(6636);
    expect(different).toEqual([]);
  });
});
