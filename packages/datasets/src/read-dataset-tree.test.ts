import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith, refusal } from './fixtures/folder.js';
import { listDatasetFolders } from './list-dataset-folders.js';
import { readDatasetTree } from './read-dataset-tree.js';

const pairs = (count: number): string =>
  Array.from(
    { length: count },
    (_, row) => `${JSON.stringify({ english: `a ${row}`, non_english: `b ${row}` })}\n`,
  ).join('');

const COLUMNS = { columns: { anchor: 'english', positive: 'non_english' } };

test('every file of rows, however deep, is a dataset that has the name of its path', async () => {
  const folder = folderWith({
    'en-de.jsonl': pairs(2),
    'tldr/en-de.jsonl': pairs(3),
    'tldr/old/en-fr.jsonl': pairs(4),
    'wiki/train-00000-of-00002.jsonl': pairs(1),
    'wiki/train-00001-of-00002.jsonl': pairs(1),
    '.cache/en-de.jsonl': pairs(9),
  });
  const datasets = await readDatasetTree(folder, COLUMNS);
  expect(datasets.map(({ name, rowCount }) => [name, rowCount])).toEqual([
    ['en-de', 2],
    ['tldr/en-de', 3],
    ['tldr/old/en-fr', 4],
    ['wiki/train', 2],
  ]);
  expect(datasets[1]?.columns).toEqual(['anchor', 'positive']);
  expect(datasets[1]?.texts(1, [2])).toEqual(['b 2']);
});

test('datasets of fewer rows than asked for are left out and told', async () => {
  const folder = folderWith({ 'a/x.jsonl': pairs(3), 'b/x.jsonl': pairs(2), 'c/x.jsonl': pairs(1) });
  const leftOut: string[] = [];
  const onLeftOut = ({ name, rowCount }: { name: string; rowCount: number }): void => {
    leftOut.push(`${name}: ${rowCount}`);
  };
  const datasets = await readDatasetTree(folder, { ...COLUMNS, minRows: 3, onLeftOut });
  expect(datasets.map(({ name }) => name)).toEqual(['a/x']);
  expect(leftOut).toEqual(['b/x: 2', 'c/x: 1']);
  expect(await refusal(() => readDatasetTree(folder, { ...COLUMNS, minRows: 4 }))).toEqual({
    code: 'too-few-rows',
    message: `Expected a file of at least 4 rows in the folder ${folder}, received 3 with at most 3. Lower \`minRows\` or check the path.`,
  });
});

test('folders in BEIR layout and links to folders are no folders of rows', async () => {
  const folder = folderWith({
    'scifact/corpus.jsonl': '',
    'scifact/queries.jsonl': '',
    'scifact/qrels/test.tsv': '',
    'sts/de-test.jsonl': pairs(1),
  });
  await symlink(folder, join(folder, 'itself'));
  expect(await listDatasetFolders(folder)).toEqual([join(folder, 'sts')]);
});

test('a folder without files of rows is refused', async () => {
  const folder = folderWith({ 'deep/er/text.md': '# none' });
  expect(await refusal(() => listDatasetFolders(folder))).toEqual({
    code: 'empty-folder',
    message: `Expected at least one .jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather file in the folder ${folder} or in a folder inside it, received none. Check the path.`,
  });
});
