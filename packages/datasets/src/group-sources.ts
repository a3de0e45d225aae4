import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { type DatasetFile, findDatasetFiles, noFiles } from './dataset-files.js';
import type { DatasetFormat } from './dataset-format.js';
import type { HubDatasetOptions } from './hub-dataset.js';
import { checkHubOptions, isHubDataset } from './hub-dataset-id.js';

/** Sources by the datasets that they are. */
interface GroupedSources {
  /** Files, the shards of a dataset together. */
  readonly groups: readonly ShardGroup[];
  /** Datasets of the hub. */
  readonly hubSources: readonly string[];
}

/** The files that `source` stands for by dataset, and the datasets of the hub in it; see `readDatasets`. */
export async function groupSources(
  source: string | readonly string[],
  options: HubDatasetOptions & { readonly format?: DatasetFormat },
): Promise<GroupedSources> {
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
  return { groups: groupShards(files), hubSources };
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
