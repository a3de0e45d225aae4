import { createRandom, hashTexts, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import { expect } from 'vitest';
import type { ContractCheck } from './contract-check.js';

/** What the checks of a dataset need to know; see `TestTextDatasetOptions`. */
export interface TextDatasetCheckSettings {
  readonly create: () => TextDataset | Promise<TextDataset>;
}

type Check = ContractCheck<TextDatasetCheckSettings>;

/** Most rows that a check asks for. */
const MOST_ROWS = 200;

function datasetCheck(title: string, body: (dataset: TextDataset) => Promise<void>): Check {
  return { title, run: async ({ create }) => body(await create()) };
}

/** The first rows, all of them where they are few. */
function firstRows({ rowCount }: TextDataset): number[] {
  return Array.from({ length: Math.min(rowCount, MOST_ROWS) }, (_, row) => row);
}

/** Rows in no order, some more than once, as a list and as a typed array. */
function mixedRows(dataset: TextDataset): readonly ArrayLike<number>[] {
  const random = createRandom(dataset.rowCount, 'rows');
  const rows = firstRows(dataset).map(() => random.below(dataset.rowCount));
  return [rows, Int32Array.from(rows), [dataset.rowCount - 1, 0, 0], Int32Array.of()];
}

function eachColumn({ columns }: TextDataset): readonly number[] {
  return [...columns.keys()];
}

/** Whether a row has a text in a column. */
function isValid(dataset: TextDataset, column: number, row: number): boolean {
  return dataset.valid?.(column, [row])?.[0] !== 0;
}

function checkRoles({ columns, name }: TextDataset): void {
  expect(columns.length, 'columns').toBeGreaterThan(0);
  expect(new Set(columns).size, 'roles of their own').toBe(columns.length);
  expect(
    columns.every((role) => typeof role === 'string' && role !== ''),
    'roles are words',
  ).toBe(true);
  for (const [place, role] of ['anchor', 'positive'].entries()) {
    const at = columns.indexOf(role);
    if (at >= 0) expect(at, `the place of \`${role}\` among the columns of ${name}`).toBe(place);
  }
}

const textChecks: readonly Check[] = [
  datasetCheck('gives the texts of the rows it is asked for, in that order', async (dataset) => {
    for (const column of eachColumn(dataset)) {
      const first = await dataset.texts(column, firstRows(dataset));
      expect(first.length, `texts of column ${column}`).toBe(firstRows(dataset).length);
      expect(
        first.every((text) => typeof text === 'string'),
        `column ${column} holds strings`,
      ).toBe(true);
      for (const rows of mixedRows(dataset)) {
        const texts = await dataset.texts(column, rows);
        const alone = await Promise.all(Array.from(rows, async (row) => (await dataset.texts(column, [row]))[0]));
        expect([...texts], `column ${column}`).toEqual(alone);
      }
    }
  }),
  datasetCheck('hashes every text as `hashTexts` does', async (dataset) => {
    const rows = firstRows(dataset);
    for (const column of eachColumn(dataset)) {
      const hashes = dataset.textHashes(column);
      expect(hashes, `the hashes of column ${column}`).toBeInstanceOf(Uint32Array);
      expect(hashes.length, `the hashes of column ${column}`).toBe(dataset.rowCount * 2);
      const expected = hashTexts(await dataset.texts(column, rows));
      for (const row of rows.filter((one) => isValid(dataset, column, one))) {
        const words = [...hashes.subarray(row * 2, row * 2 + 2)];
        expect(words, `column ${column}, row ${row}`).toEqual([...expected.subarray(row * 2, row * 2 + 2)]);
      }
    }
  }),
  {
    title: 'gives the same when it is asked again, and when it is made again',
    async run({ create }) {
      const [first, second] = [await create(), await create()];
      for (const column of eachColumn(first)) {
        const texts = [...(await first.texts(column, firstRows(first)))];
        const hashes = first.textHashes(column).slice();
        for (const dataset of [first, second]) {
          expect([...(await dataset.texts(column, firstRows(first)))], `texts of column ${column}`).toEqual(texts);
          expect(dataset.textHashes(column), `hashes of column ${column}`).toEqual(hashes);
        }
      }
    },
  },
];

const numberChecks: readonly Check[] = [
  datasetCheck('gives the labels of the rows it is asked for, as many to each', async (dataset) => {
    if (dataset.labels === undefined) return;
    const perRow = dataset.labels([0]).length;
    expect(perRow, 'labels of a row').toBeGreaterThan(0);
    for (const rows of [firstRows(dataset), ...mixedRows(dataset)]) {
      const labels = dataset.labels(rows);
      expect(labels).toBeInstanceOf(Float32Array);
      expect(labels.length, `labels of ${rows.length} rows`).toBe(rows.length * perRow);
      expect(labels.every(Number.isFinite), 'labels are finite').toBe(true);
      const alone = Array.from(rows, (row) => [...dataset.labels!([row])]);
      expect([...labels]).toEqual(alone.flat());
    }
  }),
  datasetCheck('says of the rows it is asked for which have a text', async (dataset) => {
    for (const column of eachColumn(dataset)) {
      for (const rows of [firstRows(dataset), ...mixedRows(dataset)]) {
        const valid = dataset.valid?.(column, rows);
        if (valid === undefined) continue;
        expect(valid).toBeInstanceOf(Uint8Array);
        expect(valid.length, `\`valid\` of ${rows.length} rows`).toBe(rows.length);
        expect(
          valid.every((one) => one === 0 || one === 1),
          `\`valid\` of column ${column} is 0 or 1`,
        ).toBe(true);
        const alone = Array.from(rows, (row) => dataset.valid!(column, [row])?.[0] ?? 1);
        expect([...valid], `\`valid\` of column ${column}`).toEqual(alone);
      }
    }
  }),
  datasetCheck('has an anchor in every row', async (dataset) => {
    const without = firstRows(dataset).filter((row) => !isValid(dataset, 0, row));
    expect(without, 'rows without an anchor').toEqual([]);
  }),
];

/** All checks of a dataset. */
export const textDatasetChecks: readonly Check[] = [
  datasetCheck('names itself, its columns and the number of its rows', async (dataset) => {
    expect(dataset.contract).toBe(TEXT_DATASET_CONTRACT);
    expect(dataset.name).toBeTypeOf('string');
    expect(dataset.name).not.toBe('');
    expect(Number.isSafeInteger(dataset.rowCount) && dataset.rowCount >= 1, '`rowCount` is at least 1').toBe(true);
    checkRoles(dataset);
  }),
  ...textChecks,
  ...numberChecks,
];
