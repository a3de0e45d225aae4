import type { LibraryText } from '@embedbag/cli';
import { hashText, type TextDataset, type TextHash, type Tokenizer } from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { translationEvaluator } from '@embedbag/evaluators';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { RECIPE, type SimilaritySet } from './recipe.js';
import { type TranslatedMessages, typescriptMessages } from './typescript-messages.js';

const VOCABULARY_SIZE = 16_000;
const HELD_OUT_SHARE = 0.2;

/** Everything the recipe needs, made from a package that is installed anyway: no download. */
export interface EmbeddedData {
  readonly tokenizer: Tokenizer;
  /** English and one other language each. */
  readonly datasets: readonly TextDataset[];
  /** A language each: messages that are in no dataset, in any language. */
  readonly sets: readonly SimilaritySet[];
  /** The messages of all languages, each titled by language and number. */
  readonly messages: readonly LibraryText[];
  /** Held-out messages by language. */
  readonly heldOutMessages: ReadonlyMap<string, readonly string[]>;
}

/** By the key alone, so that a message is held out in all languages or in none. */
function isHeldOut(key: string): boolean {
  const hash: TextHash = { low: 0, high: 0 };
  hashText(key, hash);
  return hash.low < HELD_OUT_SHARE * 4294967296;
}

function part(messages: TranslatedMessages, wanted: (key: string) => boolean): TranslatedMessages {
  const rows = [...messages.keys.keys()].filter((row) => wanted(messages.keys[row] ?? ''));
  const at = (texts: readonly string[]): string[] => rows.map((row) => texts[row] ?? '');
  const { language, keys, english, translated } = messages;
  return { language, keys: at(keys), english: at(english), translated: at(translated) };
}

const numberOf = (key: string): string => key.slice(key.lastIndexOf('_') + 1);

/**
 * Reads the compiler's messages in English and 13 other languages as parallel pairs, holds a fifth of the messages out, and
 * trains a WordPiece vocabulary on the others.
 */
export async function embeddedData(signal: AbortSignal): Promise<EmbeddedData> {
  const languages = await typescriptMessages(signal);
  const train = languages.map((messages) => part(messages, (key) => !isHeldOut(key)));
  const heldOut = languages.map((messages) => part(messages, isHeldOut));
  const english = new Map(languages.flatMap(({ keys, english }) => keys.map((key, row) => [key, english[row] ?? ''])));
  const titled = ({ language, keys, translated }: TranslatedMessages): LibraryText[] =>
    keys.map((key, row) => ({ title: `${language} ${numberOf(key)}`, text: translated[row] ?? '' }));
  const trainedEnglish = [...english].filter(([key]) => !isHeldOut(key)).map(([, text]) => text);
  return {
    tokenizer: tokenizerFromJson(
      trainWordPiece([...trainedEnglish, ...train.flatMap(({ translated }) => translated)], {
        vocabularySize: VOCABULARY_SIZE,
      }),
    ),
    datasets: train.map(({ language, english: anchor, translated: positive }) =>
      datasetFromColumns({ name: `en-${language}`, columns: { anchor, positive } }),
    ),
    sets: heldOut.map(({ language, english: sourceSentences, translated: targetSentences }) => ({
      kind: 'translation',
      name: language,
      size: sourceSentences.length,
      evaluator: translationEvaluator({ sourceSentences, targetSentences, truncateDims: RECIPE.matryoshkaDims }),
    })),
    messages: [
      ...[...english].map(([key, text]) => ({ title: `en ${numberOf(key)}`, text })),
      ...languages.flatMap(titled),
    ],
    heldOutMessages: new Map(heldOut.map(({ language, translated }) => [language, translated])),
  };
}
