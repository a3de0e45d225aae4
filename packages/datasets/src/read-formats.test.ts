import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { noDuplicatesBatchSampler } from '@embedbag/samplers';
import { Field, Float32, List, Table, tableToIPC, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import type { ColumnDataset } from './column-dataset.js';
import { fileWith, folderWith } from './fixtures/folder.js';
import { readDataset } from './read-dataset.js';

const FORMATS = fileURLToPath(new URL('./fixtures/formats/', import.meta.url));

interface Row {
  readonly anchor: string;
  readonly positive: string;
  readonly negatives: readonly string[];
  readonly label: number;
}

const ROWS = JSON.parse(readFileSync(join(FORMATS, 'rows.json'), 'utf8')) as readonly Row[];
const COLUMNS = { anchor: 'anchor', positive: 'positive', negatives: 'negatives', label: 'label' };

function contents(dataset: ColumnDataset): unknown {
  const rows = Array.from({ length: dataset.rowCount }, (_, row) => row);
  return {
    columns: dataset.columns,
    texts: dataset.columns.map((_, column) => dataset.texts(column, rows)),
    hashes: dataset.columns.map((_, column) => dataset.textHashes(column)),
    valid: dataset.columns.map((_, column) => dataset.valid?.(column, rows)),
    labels: dataset.labels?.(rows),
  };
}

function jsonl(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function delimited(rows: readonly object[], delimiter: string): string {
  const field = (value: unknown): string =>
    `"${(Array.isArray(value) ? JSON.stringify(value) : String(value)).replaceAll('"', '""')}"`;
  const header = Object.keys(rows[0] ?? {}).join(delimiter);
  return [header, ...rows.map((row) => Object.values(row).map(field).join(delimiter))].join('\n');
}

function arrow(rows: readonly Row[], kind: 'file' | 'stream'): Uint8Array {
  const strings = new List(new Field('item', new Utf8(), true));
  const table = new Table({
    anchor: vectorFromArray(
      rows.map((row) => row.anchor),
      new Utf8(),
    ),
    positive: vectorFromArray(
      rows.map((row) => row.positive),
      new Utf8(),
    ),
    negatives: vectorFromArray(
      rows.map((row) => row.negatives),
      strings,
    ) as Vector<List<Utf8>>,
    label: vectorFromArray(
      rows.map((row) => row.label),
      new Float32(),
    ),
  });
  return tableToIPC(table, kind);
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

describe('files of other programs', () => {
  const files = readdirSync(FORMATS).filter((name) => name !== 'rows.json');

  test('are there', () => {
    expect(files).toHaveLength(16);
  });

  test.each(files)('%s has the rows of rows.json', async (name) => {
    const expected = await readDataset(fileWith('rows.jsonl', jsonl(ROWS)), { columns: COLUMNS });
    const dataset = await readDataset(join(FORMATS, name));
    expect(contents(dataset)).toEqual(contents(expected));
    expect(dataset.ignoredColumns).toEqual(['note']);
  });
});

test('an Arrow file whose LZ4 blocks refer to those before', async () => {
  const dataset = await readDataset(join(FORMATS, '../long-lz4.feather'));
  const expected = Array.from({ length: 4_000 }, (_, row) => `wide wide wide wide row ${row % 50}`);
  const rows = expected.map((_, row) => row);
  expect(dataset.texts(0, rows)).toEqual(expected);
  expect(dataset.texts(1, rows)).toEqual(expected.toReversed());
});

test('a file compressed by zstd', async () => {
  const dataset = await readDataset(join(FORMATS, '../rows.jsonl.zst'));
  expect([dataset.name, dataset.rowCount]).toEqual(['rows', 20]);
});

describe('the same rows in every format', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((value) => !/\p{Surrogate}/u.test(value));
  const row = fc.record({
    anchor: fc.oneof(text, fc.constantFrom('same', '\uFEFFmark', '"', ',', '\n', '\r\n', '[1]')),
    positive: text,
    negatives: fc.array(text, { maxLength: 3 }),
    label: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  });

  async function batchBytes(path: string): Promise<Buffer> {
    const dataset = await readDataset(path, { columns: COLUMNS, name: 'rows' });
    const parts: unknown[] = [];
    const stream = noDuplicatesBatchSampler().open(dataset, { batchSize: 4, dropLast: false, seed: 7 });
    for (let rows = stream.next(); rows !== undefined; rows = stream.next()) {
      const batch = rows;
      parts.push(dataset.columns.map((_, column) => [...dataset.texts(column, batch)]));
      parts.push(dataset.columns.map((_, column) => [...(dataset.valid?.(column, batch) ?? [])]));
      parts.push(dataset.columns.map((_, column) => hashesOf(dataset, column, batch)));
      parts.push([...(dataset.labels?.(rows) ?? [])]);
    }
    return Buffer.from(JSON.stringify(parts));
  }

  function hashesOf(dataset: ColumnDataset, column: number, rows: Int32Array): number[] {
    const hashes = dataset.textHashes(column);
    return [...rows].flatMap((at) => [hashes[at * 2] ?? 0, hashes[at * 2 + 1] ?? 0]);
  }

  test('gives byte-identical batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (rows, size) => {
          const folder = folderWith({
            'rows.jsonl': jsonl(rows),
            'rows.csv': delimited(rows, ','),
            'rows.tsv': delimited(rows, '\t'),
            'rows.arrow': arrow(rows, 'file'),
            'rows.arrows': arrow(rows, 'stream'),
            'rows.parquet': parquet(rows, size),
            'rows.jsonl.gz': gzipSync(jsonl(rows)),
          });
          const [first, ...others] = await Promise.all(
            readdirSync(folder).map((name) => batchBytes(join(folder, name))),
          );
          for (const other of others) expect(other.equals(first as Buffer)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
