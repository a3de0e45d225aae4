import { createInterface } from 'node:readline/promises';
import { EmbedbagError } from '@embedbag/core';
import { readTexts } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command } from 'commander';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { integerOption } from '../option-values.js';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';
import { createSearchIndex, type SearchHit, type SearchIndex } from '../search-index.js';

interface SearchOptions extends KernelOptions {
  readonly model: string;
  readonly documents: string;
  readonly query?: readonly string[];
  readonly top: number;
  readonly truncateDim?: number;
  readonly json?: boolean;
}

/** `embedbag search`: exact search over a file of texts, once or interactively. */
export function searchCommand(context: ProgramContext): Command {
  const command = new Command('search')
    .description('Search a file of texts. Without --query, type questions one a line; an empty line ends.')
    .requiredOption('--model <folder>', 'a saved model')
    .requiredOption('--documents <file>', 'one text a line (.txt), or .jsonl with strings or {"text": ...}')
    .option('--query <text...>', 'what to search for; may be given several times')
    .option('--top <count>', 'how many documents to show', integerOption(1), 5)
    .option('--truncate-dim <dim>', 'compare the first so many dims only', integerOption(1))
    .option('--json', 'print one JSON object a query')
    .addHelpText(
      'after',
      '\nExample:\n  $ embedbag search --model my-model/final --documents notes.txt --query "read a file"',
    );
  return addKernelOptions(command).action((options: SearchOptions) => search(options, context));
}

async function search(options: SearchOptions, context: ProgramContext): Promise<void> {
  const kernels = await kernelsFromOptions(options);
  try {
    const model = await StaticEmbedding.load(options.model, { kernels });
    const documents: string[] = [];
    for await (const text of readTexts(options.documents)) documents.push(text);
    if (documents.length === 0) {
      throw new EmbedbagError({
        code: 'empty-input',
        message: `Expected \`--documents\` to hold at least one text, received the empty file ${options.documents}. Give a file with one text a line.`,
      });
    }
    const index = createSearchIndex(model, documents, options.truncateDim);
    if (options.query === undefined) await searchInteractively(index, options, context);
    else for (const query of options.query) print(query, index.search(query, options.top), options, context);
    model.dispose();
  } finally {
    kernels.dispose();
  }
}

async function searchInteractively(index: SearchIndex, options: SearchOptions, context: ProgramContext): Promise<void> {
  const { stdin, stderr, signal } = context;
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const prompt = (): void => void (options.json || stderr.write('> '));
  signal.addEventListener('abort', () => lines.close(), { once: true });
  prompt();
  for await (const line of lines) {
    if (line.trim() === '') break;
    print(line, index.search(line, options.top), options, context);
    prompt();
  }
  if (signal.aborted) throw new ProgramExit(EXIT_CODES.interrupted);
}

function print(query: string, hits: readonly SearchHit[], options: SearchOptions, { stdout }: ProgramContext): void {
  if (options.json) {
    stdout.write(`${JSON.stringify({ query, hits })}\n`);
    return;
  }
  stdout.write(`${query}\n`);
  for (const { score, text } of hits)
    stdout.write(`  ${score.toFixed(3)}  ${text.replace(/\s+/g, ' ').slice(0, 160)}\n`);
}
