import { EmbedbagError } from '@embedbag/core';
import { BertText } from './bert-text.js';
import { PairMerger, type SymbolWords } from './pair-merger.js';
import { tokenizerJsonText, vocabularyJson } from './vocabulary-json.js';

/** How far a {@link trainWordPiece} run is. */
export interface WordPieceTrainingProgress {
  /** The tokens found so far. */
  readonly tokens: number;
  /** The tokens asked for. */
  readonly vocabularySize: number;
}

/** Settings of {@link trainWordPiece}. */
export interface WordPieceTrainingOptions {
  /** The most tokens, special ones included. Fewer come out where no pair is left to merge. */
  readonly vocabularySize: number;
  /** A pair that stands in the texts less often is not merged. Default 2. */
  readonly minFrequency?: number;
  /** Keep only so many characters, the most frequent; words with others get no token for them. Default: all. */
  readonly limitAlphabet?: number;
  /** The first tokens, in this order; `[UNK]` is among them. Default `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`. */
  readonly specialTokens?: readonly string[];
  /** Called after every 100 merges and at the end. */
  readonly onProgress?: (progress: WordPieceTrainingProgress) => void;
}

const PREFIX = '##';
const UNKNOWN = '[UNK]';
const SPECIAL_TOKENS: readonly string[] = ['[PAD]', UNKNOWN, '[CLS]', '[SEP]', '[MASK]'];
const MERGES_PER_PROGRESS = 100;

/**
 * Trains a WordPiece vocabulary and gives the text of a `tokenizer.json` for it, which both `tokenizerFromJson` and
 * Hugging Face's tokenizers read: BERT's normalizer (lower case, accents stripped) and pre-tokenizer.
 *
 * Merges the most frequent pair of neighbours again and again, as Hugging Face's WordPieceTrainer does. The result
 * depends on nothing but how often each word occurs: of equally frequent pairs the one with the lower ids comes first,
 * and `##` characters take their ids in the order of their code points (Hugging Face's take them by chance).
 *
 * @throws {EmbedbagError} `invalid-option`, or `vocabulary-too-small` where the characters alone are more than `vocabularySize`.
 *
 * @example
 * ```ts
 * const json = trainWordPiece(['the cat sat', 'the dog sat'], { vocabularySize: 8_000 });
 * const tokenizer = tokenizerFromJson(json);
 * ```
 */
export function trainWordPiece(texts: Iterable<string>, options: WordPieceTrainingOptions): string {
  const { vocabularySize, minFrequency = 2, limitAlphabet, onProgress } = options;
  const specialTokens = options.specialTokens ?? SPECIAL_TOKENS;
  checkWholeNumber('vocabularySize', vocabularySize, 1);
  checkWholeNumber('minFrequency', minFrequency, 0);
  if (limitAlphabet !== undefined) checkWholeNumber('limitAlphabet', limitAlphabet, 1);
  checkSpecialTokens(specialTokens);

  const wordCounts = countWords(texts);
  const vocabulary = new Vocabulary(specialTokens);
  const alphabet = chooseAlphabet(wordCounts, limitAlphabet);
  for (const character of alphabet) vocabulary.add(character);
  const words = splitIntoSymbols(wordCounts, alphabet, vocabulary);
  if (vocabulary.tokens.length > vocabularySize) throw tooSmall(vocabularySize, vocabulary.tokens.length);

  const merger = new PairMerger(words);
  let merges = 0;
  while (vocabulary.tokens.length < vocabularySize) {
    const pair = merger.next(minFrequency);
    if (pair === undefined) break;
    const right = vocabulary.tokens[pair.right]!;
    const tail = right.startsWith(PREFIX) ? right.slice(PREFIX.length) : right;
    const symbol = vocabulary.add(vocabulary.tokens[pair.left]! + tail);
    merger.merge(pair.left, pair.right, symbol, pair.words);
    merges += 1;
    if (merges % MERGES_PER_PROGRESS === 0) onProgress?.({ tokens: vocabulary.tokens.length, vocabularySize });
  }
  onProgress?.({ tokens: vocabulary.tokens.length, vocabularySize });
  return writeTokenizerJson(vocabulary.tokens, specialTokens);
}

/** Tokens in the order of their ids. */
class Vocabulary {
  readonly tokens: string[] = [];
  readonly #ids = new Map<string, number>();

  constructor(tokens: Iterable<string>) {
    for (const token of tokens) this.add(token);
  }

  /** The id of `token`, which is added where it is not there yet. */
  add(token: string): number {
    const known = this.#ids.get(token);
    if (known !== undefined) return known;
    const id = this.tokens.length;
    this.tokens.push(token);
    this.#ids.set(token, id);
    return id;
  }
}

function countWords(texts: Iterable<string>): Map<string, number> {
  // Normalizing and splitting a chunk between ASCII spaces does not depend on its neighbours, so each is done once.
  const chunkCounts = new Map<string, number>();
  let index = 0;
  for (const text of texts) {
    if (typeof text !== 'string') {
      throw new EmbedbagError({
        code: 'invalid-texts',
        message: `Expected text ${index} to be a string, received a value of type ${typeof text}. Give texts only.`,
        details: { index },
      });
    }
    index += 1;
    for (const chunk of text.split(/[ \t\n\r]+/)) chunkCounts.set(chunk, (chunkCounts.get(chunk) ?? 0) + 1);
  }
  const rules = new BertText({ cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true });
  const wordCounts = new Map<string, number>();
  for (const [chunk, count] of chunkCounts) {
    rules.splitWords(rules.normalize(chunk), (word) => {
      wordCounts.set(word, (wordCounts.get(word) ?? 0) + count);
      return true;
    });
  }
  return wordCounts;
}

/** The characters to keep, in the order of their code points. */
function chooseAlphabet(wordCounts: ReadonlyMap<string, number>, limit: number | undefined): ReadonlySet<string> {
  const characterCounts = new Map<string, number>();
  for (const [word, count] of wordCounts) {
    for (const character of word) characterCounts.set(character, (characterCounts.get(character) ?? 0) + count);
  }
  const byCodePoint = (a: string, b: string): number => a.codePointAt(0)! - b.codePointAt(0)!;
  const byFrequency = [...characterCounts].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
  const kept = byFrequency.slice(0, limit ?? byFrequency.length).map(([character]) => character);
  return new Set(kept.sort(byCodePoint));
}

/** The words as ids of characters, those after the first with the prefix; characters not in the alphabet are left out. */
function splitIntoSymbols(
  wordCounts: ReadonlyMap<string, number>,
  alphabet: ReadonlySet<string>,
  vocabulary: Vocabulary,
): SymbolWords {
  const continuing = new Set<string>();
  let symbolCount = 0;
  for (const word of wordCounts.keys()) {
    let isFirst = true;
    for (const character of word) {
      if (alphabet.has(character)) {
        symbolCount += 1;
        if (!isFirst) continuing.add(character);
      }
      isFirst = false;
    }
  }
  for (const character of alphabet) {
    if (continuing.has(character)) vocabulary.add(PREFIX + character);
  }
  const symbols = new Int32Array(symbolCount);
  const starts = new Int32Array(wordCounts.size + 1);
  const counts = new Float64Array(wordCounts.size);
  let at = 0;
  let index = 0;
  for (const [word, count] of wordCounts) {
    counts[index] = count;
    let isFirst = true;
    for (const character of word) {
      if (alphabet.has(character)) symbols[at++] = vocabulary.add(isFirst ? character : PREFIX + character);
      isFirst = false;
    }
    index += 1;
    starts[index] = at;
  }
  return { symbols, starts, counts };
}

function writeTokenizerJson(tokens: readonly string[], specialTokens: readonly string[]): string {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const rules = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const addedTokens = specialTokens.map((content) => ({ id: ids.get(content)!, content, ...rules }));
  return tokenizerJsonText(
    {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens.sort((a, b) => a.id - b.id),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: writePostProcessor(ids),
      decoder: { type: 'WordPiece', prefix: PREFIX, cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: UNKNOWN,
        continuing_subword_prefix: PREFIX,
        max_input_chars_per_word: 100,
      },
    },
    vocabularyJson(ids),
  );
}

function writePostProcessor(ids: ReadonlyMap<string, number>): object | null {
  const begin = ids.get('[CLS]');
  const end = ids.get('[SEP]');
  if (begin === undefined || end === undefined) return null;
  const special = (id: string, typeId: number): object => ({ SpecialToken: { id, type_id: typeId } });
  const sequence = (id: string, typeId: number): object => ({ Sequence: { id, type_id: typeId } });
  return {
    type: 'TemplateProcessing',
    single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
    pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [begin], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [end], tokens: ['[SEP]'] },
    },
  };
}

function checkWholeNumber(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new EmbedbagError({
    code: 'invalid-option',
    message: `Expected \`${name}\` to be a whole number of at least ${least}, received ${String(value)}. Give such a number.`,
    details: { option: name },
  });
}

function checkSpecialTokens(tokens: readonly string[]): void {
  const problem = !tokens.includes(UNKNOWN)
    ? `to hold \`${UNKNOWN}\``
    : tokens.includes('')
      ? 'to hold no empty string'
      : undefined;
  if (problem === undefined) return;
  throw new EmbedbagError({
    code: 'invalid-option',
    message: `Expected \`specialTokens\` ${problem}, received ${JSON.stringify(tokens)}. Change the list.`,
    details: { option: 'specialTokens' },
  });
}

function tooSmall(vocabularySize: number, needed: number): EmbedbagError {
  return new EmbedbagError({
    code: 'vocabulary-too-small',
    message: `Expected \`vocabularySize\` to be at least ${needed}, the special tokens and the characters of the texts, received ${vocabularySize}. Raise it or set \`limitAlphabet\`.`,
    details: { needed, received: vocabularySize },
  });
}
