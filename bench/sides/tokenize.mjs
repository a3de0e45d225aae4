import { readFileSync } from 'node:fs';
import { tokenizerFromJson } from '@embedbag/tokenization';
import { readTexts, secondsOf } from './work.mjs';

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {readonly string[]} */
  let texts = [];
  let bytes = 0;
  let json = '';
  /** @type {import('@embedbag/core').TokenBags | undefined} */
  let bags;
  return {
    async prepare(settings) {
      texts = readTexts(settings.texts);
      bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      json = readFileSync(settings.tokenizer, 'utf8');
    },
    async round() {
      // A new one each round: a word that was split before would be found again.
      const tokenizer = tokenizerFromJson(json);
      const seconds = secondsOf(() => {
        bags = tokenizer.tokenize(texts);
      });
      return { seconds, count: bytes };
    },
    async output() {
      const { ids, offsets } = /** @type {NonNullable<typeof bags>} */ (bags);
      return { ids: ids.subarray(0, offsets[texts.length]), offsets };
    },
  };
}
