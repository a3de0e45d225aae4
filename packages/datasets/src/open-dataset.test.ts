import { readdirSync, readFileSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { TextDataset } from '@embedbag/core';
import { defaultBatchSampler, noDuplicatesBatchSampler } from '@embedbag/samplers';
import { Field, List, RecordBatchFileWriter, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { fileWith, folderWith, refusal } from './fixtures/folder.js';
import { type OpenDatasetOptions, openDataset } from './open-dataset.js';
import { openDatasets } from './open-datasets.js';
import { readDataset } from './read-dataset.js';

interface Row {
  readonly anchor: string;
  readonly positive: string;
  readonly negatives: readonly string[];
  readonly label: number;
}

const COLUMNS = { anchor: 'anchor', positive: 'positive', negatives: 'negatives', label: 'label' };

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, row) => ({
    anchor: `question ${row}`,
    positive: `${row % 7 === 0 ? 'the same answer' : `answer ${row} ü`} `.repeat(1 + (row % 5)).trim(),
    negatives: Array.from({ length: row % 4 }, (_, index) => `wrong ${row}/${index}`),
    label: row / 4,
  }));
}

function jsonl(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function delimited(rows: readonly object[], delimiter: string): string {
  const field = (value: unknown): string =>
    `"${(Array.isArray(value) ? JSON.stringify(value) : String(value)).replaceAll('"', '""')}"`;
  const header = Object.keys(rows[0] ?? {}).join(delimiter);
  return [header, ...rows.map((row) => Object.values(row).map(field).join(delimiter))].join('\r\n');
}

function arrow(rows: readonly Row[], batchRows: number): Uint8Array {
  const batches = [];
  for (let first = 0; first < rows.length; first += batchRows) {
    const part = rows.slice(first, first + batchRows);
    const lists = new List(new Field('item', new Utf8(), true));
    batches.push(
      new Table({
        anchor: vectorFromArray(
          part.map(({ anchor }) => anchor),
          new Utf8(),
        ),
        positive: vectorFromArray(
          part.map(({ positive }) => positive),
          new Utf8(),
        ),
        negatives: vectorFromArray(
          part.map(({ negatives }) => negatives),
          lists,
        ),
        label: vectorFromArray(part.map(({ label }) => label)),
      }),
    );
  }
  return RecordBatchFileWriter.writeAll(batches.flatMap((table) => table.batches)).toUint8Array(true);
}

function parquet(rows: readonly Row[], rowGroupSize: number): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize,
      schema: [
        { name: 'root', num_children: 4 },
        { name: 'anchor', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        { name: 'positive', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'negatives', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'FLOAT', repetition_type: 'OPTIONAL' },
      ],
      columnData: (['anchor', 'positive', 'negatives', 'label'] as const).map((name) => ({
        name,
        data: rows.map((row) => row[name]),
      })),
    }),
  );
}

async function contents(dataset: TextDataset): Promise<unknown> {
  const rows = Array.from({ length: dataset.rowCount }, (_, row) => row);
  return {
    columns: dataset.columns,
    texts: await Promise.all(dataset.columns.map((_, column) => dataset.texts(column, rows))),
    hashes: dataset.columns.map((_, column) => dataset.textHashes(column)),
    valid: dataset.columns.map((_, column) => dataset.valid?.(column, rows)),
    labels: dataset.labels?.(rows),
  };
}

const FILES: readonly (readonly [name: string, make: (rows: readonly Row[]) => string | Uint8Array])[] = [
  ['rows.jsonl', (rows) => `\uFEFF${jsonl(rows)}`],
  ['rows.csv', (rows) => `\uFEFF${delimited(rows, ',')}`],
  ['rows.tsv', (rows) => delimited(rows, '\t')],
  ['rows.parquet', (rows) => parquet(rows, 17)],
  ['rows.arrow', (rows) => arrow(rows, 17)],
];
/** So little that no format has all rows in one block. */
const LITTLE_MEMORY = 24 * 1024;

describe.each(FILES)('%s', (name, make) => {
  test('has the rows in blocks that it has in memory', async () => {
    const path = fileWith(name, make(rowsOf(400)));
    const dataset = await openDataset(path, { columns: COLUMNS, memoryBytes: LITTLE_MEMORY });
    expect(dataset.blocks.firstRows.length).toBeGreaterThan(20);
    expect(dataset.blocks.openBlocks).toBeLessThan(20);
    expect(dataset.name).toBe('rows');
    const inMemory = await readDataset(path, { columns: COLUMNS });
    expect(await contents(dataset)).toEqual(await contents(inMemory));
  });

  test('is refused where a row is wrong, with the row, before anything is trained', async () => {
    const rows = rowsOf(60);
    rows[40] = { ...(rows[40] as Row), anchor: '' };
    const path = fileWith(name, make(rows));
    const inMemory = await refusal(() => readDataset(path));
    expect(await refusal(() => openDataset(path))).toEqual(inMemory);
    expect(inMemory.code).toBe('missing-text');
  });
});

/** The texts of all columns in the order of batches, as bytes, and the reads that it took. */
async function batchBytes(dataset: TextDataset): Promise<Buffer> {
  const parts: unknown[] = [];
  const stream = noDuplicatesBatchSampler().open(dataset, { batchSize: 16, dropLast: false, seed: 7 });
  for (let rows = stream.next(); rows !== undefined; rows = stream.next()) {
    const batch = rows;
    parts.push(await Promise.all(dataset.columns.map((_, column) => dataset.texts(column, batch))));
    parts.push(dataset.columns.map((_, column) => [...(dataset.valid?.(column, batch) ?? [])]));
    parts.push(dataset.columns.map((_, column) => [...batch].map((row) => dataset.textHashes(column)[row * 2])));
    parts.push([...(dataset.labels?.(batch) ?? [])]);
  }
  return Buffer.from(JSON.stringify(parts));
}

test('gives the batches of rows in memory where all blocks fit', async () => {
  const rows = rowsOf(200);
  const expected = await batchBytes(await readDataset(fileWith('rows.jsonl', jsonl(rows))));
  for (const [name, make] of FILES) {
    const dataset = await openDataset(fileWith(name, make(rows)), { columns: COLUMNS });
    expect((await batchBytes(dataset)).equals(expected)).toBe(true);
  }
});

test('gives every row once where few blocks fit, in every format', async () => {
  for (const [name, make] of FILES) {
    const dataset = await openDataset(fileWith(name, make(rowsOf(400))), { columns: COLUMNS, memoryBytes: 24_000 });
    const stream = defaultBatchSampler().open(dataset, { batchSize: 32, dropLast: false, seed: 1 });
    const seen: string[] = [];
    for (let rows = stream.next(); rows !== undefined; rows = stream.next()) {
      const [anchors, positives] = await Promise.all([dataset.texts(0, rows), dataset.texts(1, rows)]);
      for (const [index, row] of rows.entries()) {
        expect(anchors[index]).toBe(`question ${row}`);
        expect(positives[index]).toBe(rowsOf(400)[row]?.positive);
        seen.push(anchors[index] as string);
      }
    }
    expect(new Set(seen).size).toBe(400);
  }
}, 20_000);

test('texts of blocks that are held come at once, others later', async () => {
  const dataset = await openDataset(fileWith('rows.parquet', parquet(rowsOf(400), 20)), { memoryBytes: 24_000 });
  expect(dataset.texts(0, [3])).toBeInstanceOf(Promise);
  expect(await dataset.texts(0, [3])).toEqual(['question 3']);
  expect(dataset.texts(1, [4, 5])).toEqual(['answer 4 ü answer 4 ü answer 4 ü answer 4 ü answer 4 ü', 'answer 5 ü']);
  await dataset.texts(0, dataset.blocks.firstRows);
  const again = dataset.texts(0, [3]);
  expect(again).toBeInstanceOf(Promise);
  await again;
});

test('a row group with an index of its pages is cut into blocks', async () => {
  const rows = Array.from({ length: 3000 }, (_, row) => ({
    anchor: `question ${row} ${'x'.repeat(40)}`,
    positive: `answer ${row}`,
  }));
  const bytes = parquetWriteBuffer({
    rowGroupSize: 3000,
    pageSize: 1000,
    columnData: (['anchor', 'positive'] as const).map((name) => ({
      name,
      data: rows.map((row) => row[name]),
      type: 'STRING' as const,
      offsetIndex: true,
    })),
  });
  const path = fileWith('rows.parquet', new Uint8Array(bytes));
  const dataset = await openDataset(path, { memoryBytes: 1 << 17 });
  expect(dataset.blocks.firstRows.length).toBeGreaterThan(10);
  expect(await contents(dataset)).toEqual(await contents(await readDataset(path)));
});

describe('an index folder', () => {
  const options: OpenDatasetOptions = { columns: COLUMNS, memoryBytes: 24_000 };

  test('saves the pass over the files, and gives the same dataset', async () => {
    const folder = folderWith({ 'a.parquet': parquet(rowsOf(100), 20), 'b.parquet': parquet(rowsOf(130), 20) });
    const indexFolder = join(folderWith({}), 'deep', 'index');
    const passes: number[] = [];
    const onProgress: OpenDatasetOptions['onProgress'] = ({ rows }) => passes.push(rows);
    const first = await openDataset(folder, { ...options, indexFolder, onProgress });
    expect(passes.at(-1)).toBe(230);
    const again = await openDataset(folder, { ...options, indexFolder, onProgress: () => expect.fail('read again') });
    expect(await contents(again)).toEqual(await contents(first));
    expect(again.blocks).toEqual(first.blocks);
    expect(readdirSync(indexFolder).sort()).toEqual([
      ...[0, 1, 2, 3, 4].map((column) => `column-${column}.u32`),
      'index.json',
      'labels.f32',
      'negatives.u16',
    ]);
  });

  test.each<readonly [what: string, change: (path: string) => void, received: RegExp]>([
    [
      'has another size',
      (path) => writeFileSync(path, jsonl(rowsOf(51))),
      /^the file rows\.jsonl of \d+ bytes, changed at .*, of which/,
    ],
    [
      'was written later',
      (path) => utimesSync(path, 1, 1),
      /received rows\.jsonl of \d+ bytes, changed at 1970-01-01T00:00:01\.000Z\./,
    ],
    ['has another name', (path) => renameSync(path, `${path}.jsonl`), /received rows\.jsonl\.jsonl of/],
  ])('is refused where a file %s', async (_, change, received) => {
    const folder = folderWith({ 'rows.jsonl': jsonl(rowsOf(50)) });
    const indexFolder = join(folderWith({}), 'index');
    await openDataset(folder, { ...options, indexFolder });
    change(join(folder, 'rows.jsonl'));
    const { code, message } = await refusal(() => openDataset(folder, { ...options, indexFolder }));
    expect(code).toBe('index-outdated');
    expect(message.replace('Expected ', '')).toMatch(received);
    expect(message).toMatch(/is the index, received .*\. Delete the folder to have it made again, or name another\.$/);
  });

  test('is refused where the settings are others, or a part of it is damaged', async () => {
    const path = fileWith('rows.jsonl', jsonl(rowsOf(50)));
    const indexFolder = join(folderWith({}), 'index');
    await openDataset(path, { ...options, indexFolder });
    const message = async (more: OpenDatasetOptions): Promise<string> => {
      const { code, message } = await refusal(() => openDataset(path, { ...options, indexFolder, ...more }));
      return `${code}: ${message.replaceAll(indexFolder, 'INDEX')}`;
    };
    expect(await message({ columns: { anchor: 'positive', positive: 'anchor' } })).toBe(
      'index-outdated: Expected `columns` {"anchor":"anchor","positive":"positive","negatives":"negatives","label":"label"}, of which INDEX is the index, received {"anchor":"positive","positive":"anchor"}. Delete the folder to have it made again, or name another.',
    );
    const hashes = join(indexFolder, 'column-1.u32');
    const size = statSync(hashes).size;
    truncateSync(hashes, size - 8);
    expect(await message({})).toBe(
      'invalid-index: Expected the index of a dataset at INDEX, received one whose `column-1.u32` is damaged. Delete the folder to have it made again, or name another.',
    );
    writeFileSync(join(indexFolder, 'index.json'), readFileSync(join(indexFolder, 'index.json'), 'utf8').slice(0, -9));
    expect(await message({})).toMatch(
      /^invalid-index: .* received a `index\.json` that is damaged or of another version\./,
    );
  });

  test('that cannot be written is refused, and nothing of it is left', async () => {
    const path = fileWith('rows.jsonl', jsonl(rowsOf(5)));
    const indexFolder = join(path, 'index');
    expect(await refusal(() => openDataset(path, { indexFolder }))).toEqual({
      code: 'file-not-writable',
      message: `Expected to write the index of the dataset to ${indexFolder}, received ENOTDIR. Check that its parent folder can be written, and the space there.`,
    });
  });

  test('of several datasets has a folder for each', async () => {
    const folder = folderWith({ 'a.jsonl': jsonl(rowsOf(5)), 'b.jsonl': jsonl(rowsOf(6)) });
    const indexFolder = join(folder, 'indexes');
    const sources = [join(folder, 'a.jsonl'), join(folder, '*.jsonl'), join(folder, 'a.jsonl')];
    const datasets = await openDatasets(sources, { indexFolder, memoryBytes: 3_000_000 });
    expect(datasets.map(({ name, rowCount }) => [name, rowCount])).toEqual([
      ['a', 5],
      [basename(folder), 11],
      ['a', 5],
    ]);
    expect(datasets.every(({ sizeBytes }) => sizeBytes > 1_000_000 && sizeBytes < 1_010_000)).toBe(true);
    expect(readdirSync(indexFolder).sort()).toEqual(['a', 'a-2', basename(folder)].sort());
  });
});

describe('is refused', () => {
  test.each([
    ['rows.jsonl.gz', gzipSync(jsonl(rowsOf(3))), 'one compressed by gzip'],
    ['rows.csv.gz', gzipSync(delimited(rowsOf(3), ',')), 'one compressed by gzip'],
    ['rows.arrows', tableToIPC(new Table({ anchor: vectorFromArray(['a'], new Utf8()) }), 'stream'), 'an Arrow stream'],
  ])('%s, of which no part can be read alone', async (name, content, received) => {
    const path = fileWith(name, content);
    expect(await refusal(() => openDataset(path))).toEqual({
      code: 'not-seekable',
      message: `Expected a file that can be read in parts at ${path}, a .parquet, an Arrow IPC file, or .jsonl, .csv or .tsv that is not compressed, received ${received}. Write it as Parquet, or read it into memory with \`readDataset\`.`,
    });
  });

  test('a block of which three do not fit', async () => {
    const path = fileWith('rows.arrow', arrow(rowsOf(90), 30));
    expect(await refusal(() => openDataset(path, { memoryBytes: 9_000 }))).toEqual({
      code: 'block-too-large',
      message: `Expected parts of ${path} of at most 3000 bytes, a third of \`memoryBytes\`, received one of 30 rows with 3696 bytes from row 0. Write the file with smaller row groups or record batches, or Parquet with a page index, or raise \`memoryBytes\`.`,
    });
  });

  test.each([0, -1, 1.5, Number.NaN])('memory of %d bytes', async (memoryBytes) => {
    const path = fileWith('rows.jsonl', jsonl(rowsOf(3)));
    expect(await refusal(() => openDataset(path, { memoryBytes }))).toEqual({
      code: 'invalid-memory',
      message: `Expected \`memoryBytes\` to be a whole number above 0, received ${memoryBytes}. Leave it out for 256 MiB.`,
    });
  });

  test.each(FILES)('%s whose rows change while it is open', async (name, make) => {
    const path = fileWith(name, make(rowsOf(400)));
    const dataset = await openDataset(path, { columns: COLUMNS, memoryBytes: 24_000 });
    writeFileSync(
      path,
      make(rowsOf(400).map((row) => ({ ...row, positive: row.positive.replace('answer', 'ANSWER') }))),
    );
    const { code, message } = await refusal(() => dataset.texts(0, [399]));
    expect(code).toBe('dataset-changed');
    expect(message).toMatch(
      /^Expected the \d+ rows of .* from \d+ on to be those that dataset `rows` was opened with, received others: the file has changed\. Open the dataset again, and make its index anew where it has one\.$/,
    );
  });

  test('rows and columns that are not there', async () => {
    const dataset = await openDataset(fileWith('rows.jsonl', jsonl(rowsOf(3))));
    expect((await refusal(() => dataset.texts(0, [3]))).message).toBe(
      'Expected a row of dataset `rows` from 0 to 2, received 3. Draw rows below `rowCount`.',
    );
    expect((await refusal(() => dataset.textHashes(9))).code).toBe('column-out-of-range');
  });

  test('work that is aborted', async () => {
    const path = fileWith('rows.parquet', parquet(rowsOf(400), 10));
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    await expect(openDataset(path, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
  });
});

test('any rows in any format are those of memory, at any size of blocks', async () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((value) => !/\p{Surrogate}/u.test(value));
  const row = fc.record({
    anchor: fc.oneof(text, fc.constantFrom('\uFEFFmark', '"', ',', '\n', '\r\n', '[1]')),
    positive: text,
    negatives: fc.array(text, { maxLength: 3 }),
    label: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(...FILES),
      fc.integer({ min: 70_000, max: 200_000 }),
      async (rows, [name, make], memoryBytes) => {
        const path = fileWith(name, make(rows));
        const dataset = await openDataset(path, { columns: COLUMNS, memoryBytes });
        expect(await contents(dataset)).toEqual(await contents(await readDataset(path, { columns: COLUMNS })));
      },
    ),
    { numRuns: 80 },
  );
});

test('several datasets are refused where a folder lacks a shard, or where there is none', async () => {
  const folder = folderWith({ 'train-00000-of-00002.jsonl': jsonl(rowsOf(5)) });
  expect((await refusal(() => openDatasets(folder))).code).toBe('missing-shard');
  expect((await refusal(() => openDatasets([]))).message).toBe(
    'Expected the path of a file, a folder or a pattern, received an empty list. Name at least one.',
  );
});
