/** What a split may be called in a path, as the library `datasets` has it. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test', 'testing', 'eval', 'evaluation'],
};

const DATA_SHARD = /^data\/(\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*$/;
const SHARD = /(?:^|\/)([^/]+?)-\d{5}-of-\d{5}[^/]*$/;

function splitWord(part: string): string | undefined {
  for (const [split, words] of Object.entries(WORDS)) {
    if (new RegExp(`(?:^|[-._ 0-9])(?:${words.join('|')})(?:[-._ 0-9]|$)`).test(part)) return split;
  }
  return undefined;
}

/** The ways in which a path may speak of its split; the first one by which any path does is that of all. */
const WAYS: readonly ((path: string) => string | undefined)[] = [
  (path) => DATA_SHARD.exec(path)?.[1],
  (path) => path.split('/').slice(0, -1).map(splitWord).find(Boolean),
  (path) => splitWord(path.slice(path.lastIndexOf('/') + 1)),
  (path) => SHARD.exec(path)?.[1],
];

/**
 * The paths below `folder` by their split: by the name of shards in `data/`, by a word such as `train` or `dev` in the
 * name of a folder, or in that of the file, or by the name of any shards. Paths that do not speak of a split in the way
 * that others do are left out; where none does, all are of `train`.
 */
export function pathsBySplit(paths: readonly string[], folder = ''): ReadonlyMap<string, readonly string[]> {
  const start = folder === '' ? 0 : folder.length + 1;
  for (const splitOf of WAYS) {
    const splits = new Map<string, string[]>();
    for (const path of paths) {
      const split = splitOf(path.slice(start));
      if (split !== undefined) splits.set(split, [...(splits.get(split) ?? []), path]);
    }
    if (splits.size > 0) return splits;
  }
  return new Map(paths.length > 0 ? [['train', paths]] : []);
}
