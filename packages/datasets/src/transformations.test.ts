import { hashTexts } from '@embedbag/core';
import { testTextDataset } from '@embedbag/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnDataset } from './column-dataset.js';
import { concatenateDatasets } from './concatenate-datasets.js';
import { datasetFromColumns } from './dataset-from-columns.js';
import { refusal } from './fixtures/folder.js';
import { type DatasetRow, mapRows } from './map-rows.js';
import { renameColumns } from './rename-columns.js';
import { selectRows } from './select-rows.js';
import { shuffleRows } from './shuffle-rows.js';
import { splitRows } from './split-rows.js';
import { takeRows } from './take-rows.js';

interface Row {
  readonly anchor: string;
  readonly positive: string;
  readonly negatives: readonly string[];
  readonly label: number;
}

const text = fc.string({ minLength: 1, maxLength: 5 });
const row: fc.Arbitrary<Row> = fc.record({
  anchor: text,
  positive: text,
  negatives: fc.array(text, { maxLength: 2 }),
  label: fc.integer({ min: -9, max: 9 }),
});
const rows = (minLength: number): fc.Arbitrary<Row[]> => fc.array(row, { minLength, maxLength: 12 });

function datasetOf(data: readonly Row[], name = 'rows'): ColumnDataset {
  // Two rows more make all datasets have the same columns, with gaps; the view leaves them out.
  const more = [['x', 'x'], []].map((negatives) => ({ anchor: 'x', positive: 'x', negatives, label: 0 }));
  const all = [...data, ...more];
  const dataset = datasetFromColumns({
    name,
    columns: {
      anchor: all.map(({ anchor }) => anchor),
      positive: all.map(({ positive }) => positive),
      negatives: all.map(({ negatives }) => negatives),
    },
    labels: all.map(({ label }) => label),
  });
  return takeRows(dataset, data.length);
}

/** What a dataset holds, all of its members asked. */
function contents(dataset: ColumnDataset): Row[] {
  const numbers = Array.from({ length: dataset.rowCount }, (_, index) => index);
  const columns = dataset.columns.map((_, column) => dataset.texts(column, numbers));
  for (const [column, texts] of columns.entries()) expect(dataset.textHashes(column)).toEqual(hashTexts(texts));
  const valid = dataset.columns.map((_, column) => dataset.valid?.(column, numbers));
  const labels = dataset.labels?.(numbers) ?? [];
  return numbers.map((index) => ({
    anchor: columns[0]?.[index] as string,
    positive: columns[1]?.[index] as string,
    negatives: [2, 3].flatMap((column) =>
      (valid[column]?.[index] ?? 1) === 1 ? (columns[column]?.slice(index, index + 1) ?? []) : [],
    ),
    label: labels[index] as number,
  }));
}

const sorted = (data: readonly Row[]): string[] => data.map((entry) => JSON.stringify(entry)).sort();

describe('on any rows', () => {
  test('selectRows gives the rows that are named, as often as they are', () => {
    const chosen = rows(1).chain((data) =>
      fc.tuple(fc.constant(data), fc.array(fc.nat(data.length - 1), { maxLength: 20 })),
    );
    fc.assert(
      fc.property(chosen, ([data, numbers]) => {
        expect(contents(selectRows(datasetOf(data), numbers))).toEqual(numbers.map((number) => data[number]));
      }),
    );
  });

  test('takeRows cuts as slice does', () => {
    fc.assert(
      fc.property(rows(0), fc.nat(15), (data, count) => {
        expect(contents(takeRows(datasetOf(data), count))).toEqual(data.slice(0, count));
      }),
    );
  });

  test('shuffleRows keeps every row and depends on the seed alone', () => {
    fc.assert(
      fc.property(rows(0), fc.nat(), (data, seed) => {
        const shuffled = contents(shuffleRows(datasetOf(data), { seed }));
        expect(sorted(shuffled)).toEqual(sorted(data));
        expect(contents(shuffleRows(datasetOf(data), { seed }))).toEqual(shuffled);
      }),
    );
  });

  test('splitRows puts every row into one of two', () => {
    fc.assert(
      fc.property(rows(2), fc.nat(), fc.double({ min: 0.01, max: 0.5, noNaN: true }), (data, seed, share) => {
        const { train, test: held } = splitRows(datasetOf(data), { testSize: share, seed });
        expect(held.rowCount).toBe(Math.ceil(share * data.length));
        expect(sorted([...contents(train), ...contents(held)])).toEqual(sorted(data));
      }),
    );
  });

  test('concatenateDatasets puts rows one after the other, views of views too', () => {
    fc.assert(
      fc.property(fc.array(rows(0), { minLength: 1, maxLength: 4 }), fc.nat(40), (parts, count) => {
        const all = concatenateDatasets(parts.map((data) => datasetOf(data)));
        expect(contents(takeRows(all, count))).toEqual(parts.flat().slice(0, count));
      }),
    );
  });

  test('mapRows hands out rows as they were and gathers what it gets', () => {
    fc.assert(
      fc.property(rows(1), (data) => {
        const seen: DatasetRow[] = [];
        const same = mapRows(datasetOf(data), (entry, index) => {
          expect(index).toBe(seen.push(entry) - 1);
          return entry;
        });
        expect(seen).toEqual(data);
        expect(contents(same)).toEqual(data);
      }),
    );
  });
});

const SMALL: readonly Row[] = [
  { anchor: 'a', positive: 'b', negatives: ['c'], label: 1 },
  { anchor: 'd', positive: 'e', negatives: [], label: 2 },
  { anchor: 'f', positive: 'g', negatives: ['h', 'i'], label: 3 },
];

test('another seed gives another order', () => {
  const orders = [1, 2, 3, 4, 5].map((seed) => shuffleRows(datasetOf(SMALL), { seed }).texts(0, [0, 1, 2]).join());
  expect(new Set(orders).size).toBeGreaterThan(1);
});

test('mapRows leaves rows out and changes texts, negatives and labels', () => {
  const changed = mapRows(
    datasetOf(SMALL),
    (entry) =>
      entry.label === 2
        ? undefined
        : { anchor: entry.positive, positive: `${entry.anchor}!`, negative: 'n', label: [1, 2] },
    { name: 'changed' },
  );
  expect([changed.name, changed.columns]).toEqual(['changed', ['anchor', 'positive', 'negative']]);
  expect(changed.texts(1, [0, 1])).toEqual(['a!', 'f!']);
  expect(changed.labels?.([1])).toEqual(Float32Array.of(1, 2));
});

test('renameColumns puts columns into other roles, with their gaps, and leaves the others out', () => {
  const renamed = renameColumns(datasetOf(SMALL), {
    columns: { positive: 'anchor', anchor: 'positive', negative: 'negative_2' },
    name: 'renamed',
  });
  expect([renamed.name, renamed.columns, renamed.ignoredColumns]).toEqual([
    'renamed',
    ['anchor', 'positive', 'negative'],
    ['negative_1'],
  ]);
  expect(renamed.texts(0, [0])).toEqual(['b']);
  expect(renamed.texts(2, [2])).toEqual(['i']);
  expect(renamed.textHashes(0)).toEqual(hashTexts(['b', 'e', 'g']));
  expect([...(renamed.valid?.(2, [0, 1, 2]) ?? [])]).toEqual([0, 0, 1]);
  expect(renamed.labels?.([1])).toEqual(Float32Array.of(2));
});

test('a view holds row numbers and hashes, not texts', () => {
  const long = 'long '.repeat(10_000);
  const dataset = datasetFromColumns({ name: 'long', columns: { anchor: [long, 'a'], positive: ['b', 'c'] } });
  const view = selectRows(dataset, [0, 0, 0]);
  expect(view.sizeBytes - dataset.sizeBytes).toBe(3 * 4);
  view.textHashes(0);
  expect(view.sizeBytes - dataset.sizeBytes).toBe(3 * 4 + 3 * 8);
});

describe('what is refused', () => {
  const small = datasetOf(SMALL);
  test.each([
    [
      () => selectRows(small, [0, 3]),
      'row-out-of-range: Expected a row of dataset `rows` from 0 to 2, received 3. Draw rows below `rowCount`.',
    ],
    [
      () => selectRows(small, [0]).texts(0, [1]),
      'row-out-of-range: Expected a row of dataset `rows` from 0 to 0, received 1. Draw rows below `rowCount`.',
    ],
    [
      () => takeRows(small, -1),
      'invalid-count: Expected `count` to be a whole number from 0, received -1. Give the number of rows to take.',
    ],
    [
      () => splitRows(small, { testSize: 3, seed: 1 }),
      'invalid-split: Expected `testSize` to be a share between 0 and 1 or a number of rows that leaves some of the 3 rows of dataset `rows` to either side, received 3. Choose a value in between.',
    ],
    [
      () => renameColumns(small, { columns: { anchor: 'question', positive: 'positive' } }),
      'missing-column: Expected the column `question` in dataset `rows` for `anchor`, received `anchor`, `positive`, `negative_1`, `negative_2`. Name one of these in `columns`.',
    ],
    [
      () => concatenateDatasets([]),
      'no-datasets: Expected at least one dataset to concatenate, received none. Give those to put one after the other.',
    ],
    [
      () =>
        concatenateDatasets([
          small,
          datasetFromColumns({ name: 'pairs', columns: { anchor: ['a'], positive: ['b'] } }),
        ]),
      'different-columns: Expected the columns `anchor`, `positive`, `negative_1`, `negative_2` in dataset `pairs`, as in `rows`, received `anchor`, `positive`. Train on them as datasets of their own, or choose columns with `renameColumns`.',
    ],
    [
      () => {
        const columns = { anchor: ['a'], positive: ['b'] };
        const labelled = datasetFromColumns({ name: 'labelled', columns, labels: [1] });
        return concatenateDatasets([datasetFromColumns({ name: 'plain', columns }), labelled]);
      },
      'invalid-label: Expected 0 labels a row in dataset `labelled`, as in `plain`, received 1. Give both the same labels, or leave them out.',
    ],
    [
      () => mapRows(small, () => undefined),
      'no-rows: Expected `change` to keep at least one of the 3 rows of dataset `rows`, received none. Return the row to keep it.',
    ],
    [
      () => mapRows(small, (entry, index) => ({ anchor: entry.anchor, positive: index === 1 ? '' : 'p' })),
      'missing-text: Expected a text in column `positive`, row 1 of dataset `rows`, received an empty text. Fill it in or remove that row.',
    ],
  ])('case %#, with its own sentence', async (work, expected) => {
    const { code, message } = await refusal(work);
    expect(`${code}: ${message}`).toBe(expected);
  });
});

const many = Array.from({ length: 60 }, (_, index) => ({
  anchor: `a${index % 50}`,
  positive: `b${index}`,
  negatives: ['n', 'm'].slice(0, index % 3),
  label: index,
}));
testTextDataset({ name: 'shuffleRows', create: () => shuffleRows(datasetOf(many), { seed: 3 }) });
testTextDataset({
  name: 'concatenateDatasets',
  create: () => concatenateDatasets([datasetOf(many), datasetOf(SMALL)]),
});
testTextDataset({ name: 'mapRows', create: () => mapRows(datasetOf(many), (entry) => entry) });
testTextDataset({
  name: 'renameColumns',
  create: () => renameColumns(datasetOf(many), { columns: { anchor: 'positive', positive: 'anchor' } }),
});
