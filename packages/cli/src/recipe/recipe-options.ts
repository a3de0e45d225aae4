import { EmbedbagError } from '@embedbag/core';
import type { InitialTable } from '@embedbag/distillation';
import type { Command } from 'commander';
import { INITIAL_TABLE_HELP, initialTableOption } from '../initial-table-option.js';
import { addKernelOptions, type KernelOptions } from '../kernel-options.js';
import { columnsOption, integerOption } from '../option-values.js';

/** The options that every recipe has. */
export interface RecipeOptions extends KernelOptions {
  readonly train?: string;
  readonly eval?: string;
  readonly tokenizer?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly minRows?: number;
  readonly batchSize?: number;
  readonly bf16: boolean;
  readonly output: string;
  readonly seed: number;
  readonly initialTable?: InitialTable;
  readonly article?: boolean;
  readonly plan?: boolean;
  readonly search?: boolean;
  readonly json?: boolean;
}

/** What of the texts of {@link addRecipeOptions} is a recipe's own. */
export interface RecipeOptionTexts {
  /** What `--eval` takes. */
  readonly eval: string;
  /** An example for `--columns`. */
  readonly columns: string;
  /** Where the model goes by default. */
  readonly output: string;
  /** Rows a batch without `--train`. */
  readonly embeddedBatchSize: number;
}

/** Adds the options of {@link RecipeOptions} to `command`. */
export function addRecipeOptions(command: Command, texts: RecipeOptionTexts): Command {
  command
    .option(
      '--train <folder>',
      'every file of rows in it and in folders inside it (.jsonl, .csv, .tsv, .parquet, .arrow, ...) is a dataset of its own',
    )
    .option('--eval <folder>', texts.eval)
    .option('--article', "the article's own datasets, from the Hugging Face Hub, in place of --train")
    .option(
      '--plan',
      'print datasets, steps, expected time and memory, and train nothing; with --article without the network',
    )
    .option('--tokenizer <file>', 'a tokenizer.json, or the id of a model on the Hugging Face Hub')
    .option('--columns <mapping>', `which columns to use, such as ${texts.columns}`, columnsOption)
    .option('--min-rows <count>', 'leave out files of fewer rows (default: 1)', integerOption(1))
    .option(
      '--batch-size <rows>',
      `rows a batch (default: 2048, or ${texts.embeddedBatchSize} without --train)`,
      integerOption(1),
    )
    .option('--initial-table <kind>', INITIAL_TABLE_HELP, initialTableOption)
    .option('--no-bf16', 'take products of embeddings in float32: slower, with the same scores')
    .option('--output <folder>', 'the model lies in its folder `final`', texts.output)
    .option('--seed <number>', 'seed of the initial table and of the order of the rows', integerOption(0), 42)
    .option('--search', 'type questions to the model of the last run; trains one first if there is none')
    .option('--json', 'print one JSON object with all scores; progress still goes to stderr');
  return addKernelOptions(command);
}

const ONLY_WITH_DATA = [
  ['eval', '--eval'],
  ['tokenizer', '--tokenizer'],
] as const;
const ONLY_WITH_TRAIN = [
  ['columns', '--columns'],
  ['minRows', '--min-rows'],
] as const;

/** Refuses options that would have no effect beside the others: `missing-option`, `conflicting-options`. */
export function checkRecipeOptions(options: RecipeOptions): void {
  const { train, article, plan, search, tokenizer } = options;
  if (train !== undefined && article) throw conflict('`--article` without `--train`', 'Choose one of them');
  if (train === undefined) {
    const needing = article ? ONLY_WITH_TRAIN : [...ONLY_WITH_DATA, ...ONLY_WITH_TRAIN];
    const unused = needing.find(([key]) => options[key] !== undefined);
    if (unused !== undefined) throw missingTrain(unused[1]);
  } else if (tokenizer === undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: 'Expected `--tokenizer` with `--train`, received none. Give the path of a tokenizer.json.',
    });
  }
  if (!search) return;
  if (plan) throw conflict('`--search` without `--plan`', 'Plan first, then train');
  if (train === undefined && !article) return;
  const remedy = 'Train first, then ask the model with `embedbag search --model OUTPUT/final --documents FILE`';
  throw conflict(`\`--search\` without \`--${train === undefined ? 'article' : 'train'}\``, remedy);
}

function conflict(expected: string, remedy: string): EmbedbagError {
  return new EmbedbagError({
    code: 'conflicting-options',
    message: `Expected ${expected}, received both. ${remedy}.`,
  });
}

function missingTrain(option: string): EmbedbagError {
  return new EmbedbagError({
    code: 'missing-option',
    message: `Expected \`--train\` with \`${option}\`, received none. Give the folder of the training data, or leave \`${option}\` out.`,
  });
}
