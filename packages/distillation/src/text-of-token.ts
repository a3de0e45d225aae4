import type { Tokenizer } from '@embedbag/core';

/** How tokenizers write a space within a token: byte-level BPE, and SentencePiece. */
const SPACES = /[\u0120\u2581]/g;

/**
 * The text that a token stands for: `ing` for WordPiece's `##ing`, `word` for `Ġword` and `▁word`. What would be empty
 * stays as it is.
 *
 * @example
 * ```ts
 * textOfToken('##ing', 'wordpiece'); // => 'ing'
 * ```
 */
export function textOfToken(token: string, kind: Tokenizer['kind']): string {
  const text = kind === 'wordpiece' ? token.replace(/^##(?=.)/u, '') : token.replaceAll(SPACES, ' ').trim();
  return text === '' ? token : text;
}

/** The tokens of `tokenizer` by id; undefined where an id has none. */
export function tokensById(tokenizer: Tokenizer): (string | undefined)[] {
  return Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.idToToken(id));
}
