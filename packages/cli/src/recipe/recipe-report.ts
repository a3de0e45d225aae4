import { join } from 'node:path';
import type { Kernels } from '@embedbag/core';
import type { TrainingSummary } from '@embedbag/trainer';
import { EXIT_CODES, type ProgramContext, ProgramExit } from '../run-program.js';
import type { EvaluatedTraining } from './evaluate-around.js';
import type { RecipeData } from './recipe-data.js';

const MOST_LINES = 16;
const GIGABYTE = 1e9;
const count = (value: number): string => value.toLocaleString('en-US');

/** What a line about one set of evaluation data says. */
export interface EvaluationLine {
  readonly name: string;
  /** Such as `300 queries, 5,183 documents`. */
  readonly size: string;
}

/** The smallest of more than {@link MOST_LINES} datasets share one line. */
function datasetLines(datasets: RecipeData['datasets']): string[] {
  const largest = [...datasets].sort((a, b) => b.rowCount - a.rowCount);
  const shown = new Set(datasets.length > MOST_LINES ? largest.slice(0, MOST_LINES - 1) : datasets);
  const others = datasets.filter((dataset) => !shown.has(dataset));
  const lines = [...shown].map(({ name, rowCount }) => `${name}: ${count(rowCount)} pairs`);
  if (others.length === 0) return lines;
  const rows = others.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return [...lines, `${others.length} more datasets: ${count(rows)} pairs`];
}

/** What a recipe is about to do, a line each: datasets, evaluation data, table and kernels. */
export function describeRecipe(
  { datasets, tokenizer }: RecipeData,
  evaluations: readonly EvaluationLine[],
  { dimension, kernels }: { readonly dimension: number; readonly kernels: Kernels },
): string {
  return [
    ...datasetLines(datasets).map((line) => `  train     ${line}\n`),
    ...evaluations.map(({ name, size }) => `  evaluate  ${name}: ${size}\n`),
    `  table     ${count(tokenizer.vocabularySize)} tokens x ${count(dimension)} dims\n`,
    `  compute   ${kernels.backend}, threads: ${kernels.threads}\n`,
  ].join('');
}

/** Whether Ctrl-C ended a training before its last step, or the evaluation after it. */
export function wasStopped({ summary, after }: EvaluatedTraining<unknown>, isEvaluated: boolean): boolean {
  return summary.step < summary.steps || (isEvaluated && after === undefined);
}

/** Says where the model so far is, and ends the program as one that was stopped. */
export function stoppedEarly(
  { step, steps }: TrainingSummary,
  output: string,
  { stderr }: Pick<ProgramContext, 'stderr'>,
): never {
  stderr.write(`Stopped after step ${step} of ${steps}; the model so far is in ${join(output, 'final')}\n`);
  throw new ProgramExit(EXIT_CODES.interrupted);
}

/** The most memory that this process has held at once, in bytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** The sentence about time, memory and place at the end of a recipe. */
export function trainedLine(trainingMs: number, output: string): string {
  const memory = (peakMemoryBytes() / GIGABYTE).toFixed(1);
  return `Trained in ${(trainingMs / 1000).toFixed(1)} s, with at most ${memory} GB of memory; the model is in ${join(output, 'final')}\n`;
}
