import type { Tokenizer } from '@embedbag/core';
import { BertTokenizer } from './bert-tokenizer.js';
import { createHuggingFaceTokenizer } from './hugging-face-tokenizer.js';
import { readAddedTokens, readBertNormalizer, readWordPiece, TokenizerJson } from './tokenizer-json.js';
import { WordPiece } from './word-piece.js';

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
  const normalizer = file.typeOf('normalizer');
  const preTokenizer = file.typeOf('pre_tokenizer');
  const isBert =
    file.modelType() === 'WordPiece' &&
    (normalizer === undefined || normalizer === 'BertNormalizer') &&
    (preTokenizer === undefined || preTokenizer === 'BertPreTokenizer');
  if (!isBert) return createHuggingFaceTokenizer(file, json);
  const model = new WordPiece(readWordPiece(file));
  return new BertTokenizer({
    normalizer: readBertNormalizer(file),
    splits: preTokenizer !== undefined,
    model,
    addedTokens: readAddedTokens(file, model),
    truncation: file.truncation(),
    json,
  });
}
