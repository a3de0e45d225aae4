import { join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { listFolder } from './list-folder.js';
import { formatOf, type ReadDatasetOptions, readDataset } from './read-dataset.js';

/**
 * Reads every .jsonl, .csv and .tsv file that lies in `folder` itself, sorted by file name, one dataset each.
 * With `format` only files of that format are read.
 *
 * @throws EmbedbagError `folder-not-found`, `not-a-folder`, `empty-folder`, and all of `readDataset`.
 *
 * @example
 * ```ts
 * const datasets = await readDatasets('data/train');
 * ```
 */
export async function readDatasets(folder: string, options: ReadDatasetOptions = {}): Promise<ColumnDataset[]> {
  const names = (await listFolder(folder))
    .filter((entry) => !entry.isDirectory && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => {
      const format = formatOf(name);
      return format !== undefined && (options.format === undefined || options.format === format);
    });
  if (names.length === 0) {
    throw new EmbedbagError({
      code: 'empty-folder',
      message: `Expected at least one ${options.format === undefined ? '.jsonl, .csv or .tsv' : `.${options.format}`} file in the folder ${folder}, received none. Check the path; folders inside it are not searched.`,
      details: { path: folder },
    });
  }
  const datasets: ColumnDataset[] = [];
  for (const name of names) datasets.push(await readDataset(join(folder, name), options));
  return datasets;
}
