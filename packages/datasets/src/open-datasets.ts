import { join } from 'node:path';
import { checkMapping } from './column-roles.js';
import { groupSources } from './group-sources.js';
import { type OpenDatasetOptions, openDataset, openedDataset } from './open-dataset.js';
import { ALL_ROWS } from './split-slice.js';
import type { StreamedDataset } from './streamed-dataset.js';

/**
 * Opens the files that `source` stands for as `openDataset` does, one dataset each; shards, and datasets of the hub, as in
 * `readDatasets`. Each has `memoryBytes` of its own. In `indexFolder` each has a folder of its name.
 *
 * @throws EmbedbagError `missing-shard`, and all of `openDataset`.
 *
 * @example
 * ```ts
 * const datasets = await openDatasets(['questions.parquet', 'titles.parquet'], { indexFolder: 'indexes' });
 * ```
 */
export async function openDatasets(
  source: string | readonly string[],
  options: OpenDatasetOptions = {},
): Promise<StreamedDataset[]> {
  if (options.columns !== undefined) checkMapping(options.columns);
  const { groups, hubSources } = await groupSources(source, options);
  const settings = indexFolders(options);
  const datasets: StreamedDataset[] = [];
  for (const { name, files } of groups) {
    datasets.push(await openedDataset({ name, files, range: ALL_ROWS, requireRows: () => {} }, settings(name)));
  }
  for (const one of hubSources) datasets.push(await openDataset(one, settings(one)));
  return datasets;
}

/** The options of each dataset by name: with a folder of its own for its index. */
function indexFolders(options: OpenDatasetOptions): (name: string) => OpenDatasetOptions {
  const { indexFolder } = options;
  const taken = new Map<string, number>();
  return (name) => {
    if (indexFolder === undefined) return options;
    const folder = name.replaceAll(/[^\w.-]+/g, '-');
    const count = (taken.get(folder) ?? 0) + 1;
    taken.set(folder, count);
    return { ...options, indexFolder: join(indexFolder, count === 1 ? folder : `${folder}-${count}`) };
  };
}
