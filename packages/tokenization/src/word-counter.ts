import { checkGrowable, wordSplitter } from './change-vocabulary.js';
import { checkTexts } from './tokenize-arguments.js';
import { readWordPiece, TokenizerJson } from './tokenizer-json.js';

/** Which words {@link WordCounter.newWords} gives. */
export interface NewWordsOptions {
  /** At most so many, the most frequent ones. */
  readonly limit: number;
  /** Leaves out words that occurred less often. Default 2. */
  readonly minFrequency?: number;
}

/** Counts the words of texts, for a vocabulary that is to grow. */
export interface WordCounter {
  /** Adds the words of `texts`. */
  add(texts: readonly string[]): void;
  /** The most frequent words that are no tokens yet, the most frequent first; of equals the lower code points. */
  newWords(options: NewWordsOptions): string[];
}

/** Words of fewer characters are left out: they are single signs. */
const SHORTEST_WORD = 2;

/**
 * A counter of the words that the tokenizer of `json` finds in texts, of which `changeVocabulary` can make tokens.
 *
 * @throws EmbedbagError `tokenizer-not-growable`, and what `tokenizerFromJson` throws.
 *
 * @example
 * ```ts
 * const counter = createWordCounter(tokenizer.toJson());
 * counter.add(['Static embeddings are tables.', 'Embeddings of words.']);
 * const { json } = changeVocabulary(tokenizer.toJson(), { add: counter.newWords({ limit: 1000 }) });
 * ```
 */
export function createWordCounter(json: string): WordCounter {
  const file = new TokenizerJson(json, 'the tokenizer.json');
  checkGrowable(file);
  const { vocabulary, maxInputCharsPerWord } = readWordPiece(file);
  const split = wordSplitter(file);
  // A text between ASCII spaces is normalized and split once, however often it occurs.
  const chunks = new Map<string, number>();
  return {
    add(texts): void {
      checkTexts(texts);
      for (const text of texts) {
        for (const chunk of text.split(/[ \t\n\r]+/)) chunks.set(chunk, (chunks.get(chunk) ?? 0) + 1);
      }
    },
    newWords({ limit, minFrequency = 2 }): string[] {
      const counts = new Map<string, number>();
      for (const [chunk, count] of chunks) split(chunk, (word) => counts.set(word, (counts.get(word) ?? 0) + count));
      const isNew = (word: string): boolean => {
        if (Object.hasOwn(vocabulary, word)) return false;
        const length = [...word].length;
        return length >= SHORTEST_WORD && length <= maxInputCharsPerWord;
      };
      return [...counts]
        .filter(([word, count]) => count >= minFrequency && isNew(word))
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .slice(0, limit)
        .map(([word]) => word);
    },
  };
}
