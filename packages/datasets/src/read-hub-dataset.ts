import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { type DatasetFile, findDatasetFiles } from './dataset-files.js';
import { findHubDataset, type HubDataset } from './hub-dataset.js';
import { collectRows, finishRows, type ReadDatasetOptions } from './read-dataset.js';
import { type RowRange, rowsOfSplit, rowsWithoutCount } from './split-slice.js';

/** All rows, and no row: a pass that keeps none counts them. */
const ALL: RowRange = { from: 0, to: Number.POSITIVE_INFINITY };
const NONE: RowRange = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** Reads a dataset of the hub; see `readDataset`. */
export async function readHubDataset(
  source: string,
  options: ReadDatasetOptions & { readonly name?: string },
): Promise<ColumnDataset> {
  const dataset = await findHubDataset(source, options);
  const range = await rangeOf(dataset, options);
  if (range.to <= range.from) throw emptySplit(dataset, 'a slice without rows');
  const isAll = range.from === 0 && range.to === Number.POSITIVE_INFINITY;
  const files = isAll ? await allFiles(dataset, options) : filesInTurn(dataset, options);
  const collector = await collectRows(files, options, range);
  if (collector.rowCount <= range.from) throw emptySplit(dataset, `none of its ${collector.rowCount} rows`);
  return finishRows(collector, options.name ?? dataset.name, options);
}

/** The rows that are wanted. Where that takes their number, they are counted in a pass of its own. */
async function rangeOf(dataset: HubDataset, options: ReadDatasetOptions): Promise<RowRange> {
  const { slice } = dataset;
  if (slice === undefined) return ALL;
  const range = rowsWithoutCount(slice);
  if (range !== undefined) return range;
  const { rowCount } = await collectRows(await allFiles(dataset, options), options, NONE);
  return rowsOfSplit(slice, rowCount);
}

/** Downloads all files, several at a time; the first failure ends the others, and all have ended before it is thrown. */
async function allFiles(dataset: HubDataset, options: ReadDatasetOptions): Promise<readonly DatasetFile[]> {
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
async function* filesInTurn(dataset: HubDataset, options: ReadDatasetOptions): AsyncGenerator<DatasetFile> {
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
