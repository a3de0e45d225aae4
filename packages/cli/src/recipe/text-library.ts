import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernels } from '@embedbag/core';
import { readDataset } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import type { ProgramContext } from '../run-program.js';
import { createSearchIndex, type SearchIndex } from '../search-index.js';
import { typedLines } from '../typed-lines.js';

const ANSWERS = 3;
const SHOWN_CHARACTERS = 110;

/** A text to search and what it is called. */
export interface LibraryText {
  readonly title: string;
  readonly text: string;
}

/** Texts and the index of a model, ready to be asked. */
export interface TextLibrary {
  readonly index: SearchIndex;
  readonly texts: readonly LibraryText[];
}

/** Where the searched texts lie beside the model, one `{ anchor, positive }` object a line. */
function textsPath(outputDir: string): string {
  return join(outputDir, 'documents.jsonl');
}

/** Keeps the texts beside the model, so that a later `--search` needs no training. */
export async function saveLibraryTexts(outputDir: string, texts: readonly LibraryText[]): Promise<void> {
  const lines = texts.map(({ title, text }) => `${JSON.stringify({ anchor: title, positive: text })}\n`);
  await writeFile(textsPath(outputDir), lines.join(''));
}

/** Makes `texts` searchable with `model`; with `withTitle` a title is searched, too. */
export function openTextLibrary(
  model: StaticEmbedding,
  texts: readonly LibraryText[],
  { withTitle }: { readonly withTitle: boolean },
): TextLibrary {
  return {
    index: createSearchIndex(
      model,
      texts.map(({ title, text }) => (withTitle ? `${title} ${text}` : text)),
    ),
    texts,
  };
}

/** The library of the last run in `outputDir`, or undefined when there is none. The caller disposes the model. */
export async function loadTextLibrary(
  outputDir: string,
  kernels: Kernels,
  options: { readonly withTitle: boolean },
): Promise<(TextLibrary & { readonly model: StaticEmbedding }) | undefined> {
  if (!existsSync(textsPath(outputDir))) return undefined;
  const model = await StaticEmbedding.load(join(outputDir, 'final'), { kernels });
  const rows = await readDataset(textsPath(outputDir));
  const all = Array.from({ length: rows.rowCount }, (_, row) => row);
  const titles = rows.texts(0, all);
  const texts = rows.texts(1, all).map((text, row) => ({ title: titles[row] ?? '', text }));
  return { ...openTextLibrary(model, texts, options), model };
}

/** Writes `question` and the texts nearest to it. */
export function answerQuestion(library: TextLibrary, question: string, stdout: NodeJS.WritableStream): void {
  stdout.write(`\n? ${question}\n`);
  for (const { document, score } of library.index.search(question, ANSWERS)) {
    const { title, text } = library.texts[document] ?? { title: '', text: '' };
    const line = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
    stdout.write(`  ${score.toFixed(2)}  ${title}: ${line}\n`);
  }
}

/** Answers what a person types, a question a line, until an empty line or Ctrl-C. */
export async function answerTypedQuestions(library: TextLibrary, context: ProgramContext): Promise<void> {
  context.stderr.write('\nType a question; an empty line ends.\n');
  for await (const question of typedLines(context, '> ')) answerQuestion(library, question, context.stdout);
}
