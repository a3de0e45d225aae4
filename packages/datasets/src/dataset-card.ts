import { EmbedbagError } from '@embedbag/core';

/** A config as the head of a dataset's README.md describes it. */
export interface CardConfig {
  readonly name: string;
  readonly isDefault: boolean;
  /** The folder that the patterns begin at; empty for the repository's own. */
  readonly folder: string;
  /** By split: the patterns of its files. Undefined where the names of the files say which split they belong to. */
  readonly patterns: ReadonlyMap<string, readonly string[]> | undefined;
}

type YamlRecord = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function cardError(dataset: string, expected: string, received: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-dataset-card',
    message: `Expected ${expected} at the head of README.md of the dataset \`${dataset}\`, received ${received}. Name the files instead, such as \`hf://datasets/${dataset}/data/*.parquet\`.`,
    details: { dataset },
    cause,
  });
}

/** `data_files`: a pattern, a list of them, or a list of splits with theirs. Patterns without a split are of `train`. */
function readDataFiles(value: unknown, dataset: string): CardConfig['patterns'] {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return new Map([['train', [value]]]);
  if (isTexts(value)) return new Map([['train', value]]);
  if (isRecord(value)) return readSplits(Object.entries(value), dataset);
  if (!Array.isArray(value)) throw cardError(dataset, 'patterns as `data_files`', JSON.stringify(value));
  return readSplits(
    value.map((one: unknown) => (isRecord(one) ? [one.split, one.path] : [undefined, one])),
    dataset,
  );
}

function readSplits(entries: readonly (readonly unknown[])[], dataset: string): CardConfig['patterns'] {
  const patterns = new Map<string, readonly string[]>();
  for (const [split, path] of entries) {
    const list = typeof path === 'string' ? [path] : path;
    if (typeof split !== 'string' || !isTexts(list)) {
      throw cardError(dataset, 'a `split` and a `path` in `data_files`', JSON.stringify({ split, path }));
    }
    patterns.set(split, [...(patterns.get(split) ?? []), ...list]);
  }
  return patterns;
}

function readConfig(value: unknown, dataset: string): CardConfig {
  if (!isRecord(value)) throw cardError(dataset, 'a record for each of `configs`', JSON.stringify(value));
  const { config_name: name = 'default', data_dir: folder = '' } = value;
  if (typeof name !== 'string') throw cardError(dataset, 'a text as `config_name`', JSON.stringify(name));
  if (typeof folder !== 'string') throw cardError(dataset, 'a text as `data_dir`', JSON.stringify(folder));
  return {
    name,
    isDefault: value.default === true,
    folder: folder.replace(/^\.?\//, '').replace(/\/+$/, ''),
    patterns: readDataFiles(value.data_files, dataset),
  };
}

/**
 * The configs that a dataset's README.md describes in its YAML head, as the library `datasets` reads them; none where there
 * is no head or no `configs` in it.
 *
 * @throws EmbedbagError `invalid-dataset-card`.
 */
export async function readDatasetCard(readme: string, dataset: string): Promise<readonly CardConfig[]> {
  const head = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(readme)?.[1];
  if (head === undefined) return [];
  const { parse } = await import('yaml');
  let card: unknown;
  try {
    card = parse(head, { logLevel: 'error' });
  } catch (cause) {
    throw cardError(dataset, 'YAML', (cause as Error).message.split('\n')[0] ?? '', cause);
  }
  if (!isRecord(card)) return [];
  const { configs } = card;
  if (configs === undefined || configs === null) return [];
  if (!Array.isArray(configs)) throw cardError(dataset, 'a list as `configs`', JSON.stringify(configs));
  return configs.map((one: unknown) => readConfig(one, dataset));
}
