import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { checkMapping } from './column-roles.js';
import { type DatasetFile, findDatasetFiles, noFiles } from './dataset-files.js';
import { checkHubOptions, isHubDataset } from './hub-dataset-id.js';
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
  const sources = typeof source === 'string' ? [source] : source;
  const hubSources = sources.filter(isHubDataset);
  if (hubSources.length === 0) checkHubOptions(options);
  const files: DatasetFile[] = [];
  for (const path of sources) {
    if (isHubDataset(path)) continue;
    const found = await findDatasetFiles(path, options.format);
    if (await isFolder(path)) groupShards(found).forEach(requireAllShards);
    files.push(...found);
  }
  if (sources.length === 0) throw noFiles();
  const datasets: ColumnDataset[] = [];
  for (const { name, files: shards } of groupShards(files))
    datasets.push(await readDatasetFiles(shards, name, options));
  for (const one of hubSources) datasets.push(await readDataset(one, options));
  return datasets;
}

/** The files of one dataset. */
interface ShardGroup {
  readonly name: string;
  readonly files: DatasetFile[];
  /** How many shards there should be. */
  readonly total: number;
}

const SHARD = /^(?<name>.+?)[-_.]?(?<number>\d{4,})-of-(?<total>\d{4,})$/;

function groupShards(files: readonly DatasetFile[]): ShardGroup[] {
  const groups = new Map<string, ShardGroup>();
  for (const file of files) {
    const { name, total } = SHARD.exec(file.stem)?.groups ?? {};
    const key = name === undefined ? file.path : JSON.stringify([dirname(file.path), name, total]);
    const group = groups.get(key) ?? { name: name ?? file.stem, files: [], total: Number(total ?? 1) };
    group.files.push(file);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function requireAllShards({ name, files, total }: ShardGroup): void {
  if (files.length === total) return;
  const folder = dirname(files[0]?.path ?? '');
  throw new EmbedbagError({
    code: 'missing-shard',
    message: `Expected ${total} shards of \`${name}\` in the folder ${folder}, received ${files.length}. Copy or download the missing ones, or name those to read with a pattern.`,
    details: { path: folder, expected: total, received: files.length },
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
