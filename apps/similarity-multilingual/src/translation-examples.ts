import { createSearchIndex, type LibraryText } from '@embedbag/cli';
import type { StaticEmbedding } from '@embedbag/static-embedding';

/** Which held-out message of which language is looked for in which other one. */
const EXAMPLES = [
  { from: 'ja', to: 'fr' },
  { from: 'ru', to: 'es' },
  { from: 'tr', to: 'en' },
] as const;
const ANSWERS = 2;
/** Long enough to mean something, short enough to read. */
const READABLE = { least: 20, most: 70 } as const;

/** Messages to look for and to look in. */
export interface MessageLibrary {
  /** Of all languages, titled such as `fr 1003`. */
  readonly messages: readonly LibraryText[];
  /** By language, those that no model was trained on. */
  readonly heldOutMessages: ReadonlyMap<string, readonly string[]>;
}

const numberOf = (title: string): string => title.slice(title.indexOf(' ') + 1);

/** Looks for a held-out message of one language among all messages of another; what has its number is its translation. */
export function showTranslations(
  model: StaticEmbedding,
  { messages, heldOutMessages }: MessageLibrary,
  stdout: NodeJS.WritableStream,
): void {
  for (const [example, { from, to }] of EXAMPLES.entries()) {
    const readable = (heldOutMessages.get(from) ?? []).filter(
      ({ length }) => length >= READABLE.least && length <= READABLE.most,
    );
    const question = readable[Math.floor(((example + 1) * readable.length) / (EXAMPLES.length + 1))];
    const asked = messages.find(({ title, text }) => text === question && title.startsWith(`${from} `));
    if (asked === undefined) continue;
    const texts = messages.filter(({ title }) => title.startsWith(`${to} `));
    stdout.write(`\n? ${asked.title}: ${asked.text}\n`);
    const index = createSearchIndex(
      model,
      texts.map(({ text }) => text),
    );
    for (const { document, score } of index.search(asked.text, ANSWERS)) {
      const { title, text } = texts[document] ?? { title: '', text: '' };
      const mark = numberOf(title) === numberOf(asked.title) ? '✓' : ' ';
      stdout.write(`${mark} ${score.toFixed(2)}  ${title}: ${text}\n`);
    }
  }
}
