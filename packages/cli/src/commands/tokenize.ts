import { bagCount, type TokenBags } from '@embedbag/core';
import { loadTokenizer } from '@embedbag/tokenization';
import { Command } from 'commander';
import { integerOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { batches, inputTexts, writeChunk } from '../text-input.js';

interface TokenizeOptions {
  readonly tokenizer: string;
  readonly input: string;
  readonly maxTokens?: number;
}

const TEXTS_AT_ONCE = 4096;

/** `embedbag tokenize`: token ids of texts, without special tokens. */
export function tokenizeCommand(context: ProgramContext): Command {
  return new Command('tokenize')
    .description('Turn texts into token ids: one JSON string a line in, one JSON array of ids a line out.')
    .requiredOption('--tokenizer <file>', 'a tokenizer.json, a folder that holds one, or the id of a model on the hub')
    .option('--input <file>', 'the file to read; - for standard input', '-')
    .option('--max-tokens <count>', 'keep at most so many ids a text', integerOption(1))
    .addHelpText('after', `\nExample:\n  $ echo '"Hello, world"' | embedbag tokenize --tokenizer tokenizer.json`)
    .action((options: TokenizeOptions) => tokenize(options, context));
}

async function tokenize(options: TokenizeOptions, context: ProgramContext): Promise<void> {
  const tokenizer = await loadTokenizer(options.tokenizer, { hub: programHub(context), signal: context.signal });
  const settings = options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens };
  for await (const texts of batches(inputTexts(options.input, context), TEXTS_AT_ONCE)) {
    context.signal.throwIfAborted();
    await writeChunk(context.stdout, idLines(tokenizer.tokenize(texts, settings)));
  }
}

function idLines({ ids, offsets }: TokenBags): string {
  let lines = '';
  for (let bag = 0; bag < bagCount({ ids, offsets }); bag++) {
    lines += `[${ids.subarray(offsets[bag], offsets[bag + 1]).join(',')}]\n`;
  }
  return lines;
}
