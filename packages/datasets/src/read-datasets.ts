import type { ColumnDataset } from './column-dataset.js';
import { checkMapping } from './column-roles.js';
import { groupSources } from './group-sources.js';
import { type ReadDatasetOptions, readDataset, readDatasetFiles } from './read-dataset.js';

/**
 * Reads the files that `source` stands for, as `readDataset` finds them, one dataset each. Files whose names end in
 * `-00000-of-00003`, `-00001-of-00003`, ... are the shards of one dataset, which has the name before that; all shards of a folder
 * must be there. With `hub` a source may be a dataset of the hub, `hf://datasets/owner/name/config`; those come last.
 *
 * @throws EmbedbagError `missing-shard`, and all of `readDataset`.
 *
 * @example
 * ```ts
 * const datasets = await readDatasets('data/train');
 * ```
 */
export async function readDatasets(
  source: string | readonly string[],
  options: ReadDatasetOptions = {},
): Promise<ColumnDataset[]> {
  if (options.columns !== undefined) checkMapping(options.columns);
  const { groups, hubSources } = await groupSources(source, options);
  const datasets: ColumnDataset[] = [];
  for (const { name, files } of groups) datasets.push(await readDatasetFiles(files, name, options));
  for (const one of hubSources) datasets.push(await readDataset(one, options));
  return datasets;
}
