import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';

const MESSAGES_FILE = 'diagnosticMessages.generated.json';

/** The messages of the TypeScript compiler in English and one other language, row by row. */
export interface TranslatedMessages {
  /** The name of the compiler's folder, such as `de` or `zh-cn`. */
  readonly language: string;
  /** By row, what the message is called in all languages. */
  readonly keys: readonly string[];
  readonly english: readonly string[];
  readonly translated: readonly string[];
}

/** The English messages are part of the compiler, where each has the key of its translations. */
function englishMessages(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  const { Diagnostics: all, version } = require('typescript') as {
    readonly Diagnostics?: Readonly<Record<string, { readonly key: string; readonly message: string }>>;
    readonly version?: string;
  };
  if (all !== undefined) return new Map(Object.values(all).map(({ key, message }) => [key, message]));
  throw new EmbedbagError({
    code: 'unsupported-peer',
    message: `Expected \`typescript\` version 5 or 6, which holds its messages, received ${version ?? 'another'}. Run \`npm install typescript@6\`.`,
  });
}

/**
 * The localized messages inside the package `typescript`, a language each, sorted by its name; of messages that are the same in
 * English or in the other language only the first is kept.
 */
export async function typescriptMessages(signal: AbortSignal): Promise<readonly TranslatedMessages[]> {
  const english = englishMessages();
  const folder = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'lib');
  const languages: TranslatedMessages[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory()) continue;
    signal.throwIfAborted();
    const text = await readFile(join(folder, entry.name, MESSAGES_FILE), 'utf8').catch(() => undefined);
    if (text !== undefined) languages.push(aligned(entry.name, JSON.parse(text) as Record<string, string>, english));
  }
  return languages;
}

function aligned(
  language: string,
  messages: Readonly<Record<string, string>>,
  all: ReadonlyMap<string, string>,
): TranslatedMessages {
  const seen = new Set<string>();
  const rows: (readonly [key: string, english: string, translated: string])[] = [];
  for (const [key, translated] of Object.entries(messages)) {
    const english = all.get(key);
    if (english === undefined || seen.has(english) || seen.has(translated)) continue;
    seen.add(english).add(translated);
    rows.push([key, english, translated]);
  }
  return {
    language,
    keys: rows.map(([key]) => key),
    english: rows.map(([, english]) => english),
    translated: rows.map(([, , translated]) => translated),
  };
}
