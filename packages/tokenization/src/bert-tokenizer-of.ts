import type { Tokenizer } from '@embedbag/core';
import { BertTokenizer } from './bert-tokenizer.js';
import { readAddedTokens, readBertNormalizer, readWordPiece, type TokenizerJson } from './tokenizer-json.js';
import { WordPiece } from './word-piece.js';

/** The tokenizer of a file of BERT's kind, whose text is `json`; undefined for every other kind. `lazy` is WordPiece's. */
export function bertTokenizerOf(file: TokenizerJson, json: string, lazy = false): Tokenizer | undefined {
  const normalizer = file.typeOf('normalizer');
  const preTokenizer = file.typeOf('pre_tokenizer');
  const isBert =
    file.modelType() === 'WordPiece' &&
    (normalizer === undefined || normalizer === 'BertNormalizer') &&
    (preTokenizer === undefined || preTokenizer === 'BertPreTokenizer');
  if (!isBert) return undefined;
  const model = new WordPiece(readWordPiece(file), lazy);
  return new BertTokenizer({
    normalizer: readBertNormalizer(file),
    splits: preTokenizer !== undefined,
    model,
    addedTokens: readAddedTokens(file, model),
    truncation: file.truncation(),
    json,
  });
}
