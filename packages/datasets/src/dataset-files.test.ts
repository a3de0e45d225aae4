import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fileWith, folderWith, refusal } from './fixtures/folder.js';
import { readDataset } from './read-dataset.js';
import { readDatasets } from './read-datasets.js';

const CSV = 'anchor,positive\nx,y\n';
const JSONL = '{"anchor":"a","positive":"b"}\n{"anchor":"c","positive":"d"}\n';
const EXTENSIONS = '.jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather';

describe('readDataset of several files', () => {
  test('puts the rows of a folder one after the other, by name, whatever their formats', async () => {
    const folder = folderWith({
      'part-2.csv': CSV,
      'part-1.jsonl': JSONL,
      'part-3.tsv.gz': gzipSync('anchor\tpositive\nm\tn\n'),
      'README.md': '#',
      '.hidden.csv': CSV,
      'inner/part-4.csv': CSV,
    });
    const dataset = await readDataset(folder);
    expect(dataset.name).toBe('part');
    expect(dataset.texts(0, [0, 1, 2, 3])).toEqual(['a', 'c', 'x', 'm']);
    expect((await readDataset(folder, { format: 'csv' })).rowCount).toBe(1);
  });

  test('takes patterns, in folders inside too, and lists in their order', async () => {
    const folder = folderWith({ 'b.csv': CSV, 'a.jsonl': JSONL, 'inner/c.csv': CSV, 'inner/d.txt': CSV });
    const rows = async (source: string | readonly string[]): Promise<number> => (await readDataset(source)).rowCount;
    expect(await rows(join(folder, '*.csv'))).toBe(1);
    expect(await rows(join(folder, '**/*.csv'))).toBe(2);
    expect(await rows(join(folder, '**/*'))).toBe(4);
    const listed = await readDataset([join(folder, 'b.csv'), join(folder, '*.jsonl')]);
    expect(listed.texts(0, [0, 1, 2])).toEqual(['x', 'a', 'c']);
    expect((await readDataset(join(folder, '*/*.txt'), { format: 'csv' })).rowCount).toBe(1);
  });

  test('reads a file whose own name looks like a pattern', async () => {
    expect((await readDataset(fileWith('faq [new].csv', CSV))).name).toBe('faq [new]');
  });

  test('is named after what the names begin with, or after the folder', async () => {
    const shards = folderWith({ 'train-00000-of-00002.csv': CSV, 'train-00001-of-00002.csv': CSV });
    expect((await readDataset(shards)).name).toBe('train');
    expect((await readDataset(join(shards, '*.csv'), { name: 'mine' })).name).toBe('mine');
    const others = folderWith({ 'faq/a.csv': CSV, 'faq/b.csv': CSV });
    expect((await readDataset(join(others, 'faq'))).name).toBe('faq');
  });

  test('refuses files with other columns than the first', async () => {
    const folder = folderWith({ 'a.csv': CSV, 'b.csv': 'anchor,positive,negative\nx,y,z\n' });
    expect(await refusal(() => readDataset(folder))).toEqual({
      code: 'different-columns',
      message: `Expected the columns \`anchor\`, \`positive\` in ${folder}/b.csv, as in ${folder}/a.csv, received \`anchor\`, \`positive\`, \`negative\`. Read files with different columns as datasets of their own, or choose the columns with \`columns\`.`,
    });
    const columns = { anchor: 'anchor', positive: 'positive' };
    expect((await readDataset(folder, { columns })).rowCount).toBe(2);
  });

  test('names the file in which a row is wrong, also when that shows at the end', async () => {
    const list = (labels: string): string => `{"anchor":"a","positive":"b","label":${labels}}\n`;
    const folder = folderWith({ 'a.jsonl': list('[1,2]'), 'b.jsonl': list('[1,2]') + list('[1]') });
    expect((await refusal(() => readDataset(folder))).message).toBe(
      `Expected 2 labels in column \`label\` on line 2 of ${folder}/b.jsonl, as other rows have for as many texts, received 1. Give each row one label a negative, or one more.`,
    );
  });

  test('refuses an empty file among others, no files, and a pattern without a match', async () => {
    const folder = folderWith({ 'a.csv': CSV, 'b.jsonl': '', 'c.txt': '' });
    expect(await refusal(() => readDataset(folder))).toEqual({
      code: 'empty-file',
      message: `Expected at least one row in ${folder}/b.jsonl, received an empty file. Check how it was written.`,
    });
    expect(await refusal(() => readDataset([]))).toEqual({
      code: 'file-not-found',
      message: 'Expected the path of a file, a folder or a pattern, received an empty list. Name at least one.',
    });
    expect(await refusal(() => readDataset(join(folder, '*.parquet')))).toEqual({
      code: 'no-match',
      message: `Expected at least one ${EXTENSIONS} file to match ${folder}/*.parquet, received none. Check the pattern: * stands for part of a name, ** for any folders.`,
    });
    expect((await refusal(() => readDataset(join(folder, '*.txt')))).message).toContain(
      `received only others, such as ${folder}/c.txt. Check the pattern`,
    );
  });
});

describe('readDatasets', () => {
  test('reads every data file of a folder, sorted by name', async () => {
    const folder = folderWith({ 'b.csv': CSV, 'a.jsonl': JSONL, 'README.md': '#', 'sub/c.csv': CSV, '.d.csv': CSV });
    const datasets = await readDatasets(folder);
    expect(datasets.map(({ name, rowCount }) => [name, rowCount])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect((await readDatasets(folder, { format: 'csv' })).map(({ name }) => name)).toEqual(['b']);
    expect((await readDatasets(join(folder, 'a.jsonl'))).map(({ name }) => name)).toEqual(['a']);
    expect((await readDatasets(join(folder, '*.csv'))).map(({ name }) => name)).toEqual(['b']);
  });

  test('makes one dataset of the shards of a dataset', async () => {
    const folder = folderWith({
      'test-00000-of-00001.csv': CSV,
      'train-00000-of-00002.csv': CSV,
      'train-00001-of-00002.csv': CSV,
    });
    expect((await readDatasets(folder)).map(({ name, rowCount }) => [name, rowCount])).toEqual([
      ['test', 1],
      ['train', 2],
    ]);
  });

  test('refuses a folder that lacks a shard, unless a pattern says which to read', async () => {
    const folder = folderWith({ 'train-00000-of-00003.csv': CSV, 'train-00002-of-00003.csv': CSV });
    expect(await refusal(() => readDatasets(folder))).toEqual({
      code: 'missing-shard',
      message: `Expected 3 shards of \`train\` in the folder ${folder}, received 2. Copy or download the missing ones, or name those to read with a pattern.`,
    });
    expect((await readDatasets(join(folder, 'train-*.csv')))[0]?.rowCount).toBe(2);
    expect((await refusal(() => readDatasets([fileWith('x.csv', CSV), folder]))).code).toBe('missing-shard');
  });

  test('refuses a folder without data files, a file of no known format and a missing path', async () => {
    const folder = folderWith({ 'README.md': '#' });
    expect(await refusal(() => readDatasets(folder))).toEqual({
      code: 'empty-folder',
      message: `Expected at least one ${EXTENSIONS} file in the folder ${folder}, received none. Check the path; folders inside it are searched only with a pattern such as ${folder}/**/*.jsonl.`,
    });
    expect((await refusal(() => readDatasets(join(folder, 'README.md')))).code).toBe('unknown-format');
    expect((await refusal(() => readDatasets(join(folder, 'absent')))).code).toBe('file-not-found');
    expect((await refusal(() => readDatasets([]))).code).toBe('file-not-found');
  });
});
