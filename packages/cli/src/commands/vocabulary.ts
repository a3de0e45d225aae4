import { extname } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { readRows, readTexts } from '@embedbag/datasets';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { Command } from 'commander';
import { byteSink } from '../byte-sink.js';
import { integerOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';

interface VocabularyOptions {
  readonly input: readonly string[];
  readonly output: string;
  readonly size: number;
  readonly minFrequency: number;
}

const HELP_AFTER = `
A .txt file is one text a line; of tables, every column that holds texts is read. The result is a tokenizer.json of BERT's kind
(lower case, accents stripped) that Hugging Face's tokenizers read too.

Example:
  $ embedbag vocabulary --input my-docs/train.jsonl --size 8000 --output my-docs/tokenizer.json`;

/** `embedbag vocabulary`: a WordPiece tokenizer trained on one's own texts. */
export function vocabularyCommand(context: ProgramContext): Command {
  return new Command('vocabulary')
    .description('Train a WordPiece tokenizer on your own texts.')
    .requiredOption(
      '--input <path...>',
      'text files, tables (.jsonl, .csv, .parquet, ...), folders, or hf://datasets/...',
    )
    .requiredOption('--output <file>', 'the tokenizer.json to write; - for standard output')
    .option('--size <tokens>', 'the most tokens, special ones included', integerOption(1), 30_000)
    .option('--min-frequency <count>', 'merge only pairs that stand so often in the texts', integerOption(0), 2)
    .addHelpText('after', HELP_AFTER)
    .action((options: VocabularyOptions) => writeVocabulary(options, context));
}

async function writeVocabulary(options: VocabularyOptions, context: ProgramContext): Promise<void> {
  const { input, size, minFrequency } = options;
  const { stderr, stdout, signal } = context;
  const sink = await byteSink(options.output, stdout);
  try {
    const texts: string[] = [];
    for (const source of input) for await (const text of textsOf(source, context)) texts.push(text);
    signal.throwIfAborted();
    if (texts.length === 0) {
      throw new EmbedbagError({
        code: 'empty-input',
        message: `Expected texts in ${input.join(', ')}, received none. Give files with one text a line, or with columns of texts.`,
        details: { input: [...input] },
      });
    }
    stderr.write(`Training a vocabulary on ${texts.length.toLocaleString('en-US')} texts ...\n`);
    const json = trainWordPiece(texts, { vocabularySize: size, minFrequency });
    await sink.write(json);
    await sink.close();
    const { vocabularySize } = tokenizerFromJson(json);
    stderr.write(`${vocabularySize.toLocaleString('en-US')} tokens in ${options.output}\n`);
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

async function* textsOf(source: string, context: ProgramContext): AsyncGenerator<string> {
  const { signal } = context;
  if (extname(source).toLowerCase() === '.txt') return yield* readTexts(source, { signal });
  for await (const row of readRows(source, { hub: programHub(context), signal })) {
    for (const value of Object.values(row)) {
      if (typeof value === 'string') yield value;
      else if (Array.isArray(value)) for (const item of value) if (typeof item === 'string') yield item;
    }
  }
}
