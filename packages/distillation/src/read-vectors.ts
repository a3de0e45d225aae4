import { open, readFile } from 'node:fs/promises';
import { EmbedbagError, type Matrix } from '@embedbag/core';
import { openSafetensors } from '@embedbag/static-embedding';

/** What a .npy header says, as far as it matters here. */
interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly offsetBytes: number;
}

function invalid(path: string, expected: string, received: string, remedy: string): EmbedbagError {
  return new EmbedbagError({
    code: 'vectors-invalid',
    message: `Expected \`${path}\` to hold ${expected}, received ${received}. ${remedy}`,
    details: { path },
  });
}

const SAVE_AGAIN = 'Save an array of shape [tokens, dimension] as float32 with `numpy.save`.';

/**
 * Reads vectors that were made elsewhere: a `.npy` file of float32 or float64, or a `.safetensors` file with one tensor of two
 * axes, or several of which one is called `embeddings` or `embedding.weight`. The matrix is owned by the caller.
 *
 * @throws EmbedbagError `file-not-found`, `vectors-invalid`, and what `openSafetensors` throws for a damaged file.
 *
 * @example
 * ```ts
 * const vectors = await readVectors('token-vectors.npy');
 * console.log(vectors.rows, vectors.columns);
 * ```
 */
export async function readVectors(path: string): Promise<Matrix> {
  try {
    if (path.endsWith('.safetensors')) return await readTensor(path);
    if (path.endsWith('.npy')) return readNpy(path, await readFile(path));
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const reason = 'code' in cause ? String(cause.code) : String(cause);
    throw new EmbedbagError({
      code: 'file-not-found',
      message: `Expected a file of vectors at \`${path}\`, received ${reason}. Check the path.`,
      details: { path, reason },
      cause,
    });
  }
  throw invalid(path, 'vectors as .npy or .safetensors', 'another kind of file', SAVE_AGAIN);
}

async function readTensor(path: string): Promise<Matrix> {
  // For the system's own error where there is no such file.
  await (await open(path)).close();
  const reader = await openSafetensors(path);
  try {
    const matrices = [...reader.tensors].filter(([, { shape }]) => shape.length === 2);
    const named = matrices.filter(([name]) => name === 'embeddings' || name === 'embedding.weight');
    const [found, ...others] = named.length > 0 ? named : matrices;
    if (found === undefined || others.length > 0) {
      const received = `${[...reader.tensors].map(([name, { shape }]) => `\`${name}\` [${shape.join(', ')}]`).join(', ') || 'no tensor'}`;
      throw invalid(path, 'one tensor [tokens, dimension]', received, 'Call the one that counts `embeddings`.');
    }
    const [name, { shape }] = found;
    const [rows, columns] = shape as [number, number];
    const data = new Float32Array(rows * columns);
    await reader.readFloat32(name, data);
    return { data, rows, columns };
  } finally {
    await reader.close();
  }
}

function readNpy(path: string, bytes: Uint8Array): Matrix {
  const { descr, fortranOrder, shape, offsetBytes } = npyHeader(path, bytes);
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined) {
    throw invalid(path, 'an array of two axes', `one of shape (${shape.join(', ')})`, SAVE_AGAIN);
  }
  if (fortranOrder) throw invalid(path, 'rows one after the other', 'columns (fortran_order)', SAVE_AGAIN);
  const width = descr === '<f4' ? 4 : descr === '<f8' ? 8 : undefined;
  if (width === undefined) throw invalid(path, 'values of dtype `<f4` or `<f8`', `\`${descr}\``, SAVE_AGAIN);
  const expected = rows * columns * width;
  // A copy: a Buffer may begin at any byte of its memory.
  const values = new Uint8Array(bytes.subarray(offsetBytes));
  if (values.byteLength !== expected) {
    throw invalid(path, `${expected} bytes of values`, `${values.byteLength}`, 'Check that the file is complete.');
  }
  const data = width === 4 ? new Float32Array(values.buffer) : Float32Array.from(new Float64Array(values.buffer));
  return { data, rows, columns };
}

/** Versions 1 to 3 of NumPy's format. */
function npyHeader(path: string, bytes: Uint8Array): NpyHeader {
  const isNpy = bytes.length >= 12 && String.fromCharCode(...bytes.subarray(0, 6)) === '\u0093NUMPY';
  if (!isNpy) throw invalid(path, "NumPy's format", 'other bytes', SAVE_AGAIN);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isFirstVersion = bytes[6] === 1;
  const start = isFirstVersion ? 10 : 12;
  const length = isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true);
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw invalid(path, 'one array of numbers', `the header \`${text.trim().slice(0, 80)}\``, SAVE_AGAIN);
  }
  const sizes = shape
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  return { descr, fortranOrder: order === 'True', shape: sizes, offsetBytes: start + length };
}
