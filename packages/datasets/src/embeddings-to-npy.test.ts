import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EmbeddingRows } from './embedding-rows.js';
import { embeddingsToNpy } from './embeddings-to-npy.js';
import { folderWith, refusal } from './fixtures/folder.js';
import { createNpyWriter } from './npy-writer.js';

const FLOATS: EmbeddingRows = { data: Float32Array.of(1, -2, 3.5, 4, 5, 6, 99), rows: 2, columns: 3 };

/** The dictionary and the bytes of the values of a version 1.0 file. */
function parts(bytes: Uint8Array): { readonly description: string; readonly values: Uint8Array } {
  const buffer = Buffer.from(bytes);
  expect([...buffer.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0]);
  const end = 10 + buffer.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = buffer.toString('latin1', 10, end);
  expect(header.endsWith('\n')).toBe(true);
  return { description: header.trimEnd(), values: new Uint8Array(buffer.subarray(end)) };
}

describe('embeddingsToNpy', () => {
  test('writes shape, dtype and the values that count', () => {
    const { description, values } = parts(embeddingsToNpy(FLOATS));
    expect(description).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    expect([...new Float32Array(values.buffer)]).toEqual([1, -2, 3.5, 4, 5, 6]);
  });

  test.each([
    ['|i1', Int8Array.of(-128, 127)],
    ['|u1', Uint8Array.of(0, 255)],
  ])('names the dtype %s', (descr, data) => {
    const { description, values } = parts(embeddingsToNpy({ data, rows: 2, columns: 1 }));
    expect(description).toContain(`'descr': '${descr}'`);
    expect([...values]).toEqual([...new Uint8Array(data.buffer)]);
  });

  test('refuses a matrix that is too short', async () => {
    expect(await refusal(() => embeddingsToNpy({ ...FLOATS, rows: 3 }))).toEqual({
      code: 'matrix-too-short',
      message: 'Expected 3 rows of 3 values, received 7 values. Give `data` of rows x columns values.',
    });
  });
});

describe('createNpyWriter', () => {
  test('gives the bytes of embeddingsToNpy, and no file before it is closed', async () => {
    const path = join(folderWith({}), 'x.npy');
    const writer = await createNpyWriter(path);
    await writer.write({ data: FLOATS.data.subarray(0, 3), rows: 1, columns: 3 });
    await writer.write({ data: FLOATS.data.subarray(3), rows: 1, columns: 3 });
    expect(writer.rows).toBe(2);
    expect(existsSync(path)).toBe(false);
    await writer.close();
    await writer.close();
    expect(new Uint8Array(readFileSync(path))).toEqual(embeddingsToNpy(FLOATS));
    expect(existsSync(`${path}.partial`)).toBe(false);
  });

  test('refuses rows of another kind, and rows after the end', async () => {
    const path = join(folderWith({}), 'x.npy');
    const writer = await createNpyWriter(path);
    await writer.write(FLOATS);
    expect(await refusal(() => writer.write({ data: new Int8Array(6), rows: 2, columns: 3 }))).toEqual({
      code: 'shape-mismatch',
      message:
        'Expected rows of 3 <f4 values like those before, received 3 |i1 values. Write one kind of embeddings to a file.',
    });
    await writer.discard();
    expect(existsSync(`${path}.partial`)).toBe(false);
    expect((await refusal(() => writer.write(FLOATS))).code).toBe('writer-closed');
  });

  test('refuses a path whose parent is a file', async () => {
    const folder = folderWith({ file: '' });
    expect(await refusal(() => createNpyWriter(join(folder, 'file', 'x.npy')))).toEqual({
      code: 'file-not-writable',
      message: `Expected to write ${folder}/file/x.npy, received ENOTDIR. Check that its folder exists and can be written.`,
    });
  });
});
