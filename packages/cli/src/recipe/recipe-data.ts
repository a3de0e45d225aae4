import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextDataset, Tokenizer } from '@embedbag/core';
import { readDatasets, readDatasetTree } from '@embedbag/datasets';
import { loadTokenizer } from '@embedbag/tokenization';
import type { TrainingArgumentsInput } from '@embedbag/trainer';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { type ListedDataset, type ListedRows, readListedDataset } from './listed-datasets.js';
import type { RecipeOptions } from './recipe-options.js';

/** What a recipe trains on. */
export interface RecipeData {
  readonly tokenizer: Tokenizer;
  readonly datasets: readonly TextDataset[];
  /** What these data need changed of the recipe's arguments. */
  readonly arguments?: TrainingArgumentsInput;
}

const TELL_EVERY_MS = 10_000;
const count = (value: number): string => value.toLocaleString('en-US');

/** The training data that checked `options` name; says on stderr which files are left out. */
export async function readRecipeData(options: RecipeOptions, context: ProgramContext): Promise<RecipeData> {
  const { train = '', tokenizer = '', columns, minRows = 1 } = options;
  const { stderr, signal } = context;
  const place = { hub: programHub(context), signal };
  const settings = columns === undefined ? place : { ...place, columns };
  const leftOut: string[] = [];
  const onLeftOut = ({ name, rowCount }: { readonly name: string; readonly rowCount: number }): void => {
    leftOut.push(`${name} (${count(rowCount)})`);
  };
  const isFolder = await stat(train).then(
    (status) => status.isDirectory(),
    () => false,
  );
  const data = {
    tokenizer: await loadTokenizer(tokenizer, place),
    datasets: isFolder
      ? await readDatasetTree(train, { ...settings, minRows, onLeftOut })
      : await readDatasets(train, settings),
  };
  if (leftOut.length > 0) stderr.write(`  left out  of fewer than ${count(minRows)} rows: ${leftOut.join(', ')}\n`);
  return data;
}

/** The data that an article trained a model on. */
export interface ArticleData {
  /** The id of a model on the Hugging Face Hub. */
  readonly tokenizer: string;
  /** Its tokens. */
  readonly vocabularySize: number;
  readonly datasets: readonly ListedDataset[];
  /** What so long a run needs beside the recipe's arguments. */
  readonly arguments: TrainingArgumentsInput;
}

/** {@link RecipeData} from the hub. */
export interface ReadArticleData extends RecipeData {
  /** By dataset, the rows that are not trained on. */
  readonly heldOut: readonly ListedRows['heldOut'][];
}

/**
 * Opens the datasets of an article from the hub or its cache; `--tokenizer` takes the place of the article's. The first pass over
 * them is kept in the folder `index` of `--output`.
 */
export async function readArticleData(
  article: ArticleData,
  { tokenizer = article.tokenizer, output }: RecipeOptions,
  context: ProgramContext,
): Promise<ReadArticleData> {
  const place = { hub: programHub(context), signal: context.signal };
  const loaded = await loadTokenizer(tokenizer, place);
  const rows: ListedRows[] = [];
  let told = 0;
  const onProgress = ({ name, rows: read }: { readonly name: string; readonly rows: number }): void => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    context.stderr.write(`Reading ${name}: ${count(read)} rows\n`);
  };
  const listedPlace = { ...place, indexFolder: join(output, 'index'), onProgress };
  for (const listed of article.datasets) rows.push(await readListedDataset(listed, listedPlace));
  return {
    tokenizer: loaded,
    datasets: rows.map(({ train }) => train),
    arguments: article.arguments,
    heldOut: rows.map(({ heldOut }) => heldOut),
  };
}
