import { tokenizerFromJson } from '@embedbag/tokenization';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from './model-config.js';
import { createTextBags } from './text-bags.js';

const vocab = { '[UNK]': 0, a: 1, b: 2, bb: 3 };
const tokenizer = tokenizerFromJson(
  JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  }),
);

/** The ids of each text in model2vec mode. */
function model2vecIds(texts: readonly string[], maxTokens: number): number[][] {
  const { ids, offsets } = createTextBags(tokenizer, { ...DEFAULT_CONFIG, mode: 'model2vec', maxTokens })(texts);
  return texts.map((_, bag) => Array.from(ids.subarray(offsets[bag], offsets[bag + 1])));
}

describe('createTextBags in model2vec mode', () => {
  // The tokens have 5, 1, 1 and 2 characters: their median is 1.5, rounded down to 1.
  it('first cuts a text at as many characters as that many tokens of median length have', () => {
    expect(model2vecIds(['bb a b', 'b a'], 3)).toEqual([[3], [2, 1]]);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(model2vecIds(['😀 b', '😀😀😀b'], 3)).toEqual([[2], []]);
  });
});
