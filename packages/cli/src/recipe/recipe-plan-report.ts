import type { Kernels, Loss, TextDataset, Tokenizer } from '@embedbag/core';
import type { TrainingArgumentsInput } from '@embedbag/trainer';
import type { ProgramContext } from '../run-program.js';
import { textTable } from '../text-table.js';
import {
  LISTED_BLOCK_BYTES,
  type ListedDataset,
  listedColumns,
  listedName,
  listedTrainRows,
} from './listed-datasets.js';
import { MEASURED_STEPS, measureSteps } from './measure-steps.js';
import { planRecipe, type RecipePlan } from './plan-recipe.js';
import type { RecipeData } from './recipe-data.js';
import { SYNTHETIC_TOKENS, syntheticDataset, syntheticTokenizer } from './synthetic-rows.js';

const GIGABYTE = 1e9;
/** A hash of 8 bytes in the dataset, and one in the view without the rows held out. */
const BYTES_BESIDE_TEXT = 16;
const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** What of a recipe {@link printRecipePlan} must know. */
export interface PlannedRecipe {
  readonly dimension: number;
  readonly loss: Loss;
  readonly arguments: TrainingArgumentsInput;
  readonly kernels: Kernels;
  readonly json: boolean;
}

/** A run's time and the memory of its texts, and what both rest on. */
interface Expectation {
  readonly expectedMs: number;
  readonly basis: string;
  /** Undefined where the lengths of the texts are not known. */
  readonly textBytes: number | undefined;
}

/** Plans a run over data that were read, from steps on their first batches. */
export async function printPlanOfData(
  { tokenizer, datasets }: RecipeData,
  recipe: PlannedRecipe,
  context: ProgramContext,
): Promise<void> {
  const counted = datasets.map(({ name, rowCount, columns }) => ({ name, rowCount, columns: columns.length }));
  const plan = planRecipe({ ...recipe, datasets: counted, vocabularySize: tokenizer.vocabularySize });
  context.stderr.write(`Measuring ${MEASURED_STEPS} steps ...\n`);
  const [stepMs = 0] = await measureSteps({ ...recipe, tokenizer, datasets: [datasets], signal: context.signal });
  print(plan, { counts: 'read' }, recipe, context, {
    expectedMs: stepMs * plan.steps,
    basis: `${MEASURED_STEPS} steps on batches of these data, measured just now, took ${seconds(stepMs)} each on ${computeOf(recipe)}`,
    textBytes: datasets.reduce((sum, dataset) => sum + sizeOf(dataset), 0),
  });
}

/** Plans a run over datasets of the hub without the network, from the counts that a recipe lists and steps on made-up rows. */
export async function printPlanOfList(
  list: readonly ListedDataset[],
  vocabularySize: number,
  recipe: PlannedRecipe,
  context: ProgramContext,
): Promise<void> {
  const counted = list.map((listed) => ({
    name: listedName(listed),
    rowCount: listedTrainRows(listed),
    columns: listedColumns(listed),
  }));
  const plan = planRecipe({ ...recipe, datasets: counted, vocabularySize });
  context.stderr.write(`Measuring ${MEASURED_STEPS} steps of pairs and of triplets ...\n`);
  const made = (columns: number): TextDataset[] => [
    syntheticDataset({ rowCount: plan.batchSize * (MEASURED_STEPS + 1), columns, vocabularySize }),
  ];
  const tokenizer: Tokenizer = syntheticTokenizer(vocabularySize);
  const [pairMs = 0, tripletMs = 0] = await measureSteps({
    ...recipe,
    tokenizer,
    datasets: [made(2), made(3)],
    signal: context.signal,
  });
  // A column more is as many candidates more for each row.
  const stepMs = (columns: number): number => pairMs + (tripletMs - pairMs) * (columns - 2);
  const epochMs = plan.datasets.reduce((sum, { batches, columns }) => sum + batches * stepMs(columns), 0);
  const epochSteps = plan.datasets.reduce((sum, { batches }) => sum + batches, 0);
  print(plan, { counts: 'listed' }, recipe, context, {
    expectedMs: (epochMs * plan.steps) / epochSteps,
    basis:
      `${MEASURED_STEPS} steps on made-up texts of ${SYNTHETIC_TOKENS} tokens, measured just now, took ${seconds(pairMs)} each for pairs and ` +
      `${seconds(tripletMs)} for triplets on ${computeOf(recipe)}; longer texts take longer`,
    textBytes: undefined,
  });
}

function computeOf({ kernels }: PlannedRecipe): string {
  return `${kernels.backend}, threads: ${kernels.threads}`;
}

function sizeOf(dataset: TextDataset): number {
  return 'sizeBytes' in dataset ? Number(dataset.sizeBytes) : 0;
}

function print(
  plan: RecipePlan,
  { counts }: { readonly counts: 'read' | 'listed' },
  recipe: PlannedRecipe,
  { stdout }: ProgramContext,
  { expectedMs, basis, textBytes }: Expectation,
): void {
  const { datasets, rows, steps, warmupSteps, batchSize, epochs, memory } = plan;
  if (recipe.json) {
    const report = { counts, datasets, rows, steps, warmupSteps, batchSize, epochs, expectedMs, basis, memory };
    stdout.write(`${JSON.stringify({ ...report, textBytes: textBytes ?? null })}\n`);
    return;
  }
  const table = textTable(
    ['dataset', 'rows', 'columns', 'steps'],
    [
      ...datasets.map(({ name, rowCount, columns, batches }) => [
        name,
        count(rowCount),
        String(columns),
        count(batches * epochs),
      ]),
      [`${datasets.length} datasets`, count(rows), '', count(steps)],
    ],
  );
  const where =
    counts === 'listed'
      ? 'Rows are the counts that the recipe lists, those held out left out; nothing was downloaded.'
      : 'Rows are those of the files; nothing was trained that is kept.';
  stdout.write(
    `${table}\n${where}\n\n` +
      `steps   ${count(steps)} of ${count(batchSize)} rows, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, warm-up of ${count(warmupSteps)} steps\n` +
      `time    about ${duration(expectedMs)}: ${basis}. Reading, evaluation and saving are not counted.\n` +
      `memory  ${memoryLine(memory)}\n        ${textsLine(plan, textBytes)}\n`,
  );
}

function memoryLine(memory: RecipePlan['memory']): string {
  const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toFixed(2);
  const { tableBytes, momentsBytes, embeddingsBytes, gradientsBytes, workingBytes, similaritiesBytes } = memory;
  return (
    `${gigabytes(memory.totalBytes)} GB at most in the kernels: table ${gigabytes(tableBytes)}, moments ${gigabytes(momentsBytes)}, ` +
    `embeddings ${gigabytes(embeddingsBytes)}, gradients ${gigabytes(gradientsBytes)}, loss ${gigabytes(workingBytes + similaritiesBytes)}`
  );
}

function textsLine({ datasets }: RecipePlan, textBytes: number | undefined): string {
  if (textBytes !== undefined) return `${(textBytes / GIGABYTE).toFixed(2)} GB for the texts`;
  const texts = datasets.reduce((sum, { rowCount, columns }) => sum + rowCount * columns, 0);
  const hashes = ((texts * BYTES_BESIDE_TEXT) / GIGABYTE).toFixed(1);
  const blocks = ((datasets.length * LISTED_BLOCK_BYTES) / GIGABYTE).toFixed(1);
  return `${hashes} GB for the hashes of the texts, which stay in their files, and at most ${blocks} GB for parts of these`;
}

function duration(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1.5) return `${(ms / 1000).toFixed(0)} s`;
  return minutes < 90 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(1)} h`;
}
