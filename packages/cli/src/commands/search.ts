import { EmbedbagError } from '@embedbag/core';
import { readTexts } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command } from 'commander';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { integerOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { createSearchIndex, type SearchHit } from '../search-index.js';
import { typedLines } from '../typed-lines.js';

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
    .requiredOption('--model <model>', 'the folder of a saved model, or the id of one on the Hugging Face Hub')
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
  const kernels = await kernelsFromOptions(options, context);
  try {
    const model = await StaticEmbedding.load(options.model, {
      kernels,
      hub: programHub(context),
      signal: context.signal,
    });
    const documents: string[] = [];
    for await (const text of readTexts(options.documents, { signal: context.signal })) documents.push(text);
    if (documents.length === 0) {
      throw new EmbedbagError({
        code: 'empty-input',
        message: `Expected \`--documents\` to hold at least one text, received the empty file ${options.documents}. Give a file with one text a line.`,
      });
    }
    const index = createSearchIndex(model, documents, options.truncateDim);
    const queries = options.query ?? typedLines(context, options.json ? '' : '> ');
    for await (const query of queries) print(query, index.search(query, options.top), options, context);
    model.dispose();
  } finally {
    kernels.dispose();
  }
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
