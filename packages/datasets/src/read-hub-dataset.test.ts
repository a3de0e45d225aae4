import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Hub } from '@embedbag/core';
import { createHub } from '@embedbag/hub';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ColumnDataset } from './column-dataset.js';
import { openDataset } from './open-dataset.js';
import { openDatasets } from './open-datasets.js';
import { readDataset } from './read-dataset.js';
import { readDatasets } from './read-datasets.js';

const ROWS = Array.from({ length: 30 }, (_, row) => ({ question: `question ${row}`, answer: `answer ${row}` }));
const SHARDS = [ROWS.slice(0, 12), ROWS.slice(12, 13), ROWS.slice(13)];
const COLUMNS = { anchor: 'question', positive: 'answer' };

type Rows = typeof ROWS;

const WRITERS: Readonly<Record<string, (rows: Rows) => string | Uint8Array>> = {
  jsonl: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  'jsonl.gz': (rows) => gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  csv: (rows) => ['question,answer', ...rows.map((row) => `${row.question},${row.answer}`)].join('\n'),
  parquet: (rows) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'question', data: rows.map((row) => row.question), type: 'STRING' },
          { name: 'answer', data: rows.map((row) => row.answer), type: 'STRING' },
        ],
        rowGroupSize: 5,
      }),
    ),
  arrow: (rows) =>
    tableToIPC(
      new Table({
        question: vectorFromArray(
          rows.map((row) => row.question),
          new Utf8(),
        ),
        answer: vectorFromArray(
          rows.map((row) => row.answer),
          new Utf8(),
        ),
      }),
      'file',
    ),
};
const FORMATS = Object.keys(WRITERS);

let server: LocalHub;
let cacheFolder: string;
let hub: Hub;

beforeAll(async () => {
  server = await startLocalHub();
  cacheFolder = await mkdtemp(join(tmpdir(), 'embedbag-datasets-'));
  hub = createHub({ endpoint: server.endpoint, cacheFolder, environment: {}, attempts: 1 });
  for (const format of FORMATS) {
    const files = SHARDS.map((rows, index) => [`pair/train-0000${index}-of-00003.${format}`, WRITERS[format]?.(rows)]);
    server.add({ type: 'dataset', name: `owner/${format}`, files: Object.fromEntries(files) });
  }
});
afterAll(async () => {
  await server.close();
  await rm(cacheFolder, { recursive: true });
});
beforeEach(() => {
  server.misbehave(undefined);
});

function anchors(dataset: ColumnDataset): readonly string[] {
  return dataset.texts(0, [...Array(dataset.rowCount).keys()]);
}

function questions(from: number, to?: number): readonly string[] {
  return ROWS.slice(from, to).map((row) => row.question);
}

describe.each(FORMATS)('a dataset of the hub in %s', (format) => {
  const source = `hf://datasets/owner/${format}/pair`;

  test('has the rows of all shards in order', async () => {
    const dataset = await readDataset(source, { hub, columns: COLUMNS });
    expect(dataset.name).toBe(`${format}-pair`);
    expect(dataset.columns).toEqual(['anchor', 'positive']);
    expect(anchors(dataset)).toEqual(questions(0));
  });

  test('has the rows of any slice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -31, max: 31 }), fc.integer({ min: -31, max: 31 }), async (from, to) => {
        const expected = questions(from, to);
        const reading = readDataset(source, { hub, columns: COLUMNS, split: `train[${from}:${to}]` });
        if (expected.length === 0) await expect(reading).rejects.toThrow('Expected rows in `train[');
        else expect(anchors(await reading)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('has a share of the rows', async () => {
    const dataset = await readDataset(`${source}/train[10%:50%]`, { hub, columns: COLUMNS });
    expect(anchors(dataset)).toEqual(questions(3, 15));
  });
});

test('of a slice from the start only the files that hold it are downloaded', async () => {
  const fresh = createHub({ endpoint: server.endpoint, cacheFolder: join(cacheFolder, 'b'), environment: {} });
  server.requests.length = 0;
  const dataset = await readDataset('hf://datasets/owner/jsonl/pair', {
    hub: fresh,
    columns: COLUMNS,
    split: 'train[2:13]',
  });
  expect(anchors(dataset)).toEqual(questions(2, 13));
  const downloaded = server.requests.filter((request) => request.kind === 'resolve').map((request) => request.url);
  expect(downloaded.map((url) => url.slice(url.lastIndexOf('/') + 1))).toEqual([
    'train-00000-of-00003.jsonl',
    'train-00001-of-00003.jsonl',
  ]);
});

test.each([
  ['train[30:]', 'none of its 30 rows', 'train'],
  ['train[7:7]', 'a slice without rows', 'train'],
  ['train[:0]', 'a slice without rows', 'train'],
  ['train[:1%]', 'a slice without rows', 'train'],
])('the slice %s is refused for its lack of rows', async (split, received) => {
  await expect(readDataset('hf://datasets/owner/csv/pair', { hub, columns: COLUMNS, split })).rejects.toThrow(
    `Expected rows in \`${split}\` of the dataset \`owner/csv\`, received ${received}. Choose rows that there are, such as \`train[:1000]\`.`,
  );
});

test('a private dataset is read with its token', async () => {
  server.add({
    type: 'dataset',
    name: 'owner/secret',
    files: { 'train.jsonl': WRITERS.jsonl?.(ROWS) ?? '' },
    token: 'hf_x',
  });
  const options = { columns: COLUMNS, name: 'mine' };
  await expect(readDataset('hf://datasets/owner/secret', { ...options, hub })).rejects.toThrow('or set HF_TOKEN to');
  const withToken = createHub({ endpoint: server.endpoint, cacheFolder, environment: { HF_TOKEN: 'hf_x' } });
  const dataset = await readDataset('hf://datasets/owner/secret', { ...options, hub: withToken });
  expect(dataset.name).toBe('mine');
  expect(dataset.rowCount).toBe(30);
});

test('a file that cannot be downloaded ends the reading', async () => {
  const fresh = createHub({
    endpoint: server.endpoint,
    cacheFolder: join(cacheFolder, 'c'),
    environment: {},
    attempts: 1,
  });
  server.misbehave(({ url }) => (url.includes('00002') ? { status: 500 } : undefined));
  await expect(readDataset('hf://datasets/owner/csv/pair', { hub: fresh, columns: COLUMNS })).rejects.toThrow(
    `Expected ${server.endpoint} to serve the dataset \`owner/csv\`, received status 500 again and again.`,
  );
});

test('several sources may be of the hub and of this machine', async () => {
  const snapshot = await hub.open({ type: 'dataset', name: 'owner/csv' });
  const path = await snapshot.download('pair/train-00001-of-00003.csv');
  const datasets = await readDatasets(['hf://datasets/owner/csv/pair', path], { hub, columns: COLUMNS });
  expect(datasets.map((dataset) => [dataset.name, dataset.rowCount])).toEqual([
    ['train', 1],
    ['csv-pair', 30],
  ]);
});

test('a config or a split is refused where nothing is of the hub', async () => {
  const sentence = (name: string): string =>
    `Expected \`${name}\` with a source such as \`hf://datasets/owner/name\`, received it with files on this machine. Leave it out.`;
  await expect(readDataset('a.csv', { split: 'train' })).rejects.toThrow(sentence('split'));
  await expect(readDatasets(['a.csv'], { config: 'pair' })).rejects.toThrow(sentence('config'));
});

test('a source of the hub in a list of files is refused', async () => {
  await expect(readDataset(['hf://datasets/owner/csv', 'a.csv'], { hub })).rejects.toThrow(
    'Expected files on this machine in a list of sources, received `hf://datasets/owner/csv`. Read it by itself, or give the list to `readDatasets`.',
  );
});

describe('a dataset that is streamed', () => {
  const indexFolder = (): string => join(cacheFolder, 'index');
  afterEach(() => rm(indexFolder(), { recursive: true, force: true }));

  test.each(FORMATS.filter((format) => format !== 'jsonl.gz'))(
    'of %s gives any slice, also from its index',
    async (format) => {
      const source = (slice: string): string => `hf://datasets/owner/${format}/pair/train${slice}`;
      for (const [slice, from, to] of [
        ['', 0, 30],
        ['[:11]', 0, 11],
        ['[3:13]', 3, 13],
        ['[12:]', 12, 30],
        ['[-4:]', 26, 30],
      ] as const) {
        for (const run of ['first', 'again']) {
          const options = { hub, columns: COLUMNS, indexFolder: indexFolder() };
          const onProgress = run === 'first' ? undefined : () => expect.fail('read again');
          const dataset = await openDataset(source(slice), { ...options, ...(onProgress && { onProgress }) });
          const rows = [...Array(dataset.rowCount).keys()];
          expect(await dataset.texts(0, rows)).toEqual(questions(from, to));
          expect(await dataset.texts(1, rows)).toEqual(ROWS.slice(from, to).map((row) => row.answer));
        }
        await rm(indexFolder(), { recursive: true });
      }
    },
  );

  test('downloads no file behind a slice from the start', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'embedbag-datasets-'));
    try {
      const fresh = createHub({ endpoint: server.endpoint, cacheFolder: cache, environment: {}, attempts: 1 });
      server.requests.length = 0;
      await openDataset('hf://datasets/owner/parquet/pair/train[:12]', { hub: fresh, columns: COLUMNS });
      const asked = server.requests.map(({ url }) => url).filter((url) => url.includes('.parquet'));
      expect(asked.every((url) => url.includes('00000-of'))).toBe(true);
      expect(asked.length).toBeGreaterThan(0);
    } finally {
      await rm(cache, { recursive: true });
    }
  });

  test('is refused where a slice has no rows, as in memory', async () => {
    const read = openDataset('hf://datasets/owner/parquet/pair/train[40:]', { hub, columns: COLUMNS });
    await expect(read).rejects.toThrow(
      'Expected rows in `train[40:]` of the dataset `owner/parquet`, received none of its 30 rows. Choose rows that there are, such as `train[:1000]`.',
    );
  });

  test('is opened beside files by `openDatasets`', async () => {
    const sources = ['hf://datasets/owner/csv/pair/train', 'hf://datasets/owner/jsonl/pair/train[:3]'];
    const datasets = await openDatasets(sources, { hub, columns: COLUMNS, indexFolder: indexFolder() });
    expect(datasets.map(({ rowCount }) => rowCount)).toEqual([30, 3]);
  });
});
