import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hub } from '@embedbag/core';
import { createHub } from '@embedbag/hub';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findHubDataset, type HubDatasetOptions } from './hub-dataset.js';

let server: LocalHub;
let cacheFolder: string;
let hub: Hub;
let datasets = 0;
let name: string;

beforeAll(async () => {
  server = await startLocalHub();
  cacheFolder = await mkdtemp(join(tmpdir(), 'embedbag-datasets-'));
  hub = createHub({ endpoint: server.endpoint, cacheFolder, environment: {} });
});
afterAll(async () => {
  await server.close();
  await rm(cacheFolder, { recursive: true });
});
beforeEach(() => {
  datasets += 1;
  name = `owner/set-${datasets}`;
});

/** Adds a dataset of files whose bytes do not matter, with these lines at the head of its README.md. */
function add(paths: readonly string[], head: readonly string[] = [], revision = 'main'): void {
  const files: Record<string, string> = Object.fromEntries(paths.map((path) => [path, path]));
  if (head.length > 0) files['README.md'] = `---\n${head.join('\n')}\n---\n# A dataset\n`;
  server.add({ type: 'dataset', name, files, revision });
}

/** The name and the files of what is found at `hf://datasets/NAME` and `rest`. */
async function found(rest = '', options: HubDatasetOptions = {}): Promise<readonly string[]> {
  const dataset = await findHubDataset(`hf://datasets/${name}${rest}`, { hub, ...options });
  return [dataset.name.replace(/^set-\d+/, 'set'), ...dataset.files.map((file) => file.path)];
}

describe('with configs in README.md', () => {
  const PATHS = ['pair/train-00000-of-00002.parquet', 'pair/train-00001-of-00002.parquet', 'triplet/dev.jsonl'];
  const HEAD = [
    'license: mit',
    'configs:',
    '- config_name: pair',
    '  data_files:',
    '  - split: train',
    '    path: pair/train-*',
    '- config_name: triplet',
    '  data_dir: triplet',
  ];

  test('a config is the files that its patterns mean', async () => {
    add(PATHS, HEAD);
    expect(await found('/pair')).toEqual(['set-pair', ...PATHS.slice(0, 2)]);
    expect(await found('@main/pair/train')).toEqual(['set-pair', ...PATHS.slice(0, 2)]);
    expect(await found('', { config: 'pair', split: 'train[:5]' })).toEqual(['set-pair', ...PATHS.slice(0, 2)]);
  });

  test('a config without patterns is the files of its folder, split by their names', async () => {
    add(PATHS, HEAD);
    expect(await found('/triplet')).toEqual(['set-triplet', 'triplet/dev.jsonl']);
    expect(await found('/triplet/validation')).toEqual(['set-triplet', 'triplet/dev.jsonl']);
  });

  test('a dataset with several asks for one', async () => {
    add(PATHS, HEAD);
    await expect(found()).rejects.toThrow(
      `Expected a config of the dataset \`${name}\`, one of \`pair\`, \`triplet\`, received none. Name one, as in \`hf://datasets/${name}/pair\`.`,
    );
    await expect(found('/pairs')).rejects.toThrow('one of `pair`, `triplet`, received `pairs`.');
  });

  test('the one marked as default is taken, or the only one', async () => {
    add(PATHS, [...HEAD, '  default: true']);
    expect(await found()).toEqual(['set-triplet', 'triplet/dev.jsonl']);
    name = `${name}0000`;
    add(PATHS, HEAD.slice(0, 6));
    expect(await found()).toEqual(['set', ...PATHS.slice(0, 2)]);
  });

  test.each([
    ['data_files: "*.csv"', ['a.csv', 'b.csv']],
    ['data_files: [b.csv, a.csv]', ['a.csv', 'b.csv']],
    ['data_files: {train: a.csv, test: b.csv}', ['a.csv']],
    ['data_files: [{split: train, path: [a.csv, "{b,c}.csv"]}]', ['a.csv', 'b.csv']],
  ])('patterns may be written as %s', async (line, expected) => {
    add(['a.csv', 'b.csv'], ['configs:', '- config_name: x', `  ${line}`]);
    expect(await found()).toEqual(['set', ...expected]);
  });

  test('a pattern that means no file is an error', async () => {
    add(['a.csv'], ['configs:', '- config_name: x', '  data_dir: data', '  data_files: "*.parquet"']);
    await expect(found()).rejects.toThrow(
      `Expected files that match \`data/*.parquet\` in the dataset \`${name}\` at revision \`main\`, received none among its 2 files. Check the pattern: * stands for part of a name, ** for any folders.`,
    );
  });

  test.each([
    ['configs: {a: 1}', 'a list as `configs`', '{"a":1}'],
    ['configs: [1]', 'a record for each of `configs`', '1'],
    ['configs: [{config_name: 5}]', 'a text as `config_name`', '5'],
    ['configs: [{data_dir: [a]}]', 'a text as `data_dir`', '["a"]'],
    ['configs: [{data_files: 5}]', 'patterns as `data_files`', '5'],
    ['configs: [{data_files: [{split: train}]}]', 'a `split` and a `path` in `data_files`', '{"split":"train"}'],
    ['configs: [', 'YAML', 'Flow sequence in block collection must be'],
  ])('a head with %s is refused', async (line, expected, received) => {
    add(['a.csv'], [line]);
    await expect(found()).rejects.toThrow(
      `Expected ${expected} at the head of README.md of the dataset \`${name}\`, received ${received}`,
    );
    await expect(found()).rejects.toThrow(
      /Name the files instead, such as `hf:\/\/datasets\/owner\/set-\d+\/data\/\*\.parquet`\.$/,
    );
  });
});

describe('without configs in README.md', () => {
  test('all files are the dataset, split by words in their names and folders', async () => {
    add(['train/a.parquet', 'train/test.parquet', 'dev/x.parquet', 'my-eval/y.parquet', 'z.parquet', '.git/x.parquet']);
    expect(await found()).toEqual(['set', 'train/a.parquet', 'train/test.parquet']);
    expect(await found('', { split: 'test' })).toEqual(['set', 'my-eval/y.parquet']);
    expect(await found('', { split: 'validation[:10%]' })).toEqual(['set', 'dev/x.parquet']);
    await expect(found('', { split: 'extra' })).rejects.toThrow(
      `Expected a split of the dataset \`${name}\`, one of \`validation\`, \`test\`, \`train\`, received \`extra\`. Name one, as in \`split: 'validation'\`.`,
    );
  });

  test('files are split by words in their names where the folders have none', async () => {
    add(['data/train-a.csv', 'data/my_test_x.csv', 'data/traindata.csv', 'data/x-val.csv']);
    expect(await found()).toEqual(['set', 'data/train-a.csv']);
    expect(await found('', { split: 'test' })).toEqual(['set', 'data/my_test_x.csv']);
    expect(await found('', { split: 'validation' })).toEqual(['set', 'data/x-val.csv']);
  });

  test('a config whose name is a word of splits is none', async () => {
    add(['test-set/train.csv', 'test-set/dev.csv']);
    expect(await found('/test-set')).toEqual(['set-test-set', 'test-set/train.csv']);
  });

  test('files that speak of no split are of train', async () => {
    add(['a.jsonl.gz', 'b.jsonl.gz', 'README.md'], ['license: mit']);
    expect(await found()).toEqual(['set', 'a.jsonl.gz', 'b.jsonl.gz']);
  });

  test('the name of shards is a split', async () => {
    add(['corpus/NanoFEVER-00000-of-00001.parquet', 'corpus/NanoNQ-00000-of-00001.parquet']);
    expect(await found('/corpus/NanoNQ')).toEqual(['set-corpus', 'corpus/NanoNQ-00000-of-00001.parquet']);
    await expect(found('/corpus')).rejects.toThrow('one of `NanoFEVER`, `NanoNQ`, received none.');
  });

  test('a config is the folder of its name', async () => {
    add(['en/train.csv', 'de/train.csv']);
    expect(await found('/de')).toEqual(['set-de', 'de/train.csv']);
  });

  test('of several formats the most frequent one is read', async () => {
    add(['train-a.csv', 'train-b.csv', 'train.jsonl']);
    expect(await found()).toEqual(['set', 'train-a.csv', 'train-b.csv']);
  });

  test('files are named by path or pattern, too', async () => {
    add(['data/train-0.csv', 'data/train-1.csv', 'data/deep/test.csv']);
    expect(await found('/data/train-*.csv')).toEqual(['set', 'data/train-0.csv', 'data/train-1.csv']);
    expect(await found('/data/train-[1-9].csv')).toEqual(['set', 'data/train-1.csv']);
    expect(await found('/**/t?st.csv')).toEqual(['set', 'data/deep/test.csv']);
    expect(await found('/data/train-0.csv')).toEqual(['set', 'data/train-0.csv']);
    await expect(found('/data/x*.csv')).rejects.toThrow('Expected files that match `data/x*.csv` in the dataset');
  });
});

describe("the hub's conversion to Parquet", () => {
  test('stands in for files that cannot be read', async () => {
    add(['data.zip', 'loader.py']);
    add(['en/train/0000.parquet', 'en/train/0001.parquet', 'en/test/0000.parquet'], [], 'refs/convert/parquet');
    expect(await found()).toEqual(['set', 'en/train/0000.parquet', 'en/train/0001.parquet']);
    expect(await found('/en/test')).toEqual(['set-en', 'en/test/0000.parquet']);
    await expect(found('/fr')).rejects.toThrow('one of `en`, received `fr`');
  });

  test('is read in its older layout', async () => {
    add(['loader.py']);
    add(['plain/set-train.parquet', 'plain/set-test-00000-of-00001.parquet'], [], 'refs/convert/parquet');
    expect(await found('', { split: 'test' })).toEqual(['set', 'plain/set-test-00000-of-00001.parquet']);
  });

  test('is left alone where it holds only a part of the dataset', async () => {
    add(['loader.py']);
    add(['en/partial-train/0000.parquet'], [], 'refs/convert/parquet');
    await expect(found()).rejects.toThrow('Expected a config of the dataset');
  });

  test('may be missing as well', async () => {
    add(['data.zip', 'loader.py']);
    await expect(found('/en')).rejects.toThrow(
      `Expected files ending in .jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather for the config \`en\` in the dataset \`${name}\`, or a copy as Parquet at \`refs/convert/parquet\`, received only .zip, .py and no such copy. Check the config and the revision.`,
    );
  });

  test('is not asked for at another revision', async () => {
    add(['data.zip'], [], 'v1');
    add(['en/train/0000.parquet'], [], 'refs/convert/parquet');
    await expect(found('@v1')).rejects.toThrow('received only .zip and no such copy.');
    expect(await found('@refs/convert/parquet/en')).toEqual(['set-en', 'en/train/0000.parquet']);
  });
});

describe('an address', () => {
  test.each(['hf://owner/name', 'hf://datasets/name', 'hf://datasets/owner/na me', 'hf://datasets/owner/name@%zz'])(
    '%s is refused',
    async (source) => {
      await expect(findHubDataset(source, { hub })).rejects.toThrow(
        `Expected a dataset of the hub such as \`hf://datasets/owner/name\`, \`hf://datasets/owner/name@revision/config\` or \`hf://datasets/owner/name/config/train[:1000]\`, received \`${source}\`. Write it in one of these ways.`,
      );
    },
  );

  test('that says too much is refused', async () => {
    add(['a.csv']);
    await expect(found('/a/b/c')).rejects.toThrow('each named once, received `a/b/c`. Write');
    await expect(found('/a/train', { split: 'test' })).rejects.toThrow(
      'each named once, received `a/train` and the options `config` or `split`. Write',
    );
  });

  test('needs a hub', async () => {
    await expect(findHubDataset('hf://datasets/owner/name', {})).rejects.toThrow(
      'Expected the option `hub` with `hf://datasets/owner/name`, received none. Give `hub: createHub()` of @embedbag/hub.',
    );
  });

  test('downloads nothing but README.md', async () => {
    add(['train.parquet'], ['license: mit']);
    server.requests.length = 0;
    await found();
    expect(server.requests.map((request) => request.kind)).toEqual(['revision', 'tree', 'resolve', 'small-file']);
  });
});
