import { hashTexts, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import { expect, test } from 'vitest';
import { breakPlugin, expectCheckFails, type PluginDefect } from './broken-plugins.js';
import { testTextDataset } from './test-text-dataset.js';
import { textDatasetChecks } from './text-dataset-checks.js';

const ROWS = 30;
const COLUMNS = ['anchor', 'positive', 'negative'];

function textOf(column: number, row: number): string {
  return column === 2 && row % 4 === 0 ? '' : `${COLUMNS[column]} ${row % 25}`;
}

/** Two labels a row, and a third column that every fourth row lacks. */
function listDataset(): TextDataset {
  const hashes = COLUMNS.map((_, column) => hashTexts(Array.from({ length: ROWS }, (_, row) => textOf(column, row))));
  return {
    contract: TEXT_DATASET_CONTRACT,
    name: 'list',
    rowCount: ROWS,
    columns: COLUMNS,
    texts: (column, rows) => Array.from(rows, (row) => textOf(column, row)),
    textHashes: (column) => hashes[column]!,
    labels: (rows) => Float32Array.from(Array.from(rows).flatMap((row) => [row, row / 2])),
    valid: (column, rows) =>
      column === 2 ? Uint8Array.from(rows, (row) => (textOf(column, row) === '' ? 0 : 1)) : undefined,
  };
}

testTextDataset({ name: 'list', create: listDataset });
testTextDataset({
  name: 'list, asynchronous and without labels',
  create: async () => {
    const { labels: _, valid: __, ...dataset } = listDataset();
    return { ...dataset, texts: async (column, rows) => dataset.texts(column, rows) };
  },
});

const sorted = (rows: ArrayLike<number>): number[] => Array.from(rows).sort((a, b) => a - b);

const DEFECTS: readonly PluginDefect<TextDataset>[] = [
  { what: 'has another contract', noticedBy: 'names itself', broken: () => ({ contract: 'x' as never }) },
  { what: 'has no rows', noticedBy: 'names itself', broken: () => ({ rowCount: 0 }) },
  {
    what: 'has a role twice',
    noticedBy: 'names itself',
    broken: () => ({ columns: ['anchor', 'positive', 'positive'] }),
  },
  {
    what: 'has the positive first',
    noticedBy: 'names itself',
    broken: () => ({ columns: ['positive', 'anchor', 'negative'] }),
  },
  {
    what: 'gives texts in ascending order of the rows',
    noticedBy: 'gives the texts',
    broken: (right) => ({ texts: (column, rows) => right.texts(column, sorted(rows)) }),
  },
  {
    what: 'gives a row that is asked for twice once',
    noticedBy: 'gives the texts',
    broken: (right) => ({ texts: (column, rows) => right.texts(column, [...new Set(Array.from(rows))]) }),
  },
  {
    what: 'gives null where there is no text',
    noticedBy: 'gives the texts',
    broken: (right) => ({
      texts: (column, rows) => (right.texts(column, rows) as string[]).map((text) => text || (null as never)),
    }),
  },
  {
    what: 'hashes with the column in it',
    noticedBy: 'hashes every text',
    broken: () => ({
      textHashes: (column) => hashTexts(Array.from({ length: ROWS }, (_, row) => `${column}${textOf(column, row)}`)),
    }),
  },
  {
    what: 'gives one word a hash',
    noticedBy: 'hashes every text',
    broken: (right) => ({ textHashes: (column) => right.textHashes(column).filter((_, i) => i % 2 === 0) }),
  },
  {
    what: 'goes on where the last call ended',
    noticedBy: 'when it is asked again',
    broken: (right) => {
      let calls = 0;
      return {
        texts(column, rows) {
          calls += 1;
          return right.texts(
            column,
            Array.from(rows, (row) => (row + calls) % ROWS),
          );
        },
      };
    },
  },
  {
    what: 'gives the labels of the first rows',
    noticedBy: 'gives the labels',
    broken: (right) => ({ labels: (rows) => right.labels!(Array.from(rows, (_, i) => i % ROWS)) }),
  },
  {
    what: 'has rows without a label',
    noticedBy: 'gives the labels',
    broken: (right) => ({ labels: (rows) => right.labels!(rows).map((label) => (label === 0 ? Number.NaN : label)) }),
  },
  {
    what: 'gives another number of labels to some rows',
    noticedBy: 'gives the labels',
    broken: () => ({
      labels: (rows) => Float32Array.from(Array.from(rows).flatMap((row) => (row === 3 ? [3] : [row, 1]))),
    }),
  },
  {
    what: 'says for all rows which have a text',
    noticedBy: 'which have a text',
    broken: (right) => ({
      valid: (column) =>
        right.valid!(
          column,
          Array.from({ length: ROWS }, (_, row) => row),
        ),
    }),
  },
  {
    what: 'counts texts in `valid`',
    noticedBy: 'which have a text',
    broken: (right) => ({ valid: (column, rows) => right.valid!(column, rows)?.map((one) => one * 2) }),
  },
  {
    what: 'lacks an anchor',
    noticedBy: 'anchor in every row',
    broken: () => ({ valid: (_, rows) => Uint8Array.from(rows, (row) => (row === 7 ? 0 : 1)) }),
  },
];

test.each(DEFECTS)('the check $noticedBy notices a dataset that $what', async (defect) => {
  const create = (): TextDataset => breakPlugin(listDataset(), defect);
  await expectCheckFails(textDatasetChecks, defect.noticedBy, { create });
});

test('every check of a dataset is shown to notice something', () => {
  for (const { title } of textDatasetChecks) {
    expect(DEFECTS.filter(({ noticedBy }) => title.includes(noticedBy)).length, title).toBeGreaterThan(0);
  }
});
