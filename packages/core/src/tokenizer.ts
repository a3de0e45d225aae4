import type { TokenBags } from './token-bags.js';

/** The version tag of {@link Tokenizer}. */
export const TOKENIZER_CONTRACT = 'embedbag/tokenizer@1';

/** Settings of one {@link Tokenizer.tokenize} call. */
export interface TokenizeOptions {
  /** Keep at most this many tokens of each text. Default: all of them. */
  readonly maxTokens?: number;
}

/** How a tokenizer's file wants texts to be cut, which {@link Tokenizer.tokenize} leaves to its caller. */
export interface TokenTruncation {
  readonly maxTokens: number;
  /** Keep the last tokens, not the first. */
  readonly keepsEnd: boolean;
}

/** Turns texts into token ids, without special tokens, padding or truncation. */
export interface Tokenizer {
  readonly contract: typeof TOKENIZER_CONTRACT;
  /** The model of the tokenizer: `wordpiece`, `bpe`, `unigram`, ... */
  readonly kind: string;
  /** One more than the highest id: the number of rows a table needs. */
  readonly vocabularySize: number;
  /** The id that stands for what the vocabulary lacks, if the tokenizer has one. */
  readonly unknownId: number | undefined;
  /** The `truncation` section of the `tokenizer.json`, if it has one. */
  readonly truncation?: TokenTruncation | undefined;
  /** Tokenizes `texts`. The result is owned by the caller. */
  tokenize(texts: readonly string[], options?: TokenizeOptions): TokenBags;
  /** The id of `token`, or undefined. */
  tokenToId(token: string): number | undefined;
  /** The token of `id`, or undefined. */
  idToToken(id: number): string | undefined;
  /** The text of the `tokenizer.json` this tokenizer came from, as it was read. */
  toJson(): string;
}
