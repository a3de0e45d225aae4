import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub } from '@embedbag/hub';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { Field, Int32, List, Table, tableToIPC, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReadRowsOptions, readRows } from './read-rows.js';

const ROWS = [
  { id: 'a', score: 1, texts: ['x', 'y'] },
  { id: '', score: 2, texts: [] },
  { id: 'c', score: -3, texts: ['z'] },
];

function parquet(rows: typeof ROWS): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: rows.map((row) => row.id) },
      { name: 'score', data: rows.map((row) => BigInt(row.score)) },
      { name: 'texts', data: rows.map((row) => row.texts) },
    ],
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'score', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'texts', num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ],
  });
  return new Uint8Array(buffer);
}

function arrow(rows: typeof ROWS): Uint8Array {
  const texts = vectorFromArray(
    rows.map((row) => row.texts),
    new List(new Field('item', new Utf8(), true)),
  ) as Vector<List<Utf8>>;
  const id = vectorFromArray(
    rows.map((row) => row.id),
    new Utf8(),
  );
  const score = vectorFromArray(
    rows.map((row) => row.score),
    new Int32(),
  );
  return tableToIPC(new Table({ id, score, texts }), 'file');
}

let folder: string;
let server: LocalHub;

async function all(source: string | readonly string[], options?: ReadRowsOptions): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const row of readRows(source, options)) rows.push(row);
  return rows;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-rows-'));
  server = await startLocalHub();
  await writeFile(join(folder, 'rows.jsonl'), ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(join(folder, 'rows.csv'), 'id,score\na,1\n,2\n');
  await writeFile(join(folder, 'rows.parquet'), parquet(ROWS));
  await writeFile(join(folder, 'rows.arrow'), arrow(ROWS));
  await writeFile(join(folder, 'growing.jsonl'), '{"id":"a"}\n{"id":"b","more":true}\n');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('readRows', () => {
  test.each(['rows.jsonl', 'rows.parquet', 'rows.arrow'])(
    'gives texts, numbers and lists of %s as they are',
    async (name) => {
      expect(await all(join(folder, name))).toEqual(ROWS);
      expect(await all(join(folder, name), { columns: ['score', 'none'] })).toEqual(
        ROWS.map(({ score }) => ({ score })),
      );
    },
  );

  test('gives texts of a delimited file, empty ones included', async () => {
    expect(await all(join(folder, 'rows.csv'))).toEqual([
      { id: 'a', score: '1' },
      { id: '', score: '2' },
    ]);
  });

  test('takes in columns that later lines of a jsonl file have', async () => {
    expect(await all(join(folder, 'growing.jsonl'))).toEqual([{ id: 'a' }, { id: 'b', more: true }]);
  });

  test('reads several files one after the other', async () => {
    const files = [join(folder, 'rows.parquet'), join(folder, 'rows.jsonl')];
    expect(await all(files)).toEqual([...ROWS, ...ROWS]);
    await expect(all([...files, 'hf://datasets/owner/nano'])).rejects.toThrow(
      'Expected files on this machine in a list',
    );
  });

  test('reads the tables of a dataset of the hub in the layout of NanoBEIR', async () => {
    server.add({
      type: 'dataset',
      name: 'owner/nano',
      files: {
        'README.md': [
          '---',
          'configs:',
          '- config_name: corpus',
          '  data_files:',
          '  - split: NanoNQ',
          '    path: corpus/NanoNQ-*',
          '---',
        ].join('\n'),
        'corpus/NanoNQ-00000-of-00002.parquet': parquet(ROWS),
        'corpus/NanoNQ-00001-of-00002.parquet': parquet(ROWS),
        'corpus/NanoFEVER-00000-of-00001.parquet': 'not asked for',
      },
    });
    const hub = createHub({ endpoint: server.endpoint, cacheFolder: join(folder, 'cache'), environment: {} });
    expect(await all('hf://datasets/owner/nano/corpus/NanoNQ', { hub })).toEqual([...ROWS, ...ROWS]);
    expect(await all('hf://datasets/owner/nano/corpus/NanoNQ[2:5]', { hub })).toEqual([...ROWS, ...ROWS].slice(2, 5));
    expect(await all('hf://datasets/owner/nano', { hub, split: 'NanoNQ[-50%:]' })).toEqual(ROWS);
    await expect(all('hf://datasets/owner/nano', { hub, split: 'NanoNQ[6:]' })).rejects.toThrow(
      'Expected rows in `NanoNQ[6:]` of the dataset `owner/nano`, received none of its 6 rows. Choose rows that there are, such as `NanoNQ[:1000]`.',
    );
  });

  test('names what it cannot read', async () => {
    const path = join(folder, 'nothing.csv');
    await expect(all(path)).rejects.toThrow(
      `Expected a file or a folder at ${path}, received a path that does not exist`,
    );
    await expect(all(path, { split: 'train' })).rejects.toThrow('Expected `split` with a source such as');
  });
});
