import type { Tokenizer } from '@embedbag/core';
import { bertTokenizerOf } from './bert-tokenizer-of.js';
import { createHuggingFaceTokenizer } from './hugging-face-tokenizer.js';
import { TokenizerJson } from './tokenizer-json.js';

/**
 * Makes a tokenizer from the text of a Hugging Face `tokenizer.json`.
 *
 * WordPiece with a BertNormalizer (or none) and a BertPreTokenizer (or none) takes embedbag's own path: the ids of
 * Hugging Face's Rust tokenizers for every string. Every other kind goes through `@huggingface/tokenizers`, whose ids
 * differ from Rust's on some texts. Special tokens are not added, and `truncation` and `padding` of the file are not
 * applied. A lone surrogate counts as U+FFFD, which it becomes in UTF-8.
 *
 * @throws {EmbedbagError} `invalid-tokenizer-json` naming the field, or `unsupported-tokenizer`.
 *
 * @example
 * ```ts
 * const tokenizer = tokenizerFromJson(json);
 * const { ids, offsets } = tokenizer.tokenize(['one text', 'another'], { maxTokens: 512 });
 * ```
 */
export function tokenizerFromJson(json: string): Tokenizer {
  return createTokenizer(json, 'the tokenizer.json');
}

/** As {@link tokenizerFromJson}; errors call the file `source`. */
export function createTokenizer(json: string, source: string): Tokenizer {
  const file = new TokenizerJson(json, source);
  return bertTokenizerOf(file, json) ?? createHuggingFaceTokenizer(file, json);
}
