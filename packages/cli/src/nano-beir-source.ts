import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Hub, openHubId } from '@embedbag/core';
import { isRetrievalFolder, readRetrievalFolder, readRows, type TableRow } from '@embedbag/datasets';
import { NANO_BEIR_SPLITS, type NanoBeirOptions, retrievalSetFromRows } from '@embedbag/evaluators';

const CONFIGS = {
  corpus: ['_id', 'text'],
  queries: ['_id', 'text'],
  qrels: ['query-id', 'corpus-id', 'score'],
} as const;
type Config = keyof typeof CONFIGS;

/** Where the NanoBEIR datasets lie. */
export interface NanoBeirSource {
  readonly datasetNames: readonly string[];
  readonly load: NanoBeirOptions['load'];
}

/** Local paths of the files of one config and split; empty where there are none. */
type FilesOf = (config: Config, split: string, signal?: AbortSignal) => Promise<string[]>;

/** Whether `name` is a file of `split`, such as `NanoNQ.jsonl` or `NanoNQ-00000-of-00001.parquet`. */
function isFileOf(name: string, split: string): boolean {
  return name.startsWith(split) && /^(?:-\d+-of-\d+)?\.\w/.test(name.slice(split.length));
}

function localFiles(folder: string): FilesOf {
  return async (config, split) => {
    const names = await readdir(join(folder, config)).catch(() => []);
    return names
      .filter((name) => isFileOf(name, split))
      .sort()
      .map((name) => join(folder, config, name));
  };
}

async function hubFiles(id: string, hub: Hub, signal: AbortSignal): Promise<FilesOf> {
  const snapshot = await openHubId(id, 'dataset', hub, signal);
  if (snapshot === undefined) {
    throw new EmbedbagError({
      code: 'folder-not-found',
      message: `Expected \`--nanobeir\` to be a folder or the id of a dataset, received ${id}, where there is nothing. Check the path, or name sentence-transformers/NanoBEIR-en.`,
      details: { path: id },
    });
  }
  return async (config, split, downloadSignal) => {
    const paths = snapshot.files
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`${config}/`) && isFileOf(path.slice(config.length + 1), split));
    const files: string[] = [];
    for (const path of paths) files.push(await snapshot.download(path, downloadSignal));
    return files;
  };
}

function tablesLoader(source: string, filesOf: FilesOf): NanoBeirOptions['load'] {
  return async (split, { signal }) => {
    const rows = async (config: Config): Promise<AsyncGenerator<TableRow>> => {
      const files = await filesOf(config, split, signal);
      if (files.length > 0)
        return readRows(files, { columns: CONFIGS[config], ...(signal !== undefined && { signal }) });
      throw new EmbedbagError({
        code: 'missing-split',
        message: `Expected a file of ${config}/${split} in ${source}, received none. Check the path, or choose datasets with \`--nanobeir-datasets\`.`,
        details: { source, config, split },
      });
    };
    const [corpus, queries, qrels] = [await rows('corpus'), await rows('queries'), await rows('qrels')];
    return retrievalSetFromRows({ name: split, corpus, queries, qrels });
  };
}

/** By split, the BEIR folder in `folder` that has its name or the name without `Nano`, in any case. */
async function beirFolders(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) {
    const lower = name.toLowerCase();
    const split = NANO_BEIR_SPLITS.find((each) => [each.toLowerCase(), each.slice(4).toLowerCase()].includes(lower));
    if (split !== undefined && (await isRetrievalFolder(join(folder, name)))) found.set(split, join(folder, name));
  }
  return found;
}

/** Refuses datasets that are not there. */
function checkThere(source: string, wanted: readonly string[], there: readonly string[]): void {
  const missing = wanted.find((split) => !there.includes(split));
  if (missing === undefined) return;
  throw new EmbedbagError({
    code: 'missing-split',
    message: `Expected the dataset ${missing} in ${source}, received ${there.join(', ')}. Check the path, or choose among these with \`--nanobeir-datasets\`.`,
    details: { source, split: missing },
  });
}

/** What the local folder `source` holds. */
async function folderSource(source: string): Promise<NanoBeirSource> {
  const folders = await beirFolders(source);
  if (folders.size > 0) {
    return {
      datasetNames: [...folders.keys()],
      load: (split, options) => readRetrievalFolder(folders.get(split)!, options),
    };
  }
  const filesOf = localFiles(source);
  const names: string[] = [];
  for (const split of NANO_BEIR_SPLITS) if ((await filesOf('corpus', split)).length > 0) names.push(split);
  if (names.length > 0) return { datasetNames: names, load: tablesLoader(source, filesOf) };
  throw new EmbedbagError({
    code: 'empty-folder',
    message: `Expected ${source} to hold NanoBEIR datasets, as folders such as NanoMSMARCO in BEIR layout or files such as corpus/NanoMSMARCO.parquet, received none. Check the path.`,
    details: { path: source },
  });
}

/**
 * The NanoBEIR datasets of a folder, in BEIR layout or in that of the hub, or of a dataset on the hub.
 *
 * @param wanted Splits such as `NanoMSMARCO`. Default: all that are there; on the hub, all 13.
 * @throws EmbedbagError `folder-not-found`, `empty-folder`, `missing-split`, and what the hub and the readers throw.
 */
export async function nanoBeirSource(
  source: string,
  { hub, signal }: { readonly hub: Hub; readonly signal: AbortSignal },
  wanted?: readonly string[],
): Promise<NanoBeirSource> {
  const isFolder = await stat(source).then(
    (status) => status.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    const load = tablesLoader(source, await hubFiles(source, hub, signal));
    return { datasetNames: wanted ?? NANO_BEIR_SPLITS, load };
  }
  const found = await folderSource(source);
  if (wanted === undefined) return found;
  checkThere(source, wanted, found.datasetNames);
  return { ...found, datasetNames: wanted };
}
