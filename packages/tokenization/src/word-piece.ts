import { EmbedbagError } from '@embedbag/core';
import type { IdBuffer } from './id-buffer.js';
import { StringTrie } from './string-trie.js';

/** The fields of a WordPiece model in a tokenizer.json. */
export interface WordPieceSettings {
  /** All tokens, `[vocabulary]`. */
  readonly tokens: readonly string[];
  /** The id of each, `[vocabulary]`. */
  readonly ids: Int32Array;
  readonly unknownToken: string;
  readonly continuingSubwordPrefix: string;
  readonly maxInputCharsPerWord: number;
}

/** Splits one normalized word into pieces, the longest first (as `WordPiece::tokenize` in Hugging Face's tokenizers). */
export class WordPiece {
  readonly settings: WordPieceSettings;
  readonly #trie: StringTrie;
  /** Where pieces after the first begin: the node behind the prefix, or -1 where no token has it. */
  readonly #continuation: number;
  readonly #unknownId: number | undefined;
  /** The code units of a word that came as a string. */
  #units = new Uint16Array(128);

  constructor(settings: WordPieceSettings) {
    this.settings = settings;
    const { tokens, ids } = settings;
    // Shared beginnings leave some two nodes a token.
    this.#trie = new StringTrie(tokens.length * 2);
    for (let index = 0; index < tokens.length; index += 1) this.#trie.add(tokens[index]!, ids[index]!);
    this.#continuation = this.#trie.find(settings.continuingSubwordPrefix);
    this.#unknownId = this.tokenToId(settings.unknownToken);
  }

  /** The id of a token of the vocabulary, or undefined. */
  tokenToId(token: string): number | undefined {
    const node = this.#trie.find(token);
    const id = node < 0 ? -1 : this.#trie.values[node]!;
    return id < 0 ? undefined : id;
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
    const trie = this.#trie;
    let node = 0;
    let at = 0;
    while (at < length) {
      const id = node < 0 ? -1 : trie.longestMatch(node, units, at, length);
      if (id < 0) {
        out.length = begin;
        out.push(this.#requireUnknownId());
        return;
      }
      out.push(id);
      at = trie.matchEnd;
      node = this.#continuation;
    }
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
