import type { Tokenizer } from '@embedbag/core';
import { bertTokenizerOf } from './bert-tokenizer-of.js';
import { TokenizerJson } from './tokenizer-json.js';

/**
 * As `tokenizerFromJson`, for a program that starts for a few texts: what is not needed for them is left for later.
 *
 * `@huggingface/tokenizers` is loaded for a file that needs it alone. The search structure of BERT's WordPiece, which takes
 * most of the time that a tokenizer takes to make, is built when a hundred words or more have been split. The ids are the same.
 *
 * @throws {EmbedbagError} `invalid-tokenizer-json` naming the field, or `unsupported-tokenizer`.
 *
 * @example
 * ```ts
 * import { parseTokenizer } from '@embedbag/tokenization/parse-tokenizer';
 *
 * const tokenizer = await parseTokenizer(json);
 * ```
 */
export async function parseTokenizer(json: string): Promise<Tokenizer> {
  const file = new TokenizerJson(json, 'the tokenizer.json');
  const tokenizer = bertTokenizerOf(file, json, true);
  if (tokenizer !== undefined) return tokenizer;
  const { createHuggingFaceTokenizer } = await import('./hugging-face-tokenizer.js');
  return createHuggingFaceTokenizer(file, json);
}
