import { EmbedbagError } from '@embedbag/core';
import { type DatasetFile, findDatasetFiles } from './dataset-files.js';
import type { DatasetFormat } from './dataset-format.js';
import { addFileRows, type FileRowsOptions } from './file-rows.js';
import { findHubDataset, type HubDataset, type HubDatasetOptions } from './hub-dataset.js';
import { ALL_ROWS, NO_ROWS, type RowRange, rowsOfSplit, rowsWithoutCount } from './split-slice.js';
import { TableRows } from './table-rows.js';

/** Settings of {@link openHubDataset}. */
export interface OpenHubDatasetOptions extends HubDatasetOptions, FileRowsOptions {
  readonly format?: DatasetFormat;
}

/** The files of a dataset of the hub on this machine. */
export interface OpenHubDataset {
  readonly name: string;
  /** Each is downloaded when it is asked for, or all of them have been. */
  readonly files: Iterable<DatasetFile> | AsyncIterable<DatasetFile>;
  /** The rows that are wanted, counted over all files. */
  readonly range: RowRange;
  /** Refuses a slice that lies behind the last of `rowCount` rows: `empty-split`. */
  requireRows(rowCount: number): void;
}

/** Finds a dataset of the hub and its rows; see `readDataset`. */
export async function openHubDataset(source: string, options: OpenHubDatasetOptions): Promise<OpenHubDataset> {
  const dataset = await findHubDataset(source, options);
  const range = await rangeOf(dataset, options);
  if (range.to <= range.from) throw emptySplit(dataset, 'a slice without rows');
  const isAll = range.from === 0 && range.to === Number.POSITIVE_INFINITY;
  return {
    name: dataset.name,
    files: isAll ? await allFiles(dataset, options) : filesInTurn(dataset, options),
    range,
    requireRows: (rowCount) => {
      if (rowCount <= range.from) throw emptySplit(dataset, `none of its ${rowCount} rows`);
    },
  };
}

/** The rows that are wanted. Where that takes their number, they are counted in a pass of its own. */
async function rangeOf(dataset: HubDataset, options: OpenHubDatasetOptions): Promise<RowRange> {
  const { slice } = dataset;
  if (slice === undefined) return ALL_ROWS;
  const range = rowsWithoutCount(slice);
  if (range !== undefined) return range;
  const counted = new TableRows([], NO_ROWS);
  for (const file of await allFiles(dataset, options)) await addFileRows(file, counted, options);
  return rowsOfSplit(slice, counted.rowCount);
}

/** Downloads all files, several at a time; the first failure ends the others, and all have ended before it is thrown. */
async function allFiles(dataset: HubDataset, options: OpenHubDatasetOptions): Promise<readonly DatasetFile[]> {
  const failures = new AbortController();
  const signal = options.signal === undefined ? failures.signal : AbortSignal.any([options.signal, failures.signal]);
  const paths: string[] = [];
  await Promise.all(
    dataset.files.map(async (file, index) => {
      try {
        paths[index] = await dataset.snapshot.download(file.path, signal);
      } catch (error) {
        failures.abort(error);
      }
    }),
  );
  failures.signal.throwIfAborted();
  return findDatasetFiles(paths, options.format);
}

/** Downloads a file when it is asked for. */
async function* filesInTurn(dataset: HubDataset, options: OpenHubDatasetOptions): AsyncGenerator<DatasetFile> {
  for (const file of dataset.files) {
    yield* await findDatasetFiles(await dataset.snapshot.download(file.path, options.signal), options.format);
  }
}

function emptySplit(dataset: HubDataset, received: string): EmbedbagError {
  const { name } = dataset.snapshot.repository;
  const split = dataset.slice?.text ?? 'train';
  return new EmbedbagError({
    code: 'empty-split',
    message: `Expected rows in \`${split}\` of the dataset \`${name}\`, received ${received}. Choose rows that there are, such as \`${dataset.slice?.split ?? 'train'}[:1000]\`.`,
    details: { dataset: name, split },
  });
}
