import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddingsToNpy } from '@embedbag/datasets';
import { writeSafetensors } from '@embedbag/static-embedding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVectors } from './read-vectors.js';

const matrix = { data: Float32Array.of(1, 2.5, -3, 4, 5, 6), rows: 3, columns: 2 };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-vectors-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A .npy file as `numpy.save` writes it. */
async function npy(name: string, header: string, values: Uint8Array): Promise<string> {
  const text = `${header.padEnd(117, ' ')}\n`;
  const bytes = new Uint8Array(10 + text.length + values.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes.set(values, 10 + text.length);
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('readVectors', () => {
  it('reads float32 and float64 of NumPy', async () => {
    const path = join(folder, 'plain.npy');
    await writeFile(path, embeddingsToNpy(matrix));
    expect(await readVectors(path)).toEqual(matrix);
    const doubles = new Uint8Array(Float64Array.from(matrix.data).buffer);
    const wide = await npy('wide.npy', "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", doubles);
    expect(await readVectors(wide)).toEqual(matrix);
  });

  it('reads the one matrix of a safetensors file, or the one that is called embeddings', async () => {
    const path = join(folder, 'one.safetensors');
    const tensor = { shape: [3, 2], data: matrix.data };
    await writeSafetensors(path, { any: tensor, bias: { shape: [2], data: new Float32Array(2) } });
    expect(await readVectors(path)).toEqual(matrix);
    const other = { shape: [1, 1], data: new Float32Array(1) };
    await writeSafetensors(path, { embeddings: tensor, other });
    expect(await readVectors(path)).toEqual(matrix);
    await writeSafetensors(path, { any: tensor, other });
    await expect(readVectors(path)).rejects.toThrow(
      `Expected \`${path}\` to hold one tensor [tokens, dimension], received \`any\` [3, 2], \`other\` [1, 1]. Call the one that counts \`embeddings\`.`,
    );
  });

  it.each([
    ["{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4), }", 'values of dtype `<f4` or `<f8`, received `<f2`'],
    ["{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", 'rows one after the other, received columns'],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 'an array of two axes, received one of shape (2)'],
    ["{'descr': [('a', '<f4')], 'shape': (2,), }", 'one array of numbers, received the header'],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", '16 bytes of values, received 8. Check'],
  ])('refuses an array with the header %s', async (header, expected) => {
    const path = await npy('wrong.npy', header, new Uint8Array(8));
    await expect(readVectors(path)).rejects.toThrow(`Expected \`${path}\` to hold ${expected}`);
  });

  it('refuses other files and damaged ones', async () => {
    const text = join(folder, 'vectors.txt');
    await writeFile(text, '1 2 3');
    await expect(readVectors(text)).rejects.toThrow(
      `Expected \`${text}\` to hold vectors as .npy or .safetensors, received another kind of file. Save an array of shape [tokens, dimension] as float32 with \`numpy.save\`.`,
    );
    const path = join(folder, 'not.npy');
    await writeFile(path, 'hello hello hello');
    await expect(readVectors(path)).rejects.toThrow("to hold NumPy's format, received other bytes.");
    await writeFile(path, embeddingsToNpy(matrix));
    await truncate(path, 140);
    await expect(readVectors(path)).rejects.toThrow(
      '24 bytes of values, received 12. Check that the file is complete.',
    );
    const missing = join(folder, 'missing.safetensors');
    await expect(readVectors(missing)).rejects.toThrow(
      `Expected a file of vectors at \`${missing}\`, received ENOENT. Check the path.`,
    );
  });
});
