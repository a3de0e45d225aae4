import {
  TOKENIZER_CONTRACT,
  type TokenBags,
  type TokenizeOptions,
  type Tokenizer,
  type TokenTruncation,
} from '@embedbag/core';
import { type AddedToken, AddedTokenFinder, type TextPart } from './added-tokens.js';
import { AsciiWords } from './ascii-words.js';
import { type BertNormalizerSettings, BertText } from './bert-text.js';
import { toWellFormed } from './code-points.js';
import { IdBuffer } from './id-buffer.js';
import { checkTexts, readMaxTokens } from './tokenize-arguments.js';
import { UnicodeWords } from './unicode-words.js';
import type { WordPiece } from './word-piece.js';

/** What a {@link BertTokenizer} is made of. */
export interface BertTokenizerSettings {
  readonly normalizer: BertNormalizerSettings;
  /** False where `pre_tokenizer` is null: a text, or what stands between added tokens, is then one word. */
  readonly splits: boolean;
  readonly model: WordPiece;
  readonly addedTokens: readonly AddedToken[];
  readonly truncation: TokenTruncation | undefined;
  /** The text of the file. */
  readonly json: string;
}

/**
 * Up to so many code units in all texts of a call, their ids are collected in one array that is kept, and copied: a new one, and
 * the buffer that a view of a small array is given, would take longer than tokenizing a sentence.
 */
const SHORT_UNITS = 4096;

/** BERT's WordPiece tokenizer: the ids of Hugging Face's Rust tokenizers for every string. */
export class BertTokenizer implements Tokenizer {
  readonly contract: typeof TOKENIZER_CONTRACT = TOKENIZER_CONTRACT;
  readonly kind = 'wordpiece';
  readonly vocabularySize: number;
  readonly unknownId: number | undefined;
  readonly truncation: TokenTruncation | undefined;
  readonly #settings: BertTokenizerSettings;
  readonly #text: BertText;
  readonly #model: WordPiece;
  /** Made when first needed. */
  #madeAsciiWords: AsciiWords | undefined;
  /** Made when first needed. */
  #madeUnicodeWords: UnicodeWords | undefined;
  /** Tokens looked for in the text as it is. */
  readonly #rawTokens: AddedTokenFinder;
  /** Tokens looked for in the normalized text. */
  readonly #normalizedTokens: AddedTokenFinder;
  /** Where the ids of few and short texts are collected, kept from call to call. */
  readonly #shortIds = new IdBuffer(0);
  readonly #addedIds = new Map<string, number>();
  /** Made when first asked for. */
  #tokenById: Map<number, string> | undefined;

  constructor(settings: BertTokenizerSettings) {
    const { model, addedTokens } = settings;
    this.#settings = settings;
    this.truncation = settings.truncation;
    this.#text = new BertText(settings.normalizer);
    this.#model = model;
    this.unknownId = model.tokenToId(model.settings.unknownToken);
    let { highestId } = model.settings;
    for (const token of addedTokens) {
      this.#addedIds.set(token.content, token.id);
      highestId = Math.max(highestId, token.id);
    }
    this.vocabularySize = highestId + 1;
    const raw = addedTokens.filter((token) => !token.normalized);
    const normalized = addedTokens.filter((token) => token.normalized);
    this.#rawTokens = new AddedTokenFinder(raw.map((token) => [token.content, token]));
    this.#normalizedTokens = new AddedTokenFinder(
      normalized.map((token) => [this.#text.normalize(token.content), token]),
    );
  }

  tokenize(texts: readonly string[], options: TokenizeOptions = {}): TokenBags {
    checkTexts(texts);
    const maxTokens = readMaxTokens(options);
    let units = 0;
    for (const text of texts) units += text.length;
    const isShort = units <= SHORT_UNITS;
    const out = isShort ? this.#shortIds : new IdBuffer(units >> 2);
    out.length = 0;
    const offsets = new Int32Array(texts.length + 1);
    for (let index = 0; index < texts.length; index += 1) {
      this.#tokenizeText(texts[index]!, out, out.length + maxTokens);
      offsets[index + 1] = out.length;
    }
    return { ids: isShort ? out.copy() : out.finish(), offsets };
  }

  tokenToId(token: string): number | undefined {
    return this.#addedIds.get(token) ?? this.#model.tokenToId(token);
  }

  idToToken(id: number): string | undefined {
    if (this.#tokenById === undefined) {
      const { tokens, vocabulary } = this.#model.settings;
      this.#tokenById = new Map(tokens.map((token) => [vocabulary[token]!, token]));
      for (const token of this.#settings.addedTokens) this.#tokenById.set(token.id, token.content);
    }
    return this.#tokenById.get(id);
  }

  toJson(): string {
    return this.#settings.json;
  }

  /** Appends the ids of `text` to `out`, until `out` holds `limit` of them. */
  #tokenizeText(text: string, out: IdBuffer, limit: number): void {
    if (limit === out.length) return;
    if (!this.#rawTokens.isEmpty) {
      const subject = this.#rawTokens.seesReplacement ? toWellFormed(text) : text;
      const parts = this.#rawTokens.find(subject);
      if (parts !== undefined) {
        this.#tokenizeParts(subject, parts, out, limit);
        return;
      }
    }
    this.#tokenizePlain(text, out, limit);
  }

  #tokenizeParts(text: string, parts: readonly TextPart[], out: IdBuffer, limit: number): void {
    for (const { start, end, id } of parts) {
      if (out.length >= limit) return;
      if (id >= 0) out.push(id);
      else this.#tokenizePlain(text.slice(start, end), out, limit);
    }
  }

  /** A text in which no token of `#rawTokens` is left. */
  #tokenizePlain(text: string, out: IdBuffer, limit: number): void {
    if (this.#settings.splits && this.#normalizedTokens.isEmpty) {
      if (this.#asciiWords().tokenize(text, out, limit)) return;
      if (this.#unicodeWords().tokenize(text, out, limit)) return;
    }
    const normalized = this.#text.normalize(text);
    const parts = this.#normalizedTokens.find(normalized);
    if (parts === undefined) {
      this.#tokenizeNormalized(normalized, out, limit);
      return;
    }
    for (const { start, end, id } of parts) {
      if (out.length >= limit) return;
      if (id >= 0) out.push(id);
      else this.#tokenizeNormalized(normalized.slice(start, end), out, limit);
    }
  }

  #asciiWords(): AsciiWords {
    this.#madeAsciiWords ??= new AsciiWords(this.#settings.normalizer, this.#model);
    return this.#madeAsciiWords;
  }

  #unicodeWords(): UnicodeWords {
    this.#madeUnicodeWords ??= new UnicodeWords(this.#text, this.#model, this.#asciiWords());
    return this.#madeUnicodeWords;
  }

  #tokenizeNormalized(normalized: string, out: IdBuffer, limit: number): void {
    const addWord = (word: string): boolean => {
      this.#model.encode(word, out);
      if (out.length < limit) return true;
      out.length = limit;
      return false;
    };
    if (this.#settings.splits) this.#text.splitWords(normalized, addWord);
    else if (normalized !== '') addWord(normalized);
  }
}
