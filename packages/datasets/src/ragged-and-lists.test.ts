import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnDataset } from './column-dataset.js';
import { datasetFromColumns } from './dataset-from-columns.js';
import { fileWith, refusal } from './fixtures/folder.js';
import { type ReadDatasetOptions, readDataset } from './read-dataset.js';

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const read = (name: string, content: string, options: ReadDatasetOptions = {}): Promise<ColumnDataset> =>
  readDataset(fileWith(name, content), options);

async function messageFor(name: string, content: string, options: ReadDatasetOptions = {}): Promise<string> {
  const path = fileWith(name, content);
  const { code, message } = await refusal(() => readDataset(path, options));
  return `${code}: ${message.replaceAll(path, name)}`;
}

/** The negatives of all rows, as lists again. */
function negativesOf(dataset: ColumnDataset): string[][] {
  return Array.from({ length: dataset.rowCount }, (_, row) =>
    dataset.columns.slice(2).flatMap((_, index) => {
      const hasText = dataset.valid === undefined || dataset.valid(index + 2, [row])?.[0] === 1;
      return hasText ? dataset.texts(index + 2, [row]) : [];
    }),
  );
}

const LISTS = [['a', 'b'], [], ['c', 'd', 'e'], ['f']];
const ROWS = LISTS.map((negatives, row) => ({ anchor: `q${row}`, positive: `r${row}`, negatives }));
const CSV = `anchor,positive,negatives\nq0,r0,"[""a"", ""b""]"\nq1,r1,\nq2,r2,"[""c"",""d"",""e""]"\nq3,r3,"[""f""]"\n`;

describe('a list of negatives', () => {
  test.each([
    ['x.jsonl', lines(ROWS)],
    ['x.csv', CSV],
    ['x.tsv', CSV.replaceAll(',q', '\tq').replace(/^([^,"]*),([^,"]*),/gm, '$1\t$2\t')],
  ])('of any length a row is read from %s', async (name, content) => {
    const dataset = await read(name, content);
    expect(dataset.columns).toEqual(['anchor', 'positive', 'negative_1', 'negative_2', 'negative_3']);
    expect(negativesOf(dataset)).toEqual(LISTS);
    expect(dataset.valid?.(1, [0, 1])).toBeUndefined();
    expect(dataset.valid?.(3, [2, 3, 0])).toEqual(Uint8Array.of(1, 0, 1));
    expect(dataset.texts(3, [2, 3, 0])).toEqual(['d', '', 'b']);
  });

  test('of the same length in every row is plain columns', async () => {
    const dataset = await read('x.jsonl', lines(ROWS.map((row) => ({ ...row, negatives: ['a', 'b'] }))));
    expect(dataset.columns).toEqual(['anchor', 'positive', 'negative_1', 'negative_2']);
    expect(dataset.valid).toBeUndefined();
  });

  test('may have another name in the file, and be missing in a row', async () => {
    const content = lines([
      { q: 'a', r: 'b', hard: null },
      { q: 'c', r: 'd', hard: ['e'] },
      { q: 'f', r: 'g' },
    ]); // prettier-ignore
    const dataset = await read('x.jsonl', content, { columns: { anchor: 'q', positive: 'r', negatives: 'hard' } });
    expect(negativesOf(dataset)).toEqual([[], ['e'], []]);
    expect(dataset.ignoredColumns).toEqual([]);
  });

  test('of texts in memory is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { maxLength: 4 }), { minLength: 1, maxLength: 12 }), (negatives) => {
        const texts = negatives.map((_, row) => `${row}`);
        const dataset = datasetFromColumns({ name: 'x', columns: { anchor: texts, positive: texts, negatives } });
        expect(negativesOf(dataset)).toEqual(negatives);
      }),
    );
  });

  test.each([
    [
      lines([{ anchor: 'a', positive: 'b', negatives: 'c' }]),
      'invalid-text: Expected a list of at most 1000 texts in column `negatives` on line 1 of x.jsonl, received the text "c". Write ["...", "..."], and [] for a row without negatives.',
    ],
    [
      lines([{ anchor: 'a', positive: 'b', negatives: ['c', ''] }]),
      'invalid-text: Expected a list of at most 1000 texts in column `negatives` on line 1 of x.jsonl, received one with an empty text. Write ["...", "..."], and [] for a row without negatives.',
    ],
    [
      lines([{ anchor: 'a', positive: 'b', negative_2: 'c', negatives: ['d'] }]),
      'invalid-columns: Expected either `negatives` or columns such as `negative_2` in x.jsonl, received both. Choose one of them with `columns`, or put all texts into the list.',
    ],
    [
      lines([
        { anchor: 'a', positive: 'b' },
        { anchor: 'a', positive: 'b', negatives: ['d'] },
      ]), // prettier-ignore
      'ragged-column: Expected every row to have the columns of the first one, received the new column `negatives` on line 2 of x.jsonl. Give every row the same negatives.',
    ],
  ])('is refused in %j', async (content, expected) => {
    expect(await messageFor('x.jsonl', content)).toBe(expected);
  });

  test('in memory is refused where it is none, holds no strings, or stands beside columns', async () => {
    const columns = { anchor: ['a'], positive: ['b'] };
    const make = (more: object) => refusal(() => datasetFromColumns({ name: 'x', columns: { ...columns, ...more } }));
    expect((await make({ negatives: ['c'] })).message).toBe(
      'Expected a list of at most 1000 strings in column `negatives`, row 0 of dataset `x`, received the text "c". Give a row without negatives the list [].',
    );
    expect((await make({ negatives: [[undefined]] })).message).toContain('received one with nothing.');
    expect((await make({ negatives: [] })).code).toBe('column-length-mismatch');
    expect((await make({ negatives: [['c']], negative: ['d'] })).message).toBe(
      'Expected either `negatives` or columns such as `negative` in dataset `x`, received both. Choose one of them with `columns`, or put all texts into the list.',
    );
  });
});

describe('a list of labels', () => {
  test.each([
    [
      'x.jsonl',
      lines([
        { anchor: 'a', positive: 'b', label: [1, 0.5] },
        { anchor: 'c', positive: 'd', label: [0, 2] },
      ]),
    ], // prettier-ignore
    ['x.csv', 'anchor,positive,label\na,b,"[1, 0.5]"\nc,d,"[0, 2]"\n'],
  ])('is read from %s, row by row', async (name, content) => {
    expect((await read(name, content)).labels?.([1, 0])).toEqual(Float32Array.of(0, 2, 1, 0.5));
  });

  test('of vectors is one list, vector after vector', async () => {
    const label = [
      [1, 2],
      [3, 4],
    ]; // prettier-ignore
    const dataset = await read('x.jsonl', lines([{ anchor: 'a', positive: 'b', label }]));
    expect(dataset.labels?.([0])).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test.each([
    ['one a negative', [[1, 2], [], [3, 4, 5], [6]], [1, 2, 0, 0, 0, 0, 3, 4, 5, 6, 0, 0]],
    [
      'one a negative and one for the positive',
      [[1, 2, 3], [4], [5, 6, 7, 8], [9, 10]],
      [1, 2, 3, 0, 4, 0, 0, 0, 5, 6, 7, 8, 9, 10, 0, 0],
    ],
  ])('follows ragged negatives: %s', async (_, labels, expected) => {
    // A list may be empty where the first row decides that there are labels.
    const rows = ROWS.map((row, index) => ({ ...row, label: labels[index] }));
    const dataset = await read('x.jsonl', lines(rows));
    expect([...(dataset.labels?.([0, 1, 2, 3]) ?? [])]).toEqual(expected);
    const texts = ROWS.map(({ anchor }) => anchor);
    const inMemory = datasetFromColumns({
      name: 'x',
      columns: { anchor: texts, positive: texts, negatives: LISTS },
      labels,
    });
    expect([...(inMemory.labels?.([0, 1, 2, 3]) ?? [])]).toEqual(expected);
  });

  test.each([
    [
      [[1, 2], [1]],
      'invalid-label: Expected 2 labels in column `label` on line 2 of x.jsonl, as other rows have for as many texts, received 1. Give each row one label a negative, or one more.',
    ],
    [
      [[1], ['x']],
      'invalid-label: Expected a number in column `label` on line 2 of x.jsonl, received a list of 1. Repair the row, or leave the labels out.',
    ],
  ])('is refused where rows differ or it holds words: %j', async (labels, expected) => {
    const rows = labels.map((label) => ({ anchor: 'a', positive: 'b', label }));
    expect(await messageFor('x.jsonl', lines(rows))).toBe(expected);
  });

  test('in memory is refused with its row', async () => {
    const columns = { anchor: ['a'], positive: ['b'] };
    const { message } = await refusal(() => datasetFromColumns({ name: 'x', columns, labels: [Number.NaN] }));
    expect(message).toBe(
      'Expected a number in row 0 of the labels of dataset `x`, received the number NaN. Repair the row, or leave the labels out.',
    );
  });
});
