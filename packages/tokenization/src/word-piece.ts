import { EmbedbagError } from '@embedbag/core';
import type { IdBuffer } from './id-buffer.js';
import { StringTrie } from './string-trie.js';
import { idOfToken, type Vocabulary, VocabularyLookup } from './vocabulary-lookup.js';

/** The fields of a WordPiece model in a tokenizer.json. */
export interface WordPieceSettings {
  readonly vocabulary: Vocabulary;
  /** All tokens of the vocabulary. */
  readonly tokens: readonly string[];
  /** The highest id of a token, or -1. */
  readonly highestId: number;
  readonly unknownToken: string;
  readonly continuingSubwordPrefix: string;
  readonly maxInputCharsPerWord: number;
}

/**
 * How many strings are looked up one by one before a trie is built where that is left for later: those of a hundred words or more.
 * They take some 0.2 ms, building takes 15 ms in a process that has just started and 4 ms in one that has run for a while.
 */
const STEPS_BEFORE_TRIE = 512;

/** Splits one normalized word into pieces, the longest first (as `WordPiece::tokenize` in Hugging Face's tokenizers). */
export class WordPiece {
  readonly settings: WordPieceSettings;
  /** What finds the pieces of the first words. */
  readonly #lookup: VocabularyLookup;
  /** What finds those of all others. */
  #trie: StringTrie | undefined;
  /** Where pieces after the first begin in the trie: the node behind the prefix, or -1 where no token has it. */
  #trieContinuation = -1;
  readonly #unknownId: number | undefined;
  /** The code units of a word that came as a string. */
  #units = new Uint16Array(128);

  /** With `lazy` the trie is built when enough words have come. */
  constructor(settings: WordPieceSettings, lazy = false) {
    this.settings = settings;
    this.#lookup = new VocabularyLookup(settings.vocabulary, settings.continuingSubwordPrefix);
    if (!lazy) this.#buildTrie();
    this.#unknownId = this.tokenToId(settings.unknownToken);
  }

  /** The id of a token of the vocabulary, or undefined. */
  tokenToId(token: string): number | undefined {
    return idOfToken(this.settings.vocabulary, token);
  }

  /**
   * Appends the ids of `word`, a well-formed string, to `out`: the unknown id alone where a part of it is in no token or
   * it is too long.
   */
  encode(word: string, out: IdBuffer): void {
    const { length } = word;
    if (this.#units.length < length) this.#units = new Uint16Array(length * 2);
    for (let index = 0; index < length; index += 1) this.#units[index] = word.charCodeAt(index);
    this.encodeUnits(this.#units, length, out);
  }

  /** As {@link encode}, for the word `units[0 .. length)`. */
  encodeUnits(units: Uint16Array, length: number, out: IdBuffer): void {
    const { maxInputCharsPerWord } = this.settings;
    if (length > maxInputCharsPerWord && countCodePoints(units, length) > maxInputCharsPerWord) {
      out.push(this.#requireUnknownId());
      return;
    }
    const begin = out.length;
    const trie = this.#trie ?? (this.#staysLazy(length) ? undefined : this.#buildTrie());
    const pieces = trie ?? this.#lookup;
    const continuation = trie === undefined ? this.#lookup.continuation : this.#trieContinuation;
    let node = 0;
    let at = 0;
    while (at < length) {
      const id = node < 0 ? -1 : pieces.longestMatch(node, units, at, length);
      if (id < 0) {
        out.length = begin;
        out.push(this.#requireUnknownId());
        return;
      }
      out.push(id);
      at = pieces.matchEnd;
      node = continuation;
    }
  }

  /** Whether the next word, of `length` code units, is better looked up without a trie. */
  #staysLazy(length: number): boolean {
    // Where every code unit is a piece, all the strings within the word are looked up.
    return this.#lookup.steps + (length * length) / 2 < STEPS_BEFORE_TRIE;
  }

  #buildTrie(): StringTrie {
    const { tokens, vocabulary, continuingSubwordPrefix } = this.settings;
    // Shared beginnings leave some two nodes a token.
    const trie = new StringTrie(tokens.length * 2);
    for (const token of tokens) trie.add(token, vocabulary[token]!);
    this.#trie = trie;
    this.#trieContinuation = trie.find(continuingSubwordPrefix);
    return trie;
  }

  #requireUnknownId(): number {
    if (this.#unknownId !== undefined) return this.#unknownId;
    const token = this.settings.unknownToken;
    throw new EmbedbagError({
      code: 'missing-unknown-token',
      message: `Expected the unknown token \`${token}\` to be in \`model.vocab\`, received a text that needs it. Add it to the vocabulary.`,
      details: { token },
    });
  }
}

/** The number of code points of the well-formed `units[0 .. length)`. */
function countCodePoints(units: Uint16Array, length: number): number {
  let count = length;
  for (let index = 0; index < length; index += 1) if ((units[index]! & 0xfc00) === 0xdc00) count -= 1;
  return count;
}
