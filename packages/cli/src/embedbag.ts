import { createRequire } from 'node:module';
import { Command } from 'commander';
import { distillCommand } from './commands/distill.js';
import { encodeCommand } from './commands/encode.js';
import { evaluateCommand } from './commands/evaluate.js';
import { guideCommand } from './commands/guide.js';
import { infoCommand } from './commands/info.js';
import { mineCommand } from './commands/mine.js';
import { pairsCommand } from './commands/pairs.js';
import { searchCommand } from './commands/search.js';
import { tokenizeCommand } from './commands/tokenize.js';
import { trainCommand } from './commands/train.js';
import { vocabularyCommand } from './commands/vocabulary.js';
import { runCommand } from './run-command.js';
import type { ProgramContext } from './run-program.js';

const HELP_AFTER = `
A first model in three commands, from a file of {"anchor": ..., "positive": ...} lines:
  $ embedbag train --train pairs.jsonl --tokenizer tokenizer.json --output my-model
  $ embedbag search --model my-model/final --documents documents.txt --query "how do I read a file"
  $ embedbag encode --model my-model/final --input documents.txt --output embeddings.npy

Exit codes: 0 done, 1 a defect of embedbag, 2 wrong input, 130 stopped by Ctrl-C (what was done is saved).`;

const COMMANDS = [
  trainCommand,
  distillCommand,
  guideCommand,
  evaluateCommand,
  mineCommand,
  encodeCommand,
  searchCommand,
  pairsCommand,
  vocabularyCommand,
  tokenizeCommand,
  infoCommand,
];

function version(): string {
  const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return manifest.version;
}

/** The `embedbag` command. `argv` has no program name in front. */
export function embedbag(argv: readonly string[], context: ProgramContext): Promise<void> {
  const program = new Command('embedbag')
    .description('Trains, evaluates and uses static text-embedding models: a text is the mean of its tokens’ rows.')
    .version(version(), '--version', 'print the version')
    .addHelpText('after', HELP_AFTER)
    .showHelpAfterError('(add --help for what is possible)');
  for (const create of COMMANDS) program.addCommand(create(context));
  return runCommand(program, argv, context);
}
