import {
  EmbedbagError,
  TOKENIZER_CONTRACT,
  type TokenBags,
  type TokenizeOptions,
  type Tokenizer,
} from '@embedbag/core';
import { Tokenizer as Encoder } from '@huggingface/tokenizers';
import { toWellFormed } from './code-points.js';
import { IdBuffer } from './id-buffer.js';
import { checkTexts, readMaxTokens } from './tokenize-arguments.js';
import type { TokenizerJson } from './tokenizer-json.js';

/** A tokenizer of any kind that `@huggingface/tokenizers` knows; its ids are that package's, not quite Rust's. */
export function createHuggingFaceTokenizer(file: TokenizerJson, json: string): Tokenizer {
  const kind = file.modelType().toLowerCase();
  const encoder = createEncoder(file);
  const vocabulary = encoder.get_vocab(true);
  let highestId = -1;
  for (const id of vocabulary.values()) highestId = Math.max(highestId, id);
  const unknownId = findUnknownId(file, (token) => encoder.token_to_id(token));
  return {
    contract: TOKENIZER_CONTRACT,
    kind,
    vocabularySize: highestId + 1,
    unknownId,
    truncation: file.truncation(),
    tokenize(texts: readonly string[], options: TokenizeOptions = {}): TokenBags {
      checkTexts(texts);
      const maxTokens = readMaxTokens(options);
      const out = new IdBuffer(texts.length * 16);
      const offsets = new Int32Array(texts.length + 1);
      for (let index = 0; index < texts.length; index += 1) {
        const { ids } = encoder.encode(toWellFormed(texts[index]!), { add_special_tokens: false });
        const kept = Math.min(ids.length, maxTokens);
        for (let position = 0; position < kept; position += 1) out.push(ids[position]!);
        offsets[index + 1] = out.length;
      }
      return { ids: out.finish(), offsets };
    },
    tokenToId: (token) => encoder.token_to_id(token),
    idToToken: (id) => encoder.id_to_token(id),
    toJson: () => json,
  };
}

const ABSENT_PARTS = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

function createEncoder(file: TokenizerJson): Encoder {
  try {
    // The package wants every part to be there; Hugging Face's Rust takes an absent one for null.
    return new Encoder({ ...ABSENT_PARTS, ...file.root }, {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedbagError({
      code: 'unsupported-tokenizer',
      message: `Expected ${file.source} to be of a kind that \`@huggingface/tokenizers\` knows, received a ${file.modelType()} model that it refuses: ${reason}. Use a tokenizer of another kind.`,
      details: { kind: file.modelType() },
      cause,
    });
  }
}

function findUnknownId(file: TokenizerJson, tokenToId: (token: string) => number | undefined): number | undefined {
  const { unk_id: unknownId, unk_token: unknownToken } = file.model;
  if (typeof unknownId === 'number') return unknownId;
  return typeof unknownToken === 'string' ? tokenToId(unknownToken) : undefined;
}
