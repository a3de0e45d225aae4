import { hashTexts } from '@embedbag/core';
import { expect, test } from 'vitest';
import { datasetFromColumns } from './dataset-from-columns.js';
import { refusal } from './fixtures/folder.js';

test('datasetFromColumns orders the roles and gives texts, hashes and labels', () => {
  const dataset = datasetFromColumns({
    name: 'x',
    columns: { negative_2: ['e', 'f'], positive: ['c', ''], anchor: ['a', '\uFEFFb\uD800'], negative_1: ['g', 'h'] },
    labels: [1, 0],
  });
  expect(dataset.columns).toEqual(['anchor', 'positive', 'negative_1', 'negative_2']);
  expect(dataset.texts(0, Int32Array.of(1, 0))).toEqual(['\uFEFFb\uD800', 'a']);
  expect(dataset.texts(3, [0])).toEqual(['e']);
  expect(dataset.textHashes(0)).toEqual(hashTexts(['a', '\uFEFFb\uD800']));
  expect(dataset.labels?.([1])).toEqual(Float32Array.of(0));
  expect(dataset.ignoredColumns).toEqual([]);
});

test('datasetFromColumns finds its texts when a column has more bytes than one chunk', () => {
  const long = 'x'.repeat(1 << 24);
  const texts = Array.from({ length: 10 }, (_, row) => `${row}${long}`);
  const dataset = datasetFromColumns({
    name: 'x',
    columns: { anchor: texts, positive: texts.map((_, row) => `${row}`) },
  });
  expect(dataset.texts(0, [9, 0, 4, 3]).map((text) => [text[0], text.length])).toEqual(
    ['9', '0', '4', '3'].map((digit) => [digit, long.length + 1]),
  );
});

test('datasetFromColumns takes columns without rows', () => {
  const dataset = datasetFromColumns({ name: 'x', columns: { anchor: [], positive: [] } });
  expect([dataset.rowCount, dataset.texts(1, []), dataset.textHashes(0).length]).toEqual([0, [], 0]);
});

test.each([
  [
    { anchor: ['a'], positive: [] },
    'column-length-mismatch: Expected all columns of dataset `x` to have the 1 rows of `anchor`, received 0 in `positive`. Give every row a text in each column.',
  ],
  [
    { anchor: ['a'] },
    'missing-column: Expected the columns `anchor` and `positive` in dataset `x`, received `anchor`. Add `positive`.',
  ],
  [
    { anchor: ['a'], positive: ['b'], query: ['c'] },
    'invalid-columns: Expected the columns of dataset `x` to be `anchor`, `positive`, `negative`, `negative_1`, `negative_2`, ..., or `negatives`, received `query`. Name each column after its role; labels go into `labels`.',
  ],
  [
    { anchor: ['a'], positive: [null] },
    'invalid-text: Expected a string in column `positive`, row 0 of dataset `x`, received null. Give every row a text.',
  ],
])('datasetFromColumns refuses %j', async (columns, expected) => {
  const { code, message } = await refusal(() => datasetFromColumns({ name: 'x', columns: columns as never }));
  expect(`${code}: ${message}`).toBe(expected);
});
