import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSearchIndex, type ProgramContext, type SearchIndex, typedLines } from '@embedbag/cli';
import type { Kernels } from '@embedbag/core';
import { readDataset } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import type { EmbeddedDocument } from './embedded-data.js';

const EXAMPLE_QUESTIONS = [
  'generate a random uuid',
  'remove the last element of an array',
  'how much memory does the process use',
] as const;
const ANSWERS = 3;
const SHOWN_CHARACTERS = 110;

/** A folder's documents and model, ready to be asked. */
export interface Library {
  readonly index: SearchIndex;
  readonly documents: readonly EmbeddedDocument[];
}

/** Where the searched documents lie beside the model, one `{ anchor, positive }` object a line. */
function documentsPath(outputDir: string): string {
  return join(outputDir, 'documents.jsonl');
}

/** Keeps the documents beside the model, so that a later `--search` needs no training. */
export async function saveDocuments(outputDir: string, documents: readonly EmbeddedDocument[]): Promise<void> {
  const lines = documents.map(({ title, text }) => `${JSON.stringify({ anchor: title, positive: text })}\n`);
  await writeFile(documentsPath(outputDir), lines.join(''));
}

/** Makes `documents` searchable with `model`. */
export function openLibrary(model: StaticEmbedding, documents: readonly EmbeddedDocument[]): Library {
  return {
    index: createSearchIndex(
      model,
      documents.map(({ title, text }) => `${title} ${text}`),
    ),
    documents,
  };
}

/** The library of the last run in `outputDir`, or undefined when there is none. The caller disposes the model. */
export async function loadLibrary(
  outputDir: string,
  kernels: Kernels,
): Promise<(Library & { readonly model: StaticEmbedding }) | undefined> {
  if (!existsSync(documentsPath(outputDir))) return undefined;
  const model = await StaticEmbedding.load(join(outputDir, 'final'), { kernels });
  const rows = await readDataset(documentsPath(outputDir));
  const all = Array.from({ length: rows.rowCount }, (_, row) => row);
  const titles = await rows.texts(0, all);
  const texts = await rows.texts(1, all);
  const documents = titles.map((title, row) => ({ title, text: texts[row] ?? '' }));
  return { ...openLibrary(model, documents), model };
}

function answer(library: Library, question: string, stdout: NodeJS.WritableStream): void {
  stdout.write(`\n? ${question}\n`);
  for (const { document, score } of library.index.search(question, ANSWERS)) {
    const { title, text } = library.documents[document] ?? { title: '', text: '' };
    const line = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
    stdout.write(`  ${score.toFixed(2)}  ${title}: ${line}\n`);
  }
}

/** Answers three fixed questions. */
export function answerExampleQuestions(library: Library, stdout: NodeJS.WritableStream): void {
  for (const question of EXAMPLE_QUESTIONS) answer(library, question, stdout);
}

/** Answers what a person types, a question a line, until an empty line or Ctrl-C. */
export async function answerTypedQuestions(library: Library, context: ProgramContext): Promise<void> {
  context.stderr.write('\nType a question; an empty line ends.\n');
  for await (const question of typedLines(context, '> ')) answer(library, question, context.stdout);
}
