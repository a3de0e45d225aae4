import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRandom } from '@embedbag/core';
import fc from 'fast-check';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from './tokenizer-from-json.js';
import { trainWordPiece, type WordPieceTrainingProgress } from './train-word-piece.js';

const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

function tokensOf(json: string): string[] {
  const vocabulary: Record<string, number> = JSON.parse(json).model.vocab;
  return Object.entries(vocabulary)
    .sort((a, b) => a[1] - b[1])
    .map(([token]) => token);
}

/** What Hugging Face's WordPieceTrainer makes of a file: its progress bar writes to the console, so a process of its own. */
async function trainWithRust(text: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'train-'));
  try {
    const file = join(folder, 'words.txt');
    await writeFile(file, text);
    const script = `
      import { bertNormalizer, bertPreTokenizer, Tokenizer, WordPiece } from 'tokenizers';
      const tokenizer = new Tokenizer(WordPiece.empty());
      tokenizer.setNormalizer(bertNormalizer());
      tokenizer.setPreTokenizer(bertPreTokenizer());
      tokenizer.train([${JSON.stringify(file)}]);
      console.log(JSON.stringify(tokenizer.getVocab(true)));`;
    const cwd = new URL('..', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd });
    const vocabulary: Record<string, number> = JSON.parse(stdout.trim().split('\n').at(-1)!);
    return Object.keys(vocabulary).sort((a, b) => vocabulary[a]! - vocabulary[b]!);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const word = fc.string({ unit: fc.constantFrom(...'abcdeéß中ж'), minLength: 1, maxLength: 9 });
const corpus = fc.array(
  fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
  { minLength: 1, maxLength: 20 },
);

describe('trainWordPiece', () => {
  it('merges as the Rust trainer does', async () => {
    const random = createRandom(7);
    // Every word begins with all characters in order, so that Rust's `##` characters have the ids that ours have.
    const words = Array.from({ length: 250 }, () => {
      const length = 1 + random.below(7);
      const tail = Array.from({ length }, () => 'bcdefgh'[random.below(7)]).join('');
      return { text: `abcdefgh${tail}`, count: 1 + random.below(40) };
    });
    const text = words.map(({ text: one, count }) => `${one} `.repeat(count)).join('\n');
    const expected = await trainWithRust(text);
    const json = trainWordPiece([text], { vocabularySize: 30_000, minFrequency: 0, specialTokens: ['[UNK]'] });
    expect(expected.length).toBeGreaterThan(400);
    expect(tokensOf(json).slice(1)).toEqual(expected);
  });

  it('gives a file that Hugging Face reads alike', async () => {
    const texts = ['The café, the cafés.', '中文 text [MASK] 2024 __proto__ constructor', 'x\u0301y'];
    const json = trainWordPiece(texts, { vocabularySize: 100 });
    const rust = RustTokenizer.fromString(json);
    const { ids, offsets } = tokenizerFromJson(json).tokenize(texts);
    for (const [index, text] of texts.entries()) {
      const encoding = await rust.encode(text, null, { addSpecialTokens: false });
      expect([...ids.subarray(offsets[index], offsets[index + 1])]).toEqual(encoding.getIds());
    }
    expect((await rust.encode('the')).getTokens()).toEqual(['[CLS]', 'the', '[SEP]']);
  });

  it('leaves no word of the texts unknown', () => {
    fc.assert(
      fc.property(corpus, (texts) => {
        const tokenizer = tokenizerFromJson(trainWordPiece(texts, { vocabularySize: 200 }));
        expect([...tokenizer.tokenize(texts).ids]).not.toContain(tokenizer.unknownId);
      }),
    );
  });

  it('depends on how often words occur and on nothing else', () => {
    fc.assert(
      fc.property(corpus, (texts) => {
        const options = { vocabularySize: 120, minFrequency: 1 };
        const words = texts.flatMap((text) => text.split(' '));
        expect(trainWordPiece(words.reverse(), options)).toBe(trainWordPiece(texts, options));
      }),
    );
  });

  it('stops at `vocabularySize`, and earlier where nothing is left to merge', () => {
    const texts = ['banana bandana banana'];
    const all = tokensOf(trainWordPiece(texts, { vocabularySize: 1_000, minFrequency: 1 }));
    expect(all).toContain('bandana');
    for (let vocabularySize = 13; vocabularySize <= all.length; vocabularySize += 1) {
      expect(tokensOf(trainWordPiece(texts, { vocabularySize, minFrequency: 1 }))).toEqual(
        all.slice(0, vocabularySize),
      );
    }
  });

  it('begins with the special tokens and the characters, then merges by frequency', () => {
    // Pairs: ab 5 times, (ab)c 3 times, xy 4 times.
    const texts = ['ab ab abc abc abc xy xy xy xy'];
    expect(tokensOf(trainWordPiece(texts, { vocabularySize: 100, minFrequency: 1 }))).toEqual([
      ...SPECIAL_TOKENS,
      ...['a', 'b', 'c', 'x', 'y', '##b', '##c', '##y'],
      ...['ab', 'xy', 'abc'],
    ]);
  });

  it('leaves pairs below `minFrequency` apart', () => {
    const tokens = tokensOf(trainWordPiece(['ab ab cd'], { vocabularySize: 100 }));
    expect(tokens).toContain('ab');
    expect(tokens).not.toContain('cd');
  });

  it('keeps the most frequent characters under `limitAlphabet`, of equal ones the lower', () => {
    const tokens = tokensOf(trainWordPiece(['a a a b c d'], { vocabularySize: 100, limitAlphabet: 2 }));
    expect(tokens).toEqual([...SPECIAL_TOKENS, 'a', 'b']);
  });

  it('takes other special tokens', () => {
    const json = trainWordPiece(['a'], { vocabularySize: 10, specialTokens: ['[UNK]', '<x>'] });
    expect(tokensOf(json)).toEqual(['[UNK]', '<x>', 'a']);
    expect([...tokenizerFromJson(json).tokenize(['a<x>z']).ids]).toEqual([2, 1, 0]);
  });

  it('reports how far it is', () => {
    const seen: WordPieceTrainingProgress[] = [];
    trainWordPiece(['ab ab'], { vocabularySize: 20, onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([{ tokens: 9, vocabularySize: 20 }]);
  });

  it('refuses options that cannot be met', () => {
    expect(() => trainWordPiece(['abc'], { vocabularySize: 7 })).toThrow(
      'Expected `vocabularySize` to be at least 10, the special tokens and the characters of the texts, received 7. Raise it or set `limitAlphabet`.',
    );
    expect(() => trainWordPiece(['a'], { vocabularySize: 1.5 })).toThrow(
      'Expected `vocabularySize` to be a whole number of at least 1, received 1.5.',
    );
    expect(() => trainWordPiece(['a'], { vocabularySize: 9, specialTokens: ['[PAD]'] })).toThrow(
      'Expected `specialTokens` to hold `[UNK]`, received ["[PAD]"]. Change the list.',
    );
    expect(() => trainWordPiece([1 as never], { vocabularySize: 9 })).toThrow('Expected text 0 to be a string');
  });
});
