import type { ColumnDataset } from './column-dataset.js';
import { openHubDataset } from './open-hub-dataset.js';
import { collectRows, finishRows, type ReadDatasetOptions } from './read-dataset.js';

/** Reads a dataset of the hub; see `readDataset`. */
export async function readHubDataset(
  source: string,
  options: ReadDatasetOptions & { readonly name?: string },
): Promise<ColumnDataset> {
  const { name, files, range, requireRows } = await openHubDataset(source, options);
  const collector = await collectRows(files, options, range);
  requireRows(collector.rowCount);
  return finishRows(collector, options.name ?? name, options);
}
