import { join } from 'node:path';
import { checkMapping } from './column-roles.js';
import { noFiles } from './dataset-files.js';
import { datasetName } from './dataset-name.js';
import { groupSources } from './group-sources.js';
import { checkHubOptions, isHubDataset } from './hub-dataset-id.js';
import { MEMORY_BYTES, type OpenDatasetOptions, openDataset, openedDataset } from './open-dataset.js';
import { ALL_ROWS } from './split-slice.js';
import type { StreamedDataset } from './streamed-dataset.js';

/**
 * Opens rows as `openDataset` does, each source as a dataset of its own: a file, a folder, a pattern, or a dataset of the hub. A
 * folder with shards must have all of them. `memoryBytes` is for all datasets together. In `indexFolder` each has a folder of its
 * name.
 *
 * @throws EmbedbagError `missing-shard`, and all of `openDataset`.
 *
 * @example
 * ```ts
 * const datasets = await openDatasets(['questions/*.parquet', 'titles.parquet'], { indexFolder: 'indexes' });
 * ```
 */
export async function openDatasets(
  source: string | readonly string[],
  options: OpenDatasetOptions = {},
): Promise<StreamedDataset[]> {
  if (options.columns !== undefined) checkMapping(options.columns);
  const sources = typeof source === 'string' ? [source] : source;
  if (sources.length === 0) throw noFiles();
  if (!sources.some(isHubDataset)) checkHubOptions(options);
  const { memoryBytes = MEMORY_BYTES } = options;
  const settings = indexFolders({ ...options, memoryBytes: Math.floor(memoryBytes / sources.length) });
  const datasets: StreamedDataset[] = [];
  for (const one of sources) {
    if (isHubDataset(one)) {
      datasets.push(await openDataset(one, settings(one)));
      continue;
    }
    const { groups } = await groupSources(one, { ...(options.format && { format: options.format }) });
    const files = groups.flatMap((group) => group.files);
    const name = groups.length === 1 && groups[0] !== undefined ? groups[0].name : datasetName(files);
    datasets.push(await openedDataset({ name, files, range: ALL_ROWS, requireRows: () => {} }, settings(name)));
  }
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
