import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { type PairOptions, pairsFromMarkdown, pairsFromTypeScript, type TextPairs } from '@embedbag/datasets';
import { replaceFolder } from '@embedbag/static-embedding';
import { Command, Option } from 'commander';
import { numberOption } from '../option-values.js';
import type { ProgramContext } from '../run-program.js';

interface PairsOptions {
  readonly output: string;
  readonly source: keyof typeof READERS;
  readonly anchor: NonNullable<PairOptions['anchor']>;
  readonly heldOut: number;
  readonly json?: boolean;
}

const READERS = { markdown: pairsFromMarkdown, typescript: pairsFromTypeScript } as const;

const TRAIN_FILE = 'train.jsonl';
const DOCUMENTS_FILE = 'documents.jsonl';
const HELD_OUT_FOLDER = 'held-out';

const HELP_AFTER = `
Of Markdown the anchor is a heading with those above it, the positive the prose below it; of TypeScript a symbol and its
documentation comment. In the output folder lie
  ${TRAIN_FILE}      pairs for \`embedbag train --train\`
  ${HELD_OUT_FOLDER}/        the held-out names as a folder in BEIR layout, for \`--eval\` and \`embedbag evaluate --retrieval\`
  ${DOCUMENTS_FILE}  all prose, each with its title, for \`embedbag search --documents\`

Example:
  $ embedbag pairs docs --output my-docs`;

/** `embedbag pairs`: training pairs, a test set and documents to search, out of a folder of documentation. */
export function pairsCommand(context: ProgramContext): Command {
  return new Command('pairs')
    .description('Turn documentation, Markdown or TypeScript, into pairs to train on and a test set.')
    .argument('<path...>', 'folders, searched with all folders in them, or files')
    .requiredOption('--output <folder>', 'where the files go; made anew each time')
    .addOption(
      new Option('--source <kind>', 'what to read in the folders')
        .choices(Object.keys(READERS))
        .default('markdown' satisfies keyof typeof READERS),
    )
    .addOption(
      new Option('--anchor <style>', 'names as lower-case words, or as they are written')
        .choices(['words', 'path'])
        .default('words'),
    )
    .option('--held-out <share>', 'share of the names that is kept for the test', numberOption(0), 0.1)
    .option('--json', 'print the counts as one JSON object')
    .addHelpText('after', HELP_AFTER)
    .action((paths: readonly string[], options: PairsOptions) => writePairs(paths, options, context));
}

async function writePairs(paths: readonly string[], options: PairsOptions, context: ProgramContext): Promise<void> {
  const { output, source, anchor, heldOut: heldOutShare } = options;
  const { signal, stdout } = context;
  const { train, heldOut } = await READERS[source](paths, { anchor, heldOutShare, signal });
  if (train.anchors.length === 0) {
    throw new EmbedbagError({
      code: 'no-pairs',
      message: `Expected names with prose below them in ${paths.join(', ')}, received none that make a pair. Give a folder with more documentation, or another \`--source\` than ${source}.`,
      details: { paths: [...paths], source },
    });
  }
  await replaceFolder(output, (folder) => writeFiles(folder, train, heldOut), {
    kind: 'the output of an earlier `embedbag pairs`',
    isReplaceable: (entries) => entries.includes(TRAIN_FILE) && entries.includes(DOCUMENTS_FILE),
  });
  const counts = { pairs: train.anchors.length, heldOut: heldOut.anchors.length };
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...counts, output })}\n`);
    return;
  }
  stdout.write(
    `${counts.pairs} pairs in ${join(output, TRAIN_FILE)}, ${counts.heldOut} held out in ${join(output, HELD_OUT_FOLDER)}\n`,
  );
}

async function writeFiles(folder: string, train: TextPairs, heldOut: TextPairs): Promise<void> {
  const parts = [
    { prefix: 'train', ...train },
    { prefix: 'held-out', ...heldOut },
  ];
  const documents = parts.flatMap(({ prefix, titles, positives }) =>
    positives.map((text, row) => ({ _id: `${prefix}-${row}`, title: titles[row] ?? '', text })),
  );
  await writeFile(
    join(folder, TRAIN_FILE),
    lines(train.anchors, (anchor, i) => ({ anchor, positive: train.positives[i] })),
  );
  await writeFile(
    join(folder, DOCUMENTS_FILE),
    lines(documents, ({ title, text }) => ({ text: `${title}: ${text}` })),
  );
  const test = join(folder, HELD_OUT_FOLDER);
  await mkdir(join(test, 'qrels'), { recursive: true });
  await writeFile(
    join(test, 'corpus.jsonl'),
    lines(documents, (document) => document),
  );
  await writeFile(
    join(test, 'queries.jsonl'),
    lines(heldOut.anchors, (text, i) => ({ _id: `query-${i}`, text })),
  );
  const judged = heldOut.anchors.map((_, i) => `query-${i}\theld-out-${i}\t1\n`);
  await writeFile(join(test, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judged.join('')}`);
}

function lines<Item>(items: readonly Item[], row: (item: Item, index: number) => object): string {
  return items.map((item, index) => `${JSON.stringify(row(item, index))}\n`).join('');
}
