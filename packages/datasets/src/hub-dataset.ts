import { readFile } from 'node:fs/promises';
import { EmbedbagError, type Hub, type HubFile, type HubSnapshot, isEmbedbagError } from '@embedbag/core';
import { type CardConfig, readDatasetCard } from './dataset-card.js';
import { FORMAT_WORDS, fileKind } from './dataset-format.js';
import { type HubDatasetId, parseHubDataset } from './hub-dataset-id.js';
import { isPattern, matchingPaths } from './repository-pattern.js';
import { pathsBySplit } from './split-of-path.js';
import { parseSplit, type SplitSlice } from './split-slice.js';

/** Where the hub keeps a copy of a dataset as Parquet. */
const CONVERTED = 'refs/convert/parquet';

/** Which part of a dataset of the hub is wanted. */
export interface HubDatasetOptions {
  /** Where datasets are found: `createHub()` of @embedbag/hub. */
  readonly hub?: Hub;
  /** The config, where the dataset has several and the address names none. */
  readonly config?: string;
  /** The split, such as `train` or `train[:100000]`. Default: the address's, else `train`, else the only one. */
  readonly split?: string;
  readonly signal?: AbortSignal;
}

/** The files of one split of a dataset of the hub. */
export interface HubDataset {
  /** Such as `gooaq-pair`: the repository's name without its owner, and the config unless it is the only one. */
  readonly name: string;
  readonly snapshot: HubSnapshot;
  /** All of one format, in the order of their rows. */
  readonly files: readonly HubFile[];
  /** The rows that are wanted; undefined for all. */
  readonly slice: SplitSlice | undefined;
}

/** The files of a config by split. */
interface ConfigFiles {
  readonly snapshot: HubSnapshot;
  /** The config's name, where it is a part of the dataset's name. */
  readonly label: string | undefined;
  readonly splits: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds the files of an `hf://datasets/...` address: those that its README.md names for the config; else those in the
 * folder of the config's name, or all; else those of the hub's own conversion to Parquet. Nothing but README.md is
 * downloaded.
 *
 * @throws EmbedbagError `invalid-hub-dataset`, `hub-missing`, `unknown-config`, `unknown-split`, `invalid-slice`, `no-match`,
 * `no-data-files`, `invalid-dataset-card`, and what the hub throws.
 */
export async function findHubDataset(source: string, options: HubDatasetOptions): Promise<HubDataset> {
  const id = parseHubDataset(source);
  const { hub, signal } = options;
  if (hub === undefined) throw hubMissing(source);
  const { name, revision } = id;
  const snapshot = await hub.open({ type: 'dataset', name, ...(revision === undefined ? {} : { revision }) }, signal);
  const wanted = partOf(id, options);
  const baseName = name.slice(name.indexOf('/') + 1);
  if (wanted.pattern !== undefined) {
    const paths = matchingPaths(wanted.pattern, pathsOf(snapshot));
    if (paths.length === 0) throw noMatch(snapshot, wanted.pattern);
    return { name: baseName, snapshot, files: readableFiles(snapshot, paths), slice: wanted.slice };
  }
  const found = await configFiles(hub, snapshot, wanted.config, signal);
  const split = chooseSplit(found, wanted.slice);
  const paths = found.splits.get(split) ?? [];
  return {
    name: found.label === undefined ? baseName : `${baseName}-${found.label}`,
    snapshot: found.snapshot,
    files: readableFiles(found.snapshot, paths),
    slice: wanted.slice,
  };
}

function hubMissing(source: string): EmbedbagError {
  return new EmbedbagError({
    code: 'hub-missing',
    message: `Expected the option \`hub\` with \`${source}\`, received none. Give \`hub: createHub()\` of @embedbag/hub.`,
    details: { source },
  });
}

/** What is wanted of a dataset: files by a pattern, or a config. */
interface WantedPart {
  readonly pattern: string | undefined;
  readonly config: string | undefined;
  readonly slice: SplitSlice | undefined;
}

/** `pair`, `pair/train[:10]`, or a path or a pattern of files. */
function partOf({ name, rest }: HubDatasetId, options: HubDatasetOptions): WantedPart {
  const parts = rest === '' ? [] : rest.split('/');
  const last = parts.at(-1) ?? '';
  const isSlice = /\[-?[\d_]*%?:-?[\d_]*%?\]$/.test(last);
  const slice = options.split === undefined ? undefined : parseSplit(options.split);
  if (!isSlice && (isPattern(rest) || fileKind(last).format !== undefined)) {
    return { pattern: rest, config: undefined, slice };
  }
  const [config = options.config, split] = parts;
  const isAgreed = (parts.length === 0 || options.config === undefined) && (split === undefined || slice === undefined);
  if (parts.length > 2 || !isAgreed) {
    throw new EmbedbagError({
      code: 'invalid-hub-dataset',
      message: `Expected at most a config and a split after \`${name}\`, each named once, received \`${rest}\`${isAgreed ? '' : ' and the options `config` or `split`'}. Write \`hf://datasets/${name}/config/train\`.`,
      details: { dataset: name, received: rest },
    });
  }
  return { pattern: undefined, config, slice: split === undefined ? slice : parseSplit(split) };
}

function pathsOf({ files }: HubSnapshot): readonly string[] {
  return files.map((file) => file.path).filter((path) => !path.split('/').some((part) => part.startsWith('.')));
}

function isReadable(path: string): boolean {
  return fileKind(path).format !== undefined;
}

async function configFiles(
  hub: Hub,
  snapshot: HubSnapshot,
  config: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ConfigFiles> {
  const paths = pathsOf(snapshot);
  const configs = paths.includes('README.md')
    ? await readDatasetCard(
        await readFile(await snapshot.download('README.md', signal), 'utf8'),
        snapshot.repository.name,
      )
    : [];
  if (configs.length > 0) return cardFiles(snapshot, configs, config);
  const data = paths.filter(isReadable);
  const below = config === undefined ? [] : data.filter((path) => path.startsWith(`${config}/`));
  if (below.length > 0) return { snapshot, label: config, splits: pathsBySplit(below, config) };
  if (data.length > 0 && (config === undefined || config === 'default')) {
    return { snapshot, label: undefined, splits: pathsBySplit(data) };
  }
  return convertedFiles(hub, snapshot, config, signal);
}

function cardFiles(snapshot: HubSnapshot, configs: readonly CardConfig[], wanted: string | undefined): ConfigFiles {
  const names = configs.map((config) => config.name);
  const byDefault = configs.length === 1 ? configs[0] : configs.find((one) => one.isDefault || one.name === 'default');
  const config = wanted === undefined ? byDefault : configs.find((one) => one.name === wanted);
  if (config === undefined) throw unknownConfig(snapshot, names, wanted);
  const { folder, patterns } = config;
  const inFolder = pathsOf(snapshot).filter((path) => folder === '' || path.startsWith(`${folder}/`));
  const splits = new Map<string, readonly string[]>();
  for (const [split, list] of patterns ?? []) {
    const full = list.map((pattern) => (folder === '' ? pattern : `${folder}/${pattern}`));
    const matched = new Set(full.flatMap((pattern) => matchingPaths(pattern, inFolder)));
    if (matched.size === 0) throw noMatch(snapshot, full.join(', '));
    splits.set(split, [...matched]);
  }
  const label = configs.length === 1 && wanted === undefined ? undefined : config.name;
  return {
    snapshot,
    label,
    splits: patterns === undefined ? pathsBySplit(inFolder.filter(isReadable), folder) : splits,
  };
}

/** The hub's conversion to Parquet: `config/split/0000.parquet`, or `config/name-split-00000-of-00001.parquet`. */
async function convertedFiles(
  hub: Hub,
  original: HubSnapshot,
  wanted: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ConfigFiles> {
  const { repository } = original;
  if (repository.revision !== undefined && repository.revision !== 'main') throw noDataFiles(original, wanted);
  let snapshot: HubSnapshot;
  try {
    snapshot = await hub.open({ type: 'dataset', name: repository.name, revision: CONVERTED }, signal);
  } catch (error) {
    const isMissing = isEmbedbagError(error) && error.code === 'hub-revision-not-found';
    throw isMissing ? noDataFiles(original, wanted) : error;
  }
  const paths = pathsOf(snapshot).filter((path) => isReadable(path) && !path.includes('/partial-'));
  const names = [...new Set(paths.filter((path) => path.includes('/')).map((path) => path.split('/')[0] as string))];
  const config = wanted ?? (names.length === 1 ? names[0] : names.find((name) => name === 'default'));
  if (config === undefined || !names.includes(config)) throw unknownConfig(snapshot, names, wanted);
  const splits = new Map<string, string[]>();
  for (const path of paths.filter((one) => one.startsWith(`${config}/`))) {
    const [, folder = '', ...file] = path.split('/');
    const split = file.length > 0 ? folder : ([...pathsBySplit([path], config).keys()][0] as string);
    splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  return { snapshot, label: wanted === undefined && names.length === 1 ? undefined : config, splits };
}

function chooseSplit({ snapshot, splits }: ConfigFiles, slice: SplitSlice | undefined): string {
  const names = [...splits.keys()];
  const only = names.length === 1 ? names[0] : undefined;
  const split = slice?.split ?? (splits.has('train') ? 'train' : only);
  if (split !== undefined && splits.has(split)) return split;
  const { name } = snapshot.repository;
  throw new EmbedbagError({
    code: 'unknown-split',
    message: `Expected a split of the dataset \`${name}\`, one of ${listed(names)}, received ${split === undefined ? 'none' : `\`${split}\``}. Name one, as in \`split: '${names[0]}'\`.`,
    details: { dataset: name, splits: names, received: split ?? null },
  });
}

/** The files of one format in the order of their paths; where there are several formats, of the most frequent one. */
function readableFiles(snapshot: HubSnapshot, paths: readonly string[]): readonly HubFile[] {
  const byFormat = new Map<string, string[]>();
  for (const path of [...paths].sort()) {
    const { format } = fileKind(path);
    if (format !== undefined) byFormat.set(format, [...(byFormat.get(format) ?? []), path]);
  }
  const [most = []] = [...byFormat.values()].sort((a, b) => b.length - a.length);
  if (most.length === 0) throw unreadable(snapshot, paths);
  const wanted = new Set(most);
  return snapshot.files.filter((file) => wanted.has(file.path));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `\`${name}\``);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}

function unknownConfig(snapshot: HubSnapshot, names: readonly string[], received: string | undefined): EmbedbagError {
  const { name } = snapshot.repository;
  const choice = names.length === 0 ? 'of which it has none' : `one of ${listed(names)}`;
  return new EmbedbagError({
    code: 'unknown-config',
    message: `Expected a config of the dataset \`${name}\`, ${choice}, received ${received === undefined ? 'none' : `\`${received}\``}. Name one, as in \`hf://datasets/${name}/${names[0] ?? 'config'}\`.`,
    details: { dataset: name, configs: [...names], received: received ?? null },
  });
}

function noMatch(snapshot: HubSnapshot, pattern: string): EmbedbagError {
  const { name, revision = 'main' } = snapshot.repository;
  return new EmbedbagError({
    code: 'no-match',
    message: `Expected files that match \`${pattern}\` in the dataset \`${name}\` at revision \`${revision}\`, received none among its ${snapshot.files.length} files. Check the pattern: * stands for part of a name, ** for any folders.`,
    details: { dataset: name, pattern },
  });
}

function extensionsOf(paths: readonly string[]): string {
  const extensions = new Set(paths.map((path) => fileKind(path).extension || path.split('/').at(-1) || path));
  return paths.length === 0 ? 'no files' : `only ${[...extensions].slice(0, 8).join(', ')}`;
}

function unreadable(snapshot: HubSnapshot, paths: readonly string[]): EmbedbagError {
  const { name } = snapshot.repository;
  return new EmbedbagError({
    code: 'no-data-files',
    message: `Expected files ending in ${FORMAT_WORDS} in the dataset \`${name}\`, received ${extensionsOf(paths)}. Give \`@${CONVERTED}\` as revision, where the hub may keep a copy as Parquet.`,
    details: { dataset: name },
  });
}

function noDataFiles(snapshot: HubSnapshot, config: string | undefined): EmbedbagError {
  const { name } = snapshot.repository;
  const where = config === undefined ? '' : ` for the config \`${config}\``;
  return new EmbedbagError({
    code: 'no-data-files',
    message: `Expected files ending in ${FORMAT_WORDS}${where} in the dataset \`${name}\`, or a copy as Parquet at \`${CONVERTED}\`, received ${extensionsOf(pathsOf(snapshot))} and no such copy. Check the config and the revision.`,
    details: { dataset: name, config: config ?? null },
  });
}
