import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { embeddingsToArrow } from './embeddings-to-arrow.js';
import { refusal } from './fixtures/folder.js';

const shared = new Float32Array(new SharedArrayBuffer(32));
shared.set([1, -2, 3.5, 4, 5, 6]);

test('embeddingsToArrow gives an Arrow file with the texts and a list of a fixed size a row, from shared memory too', () => {
  const bytes = embeddingsToArrow({ data: shared, rows: 2, columns: 3 }, { texts: ['a', 'ü'] });
  expect(Buffer.from(bytes.subarray(0, 6)).toString()).toBe('ARROW1');
  const table = tableFromIPC(bytes);
  expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'text: Utf8',
    'embedding: FixedSizeList[3]<Float32>',
  ]);
  expect(JSON.parse(JSON.stringify(table.toArray()))).toEqual([
    { text: 'a', embedding: [1, -2, 3.5] },
    { text: 'ü', embedding: [4, 5, 6] },
  ]);
});

test.each([
  ['Int8', Int8Array.of(-1, 2)],
  ['Uint8', Uint8Array.of(255, 2)],
])('embeddingsToArrow keeps %s values', (name, data) => {
  const table = tableFromIPC(embeddingsToArrow({ data, rows: 1, columns: 2 }));
  expect(String(table.schema.fields[0]?.type)).toBe(`FixedSizeList[2]<${name}>`);
  expect([...(table.getChild('embedding')?.get(0) ?? [])]).toEqual([...data]);
});

test('embeddingsToArrow takes a matrix without rows', () => {
  expect(tableFromIPC(embeddingsToArrow({ data: new Float32Array(0), rows: 0, columns: 4 })).numRows).toBe(0);
});

test('embeddingsToArrow refuses another count of texts', async () => {
  expect(await refusal(() => embeddingsToArrow({ data: shared, rows: 2, columns: 3 }, { texts: ['a'] }))).toEqual({
    code: 'column-length-mismatch',
    message:
      'Expected one text for each of the 2 embeddings, received 1. Give the texts that were embedded, in their order.',
  });
});
