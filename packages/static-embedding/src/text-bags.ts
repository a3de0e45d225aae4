import type { TokenBags, Tokenizer } from '@embedbag/core';
import type { ModelConfig } from './model-config.js';

/** Turns texts into the token bags that a model averages over. The result is owned by the caller. */
export type TextBags = (texts: readonly string[]) => TokenBags;

/** Keeps the last `maxTokens` of every bag, in place. */
function keepEnds(bags: TokenBags, maxTokens: number): TokenBags {
  const { ids } = bags;
  const offsets = new Int32Array(bags.offsets.length);
  let write = 0;
  for (let bag = 0; bag + 1 < offsets.length; bag++) {
    const end = bags.offsets[bag + 1]!;
    const begin = Math.max(bags.offsets[bag]!, end - maxTokens);
    ids.copyWithin(write, begin, end);
    write += end - begin;
    offsets[bag + 1] = write;
  }
  return { ids, offsets };
}

/** Leaves every `id` out, in place. */
function dropToken(bags: TokenBags, id: number): TokenBags {
  const { ids } = bags;
  const offsets = new Int32Array(bags.offsets.length);
  let write = 0;
  for (let bag = 0; bag + 1 < offsets.length; bag++) {
    const end = bags.offsets[bag + 1]!;
    for (let read = bags.offsets[bag]!; read < end; read++) {
      const token = ids[read]!;
      if (token !== id) ids[write++] = token;
    }
    offsets[bag + 1] = write;
  }
  return { ids, offsets };
}

function codePointCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The lower of the two middle values is averaged with the upper and rounded down, as model2vec does. */
function medianTokenLength(tokenizer: Tokenizer): number {
  const lengths: number[] = [];
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    const token = tokenizer.idToToken(id);
    if (token !== undefined) lengths.push(codePointCount(token));
  }
  if (lengths.length === 0) return 0;
  lengths.sort((a, b) => a - b);
  const middle = lengths.length >> 1;
  const upper = lengths[middle]!;
  return lengths.length % 2 === 1 ? upper : Math.floor((lengths[middle - 1]! + upper) / 2);
}

/** The first `count` code points of `text`. */
function firstCodePoints(text: string, count: number): string {
  if (text.length <= count) return text;
  let end = 0;
  for (let i = 0; i < count && end < text.length; i++) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

function model2vecBags(tokenizer: Tokenizer, maxTokens: number | undefined): TextBags {
  const { unknownId } = tokenizer;
  const withoutUnknown = (bags: TokenBags): TokenBags => (unknownId === undefined ? bags : dropToken(bags, unknownId));
  if (maxTokens === undefined) return (texts) => withoutUnknown(tokenizer.tokenize(texts));
  // model2vec first cuts the text itself, at as many characters as that many tokens of median length have.
  const maxCharacters = maxTokens * medianTokenLength(tokenizer);
  return (texts) => {
    const cut = texts.map((text) => firstCodePoints(text, maxCharacters));
    return withoutUnknown(tokenizer.tokenize(cut, { maxTokens }));
  };
}

/** How the model with `config` makes bags of texts. */
export function createTextBags(tokenizer: Tokenizer, config: ModelConfig): TextBags {
  if (config.mode === 'model2vec') return model2vecBags(tokenizer, config.maxTokens);
  // sentence-transformers leaves the truncation of the tokenizer's file in force.
  if (tokenizer.truncation === undefined) return (texts) => tokenizer.tokenize(texts);
  const { maxTokens, keepsEnd } = tokenizer.truncation;
  if (keepsEnd) return (texts) => keepEnds(tokenizer.tokenize(texts), maxTokens);
  return (texts) => tokenizer.tokenize(texts, { maxTokens });
}
