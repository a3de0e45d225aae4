import type { Hub, TextDataset } from '@embedbag/core';
import { type ColumnMapping, type OpenDatasetOptions, openDatasets, readDatasets } from '@embedbag/datasets';
import { readingProgress } from './reading-progress.js';
import type { ProgramContext } from './run-program.js';

/** How rows are read. */
export interface TrainingDataOptions {
  readonly columns?: ColumnMapping;
  /** Texts stay in their files; a path keeps what the first pass found. */
  readonly streaming?: string | boolean;
}

/** The rows of `--train` or `--eval-data`: of the same paths and options always datasets of the same names. */
export async function readTrainingData(
  paths: readonly string[],
  { columns, streaming = false }: TrainingDataOptions,
  hub: Hub,
  { stderr, signal }: ProgramContext,
): Promise<readonly TextDataset[]> {
  if (paths.length === 0) return [];
  const settings: OpenDatasetOptions = {
    ...(columns && { columns }),
    hub,
    onNotice: ({ message }) => stderr.write(`note: ${message}\n`),
    signal,
    onProgress: readingProgress(stderr),
  };
  if (streaming === false) return readDatasets(paths, settings);
  return openDatasets(paths, { ...settings, ...(streaming !== true && { indexFolder: streaming }) });
}
