import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryByteSource } from './byte-source.js';
import { openSafetensors, readerFromSource, type SafetensorsTensor, writeSafetensors } from './safetensors-file.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-safetensors-'));
  path = join(folder, 'x.safetensors');
});

afterEach(() => rm(folder, { recursive: true }));

function file(header: unknown, data: number[] | Uint8Array = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const open = (bytes: Uint8Array) => readerFromSource(memoryByteSource('x.safetensors', bytes));
const one = (dtype: string, shape: number[], offsets: number[]) => ({ t: { dtype, shape, data_offsets: offsets } });

describe('writeSafetensors', () => {
  it('writes the bytes of the reference: widest dtypes first, then by name, the header padded with spaces', async () => {
    await writeSafetensors(path, {
      b: { shape: [2], data: Float32Array.of(1, 2) },
      a: { shape: [1, 1], data: Float32Array.of(3) },
      wide: { shape: [1], data: BigInt64Array.of(7n) },
    });
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE(0));
    const text = bytes.subarray(8, 8 + length).toString();
    expect(text.trimEnd()).toBe(
      '{"wide":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}',
    );
    expect(length % 8).toBe(0);
    expect(bytes.length).toBe(8 + length + 20);
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3);
  });

  it('gives back every tensor and the metadata it was given', async () => {
    const tensorOf = fc.array(fc.float({ noNaN: true }), { maxLength: 20 }).map((values): SafetensorsTensor => {
      return { shape: [values.length], data: Float32Array.from(values) };
    });
    const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__' && name !== '__metadata__');
    const dictionary = fc.dictionary(names, tensorOf, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(dictionary, fc.string(), async (tensors, note) => {
        await writeSafetensors(path, tensors, { note });
        const reader = await openSafetensors(path);
        expect([...reader.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
        expect(reader.metadata).toEqual({ note });
        for (const [name, { data }] of Object.entries(tensors)) {
          const out = new Float32Array(data.length);
          await reader.readFloat32(name, out);
          expect(out).toEqual(data);
        }
        await reader.close();
      }),
      { numRuns: 30 },
    );
  });

  it('writes from and reads into memory that is shared', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16)).fill(5);
    await writeSafetensors(path, { t: { shape: [4], data: shared } });
    const out = new Float32Array(new SharedArrayBuffer(32), 8, 4);
    const reader = await openSafetensors(path);
    await reader.readFloat32('t', out);
    await reader.close();
    await reader.close();
    expect([...out]).toEqual([5, 5, 5, 5]);
  });

  it('refuses data that does not fill its shape', async () => {
    await expect(writeSafetensors(path, { t: { shape: [2, 3], data: new Float32Array(5) } })).rejects.toThrow(
      'Expected tensor `t` of shape [2, 3] to have 6 values, received 5. Pass an array of that length.',
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('openSafetensors', () => {
  it.each([
    ['F16', [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b], [1, -2, 1 / 16777216, 65504]],
    ['BF16', [0x80, 0x3f, 0x00, 0xc0, 0x80, 0x7f, 0x00, 0x80], [1, -2, Number.POSITIVE_INFINITY, -0]],
    ['I8', [1, 0xff, 0x80, 0x7f], [1, -1, -128, 127]],
    ['F64', [...new Uint8Array(Float64Array.of(0.1, 1, -2, 1e300).buffer)], [Math.fround(0.1), 1, -2, Infinity]],
  ])('converts %s to float32', async (dtype, data, expected) => {
    const reader = await open(file(one(dtype, [4], [0, data.length]), data));
    const out = new Float32Array(4);
    await reader.readFloat32('t', out);
    expect([...out]).toEqual(expected);
  });

  it('converts tensors longer than one piece', async () => {
    const values = 9_000_000;
    const data = new Uint8Array(values * 2);
    new DataView(data.buffer).setUint16((values - 1) * 2, 0x4000, true);
    new DataView(data.buffer).setUint16(8_388_608 * 2, 0x3c00, true);
    const reader = await open(file(one('F16', [values], [0, data.length]), data));
    const out = new Float32Array(values);
    await reader.readFloat32('t', out);
    expect([out[8_388_607], out[8_388_608], out[8_388_609], out[values - 1]]).toEqual([0, 1, 0, 2]);
  });

  it('reads some rows and columns of a matrix', async () => {
    const data = new Uint8Array(Float32Array.from({ length: 12 }, (_, index) => index).buffer);
    const reader = await open(file(one('F32', [4, 3], [0, 48]), data));
    const out = new Float32Array(4);
    await reader.readRows('t', 1, 2, 2, out);
    expect([...out]).toEqual([3, 4, 6, 7]);
  });

  it.each([
    ['five bytes', new Uint8Array(5), '8 bytes, received 5'],
    ['a header that ends early', file({}).subarray(0, 9), '10 bytes, received 9'],
    ['data that ends early', file(one('F32', [4], [0, 16]), new Uint8Array(15)), '79 bytes, received 78'],
  ])('names a file cut short: %s', async (_title, bytes, counts) => {
    const error = await open(bytes).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'safetensors-truncated',
      message: `Expected \`x.safetensors\` to hold ${counts}: the file is cut short. Download or save it again.`,
    });
  });

  it.each([
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80), 'a header of at most 100000000 bytes'],
    ['a list as header', file([]), 'a JSON object as its header, received []'],
    ['a number as tensor', file({ t: 1 }), 'an object for tensor `t`, received 1'],
    ['an unknown dtype', file(one('F3', [1], [0, 4]), [0, 0, 0, 0]), 'for tensor `t`, received F3'],
    ['a negative shape', file(one('U8', [-1], [0, 0])), 'a shape of whole numbers for tensor `t`, received [-1]'],
    ['one offset', file(one('U8', [1], [0])), 'two whole `data_offsets` for tensor `t`, received [0]'],
    [
      'offsets that do not fit the shape',
      file(one('F32', [2], [0, 4]), new Uint8Array(4)),
      '8 bytes for tensor `t` of F32 [2], received `data_offsets` [0, 4] of 4 bytes',
    ],
    ['a hole', file(one('U8', [1], [1, 2]), [0, 0]), 'tensor `t` at data offset 0, received offset 1'],
    ['bytes after the data', file(one('U8', [1], [0, 1]), [0, 0]), '62 bytes, received 63'],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), 'a `__metadata__` of texts, received {"a":1}'],
  ])('names what contradicts itself: %s', async (_title, bytes, part) => {
    const error = await open(bytes).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'safetensors-invalid' });
    expect((error as Error).message).toContain('Expected `x.safetensors` to be a safetensors file with ');
    expect((error as Error).message).toContain(part);
    expect((error as Error).message).toMatch(/\. Download or save it again\.$/);
  });

  it('names a header that is not JSON', async () => {
    await expect(open(file('{"t"'))).rejects.toMatchObject({
      code: 'safetensors-invalid',
      message: expect.stringMatching(/^Expected the header of `x.safetensors` to be JSON, received: .+ Download or/),
    });
  });

  it('names overlapping tensors', async () => {
    const header = {
      a: { dtype: 'U8', shape: [2], data_offsets: [0, 2] },
      b: { dtype: 'U8', shape: [2], data_offsets: [1, 3] },
    };
    await expect(open(file(header, [0, 0, 0]))).rejects.toThrow('tensor `b` at data offset 2, received offset 1');
  });

  it('refuses a tensor that is missing, has another dtype or another length', async () => {
    const reader = await open(file(one('I64', [1], [0, 8]), new Uint8Array(8)));
    await expect(reader.readFloat32('u', new Float32Array(1))).rejects.toThrow(
      'Expected a tensor `u` in `x.safetensors`, received `t`. Pass a file that holds it.',
    );
    await expect(reader.readFloat32('t', new Float32Array(1))).rejects.toThrow(
      'Expected tensor `t` of `x.safetensors` to have one of the dtypes F32, F16, BF16, F64, I8, received I64. Convert it to F32.',
    );
    const floats = await open(file(one('F32', [2], [0, 8]), new Uint8Array(8)));
    await expect(floats.readFloat32('t', new Float32Array(3))).rejects.toThrow(
      'Expected `out` to have the 2 values of tensor `t` [2], received 3. Pass an array of that length.',
    );
  });

  it('never fails otherwise than with a named error, whatever the bytes', async () => {
    const valid = file(one('F32', [2], [0, 8]), new Uint8Array(8));
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(valid.length), async (edits, length) => {
        const bytes = valid.slice(0, length);
        for (const [index, value] of edits) if (index < length) bytes[index] = value;
        try {
          await open(bytes);
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^safetensors-(invalid|truncated)$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not hold a file open that it refuses', async () => {
    await writeFile(path, 'x');
    const before = (await readdir('/proc/self/fd').catch(() => [])).length;
    for (let i = 0; i < 20; i++) await expect(openSafetensors(path)).rejects.toThrow('cut short');
    expect((await readdir('/proc/self/fd').catch(() => [])).length).toBeLessThan(before + 20);
  });
});
