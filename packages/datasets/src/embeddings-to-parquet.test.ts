import { tableFromIPC } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { embeddingsToParquet } from './embeddings-to-parquet.js';
import { refusal } from './fixtures/folder.js';

const shared = new Float32Array(new SharedArrayBuffer(32));
shared.set([1, -2, 3.5, 4, 5, 6]);

async function rowsOf(bytes: Uint8Array): Promise<unknown> {
  return parquetReadObjects({ file: bytes.slice().buffer });
}

/** The Arrow schema that a Parquet file carries. */
function arrowFields(bytes: Uint8Array): string[] {
  const { key_value_metadata: metadata } = parquetMetadata(bytes.slice().buffer);
  const schema = metadata?.find(({ key }) => key === 'ARROW:schema')?.value ?? '';
  return tableFromIPC(Buffer.from(schema, 'base64')).schema.fields.map(({ name, type }) => `${name}: ${type}`);
}

test('embeddingsToParquet gives a Parquet file with the texts and lists of a fixed size, from shared memory too', async () => {
  const bytes = await embeddingsToParquet({ data: shared, rows: 2, columns: 3 }, { texts: ['a', 'ü'] });
  expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('PAR1');
  expect(arrowFields(bytes)).toEqual(['text: Utf8', 'embedding: FixedSizeList[3]<Float32>']);
  expect(await rowsOf(bytes)).toEqual([
    { text: 'a', embedding: [1, -2, 3.5] },
    { text: 'ü', embedding: [4, 5, 6] },
  ]);
});

test.each([
  ['Int8', Int8Array.of(-128, 2)],
  ['Uint8', Uint8Array.of(255, 2)],
])('embeddingsToParquet keeps %s values', async (name, data) => {
  const bytes = await embeddingsToParquet({ data, rows: 1, columns: 2 });
  expect(arrowFields(bytes)).toEqual([`embedding: FixedSizeList[2]<${name}>`]);
  expect(await rowsOf(bytes)).toEqual([{ embedding: [...data] }]);
});

test('embeddingsToParquet cuts many embeddings into row groups and keeps every bit', async () => {
  const data = Float32Array.from({ length: 3000 * 1024 }, (_, index) => Math.sin(index));
  const bytes = await embeddingsToParquet({ data, rows: 3000, columns: 1024 });
  expect(parquetMetadata(bytes.slice().buffer).row_groups.map((group) => Number(group.num_rows))).toEqual([2048, 952]);
  const rows = (await rowsOf(bytes)) as readonly { readonly embedding: readonly number[] }[];
  expect(rows.every(({ embedding }, row) => embedding.every((value, at) => value === data[row * 1024 + at]))).toBe(
    true,
  );
});

test('embeddingsToParquet takes a matrix without rows', async () => {
  expect(await rowsOf(await embeddingsToParquet({ data: new Float32Array(0), rows: 0, columns: 4 }))).toEqual([]);
});

test('embeddingsToParquet refuses another count of texts, and too few values', async () => {
  const matrix = { data: shared, rows: 2, columns: 3 };
  expect(await refusal(() => embeddingsToParquet(matrix, { texts: ['a'] }))).toEqual({
    code: 'column-length-mismatch',
    message:
      'Expected one text for each of the 2 embeddings, received 1. Give the texts that were embedded, in their order.',
  });
  expect((await refusal(() => embeddingsToParquet({ ...matrix, rows: 9 }))).code).toBe('matrix-too-short');
});
