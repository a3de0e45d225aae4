import { EmbedbagError } from '@embedbag/core';
import type { ByteSource } from './byte-source.js';
import { fileByteSource } from './byte-source.js';
import { convertToFloat32, FLOAT_DTYPES } from './float-conversion.js';
import {
  bytesPerValue,
  formatSafetensorsHeader,
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from './safetensors-header.js';

/** The arrays that {@link writeSafetensors} takes. */
export type SafetensorsData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor to be written: row-major values and their shape. */
export interface SafetensorsTensor {
  readonly shape: readonly number[];
  /** As many values as the product of `shape`, borrowed. */
  readonly data: SafetensorsData;
}

/** Pieces in which data is written and converted. */
const CHUNK_BYTES = 16 * 1024 * 1024;

const DTYPES: readonly (readonly [new (length: number) => SafetensorsData, SafetensorsDtype])[] = [
  [Float64Array, 'F64'],
  [Float32Array, 'F32'],
  [BigInt64Array, 'I64'],
  [BigUint64Array, 'U64'],
  [Int32Array, 'I32'],
  [Uint32Array, 'U32'],
  [Int16Array, 'I16'],
  [Uint16Array, 'U16'],
  [Int8Array, 'I8'],
  [Uint8Array, 'U8'],
];

function dtypeOf(name: string, tensor: SafetensorsTensor): SafetensorsDtype {
  const expected = tensor.shape.reduce((product, size) => product * size, 1);
  if (tensor.data.length !== expected) {
    throw new EmbedbagError({
      code: 'tensor-shape-mismatch',
      message: `Expected tensor \`${name}\` of shape [${tensor.shape.join(', ')}] to have ${expected} values, received ${tensor.data.length}. Pass an array of that length.`,
      details: { name, expected, received: tensor.data.length },
    });
  }
  const found = DTYPES.find(([type]) => tensor.data instanceof type);
  if (found === undefined)
    throw new TypeError(`Expected a typed array for tensor \`${name}\`, received another value.`);
  return found[1];
}

/**
 * Writes a safetensors file: widest dtypes first, then by name, as the reference writes them; same tensors, same bytes.
 *
 * The data goes to the file from where it lies, without a copy, and is flushed to the disk. Rejects with the system's
 * error when `path` cannot be written.
 *
 * @example
 * ```ts
 * import { writeSafetensors } from '@embedbag/static-embedding';
 *
 * await writeSafetensors('moments.safetensors', { first: { shape: [2, 3], data: new Float32Array(6) } }, { step: '10' });
 * ```
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, dtype: dtypeOf(name, tensor), shape: tensor.shape, data: tensor.data }))
    .sort((a, b) => bytesPerValue(b.dtype) - bytesPerValue(a.dtype) || (a.name < b.name ? -1 : 1));
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'w');
  try {
    const writeAll = async (bytes: Uint8Array): Promise<void> => {
      for (let done = 0; done < bytes.byteLength; ) {
        done += (await handle.write(bytes, done, Math.min(CHUNK_BYTES, bytes.byteLength - done))).bytesWritten;
      }
    };
    await writeAll(formatSafetensorsHeader(ordered, metadata));
    for (const { data } of ordered) await writeAll(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An open safetensors file: its header, and its tensors one at a time. */
export interface SafetensorsReader extends SafetensorsHeader {
  /** Names the file in error messages. */
  readonly name: string;
  /**
   * Reads a tensor as float32 into `out`, `[product of shape]`, without another copy where it is F32.
   * F16, BF16, I8 and F64 are converted.
   * Throws `tensor-missing`, `tensor-dtype-unsupported` and `tensor-shape-mismatch`.
   */
  readFloat32(tensor: string, out: Float32Array): Promise<void>;
  /**
   * Reads rows `[firstRow, firstRow + rows)` of a two-dimensional tensor as float32 and keeps the first `columns`
   * of each, into `out`, `[rows, columns]`.
   */
  readRows(tensor: string, firstRow: number, rows: number, columns: number, out: Float32Array): Promise<void>;
  /** Reads a tensor's bytes as they are in the file. */
  readBytes(tensor: string): Promise<Uint8Array>;
  /** Closes the file. Idempotent. */
  close(): Promise<void>;
}

function requireEntry(header: SafetensorsHeader, file: string, tensor: string): SafetensorsEntry {
  const entry = header.tensors.get(tensor);
  if (entry !== undefined) return entry;
  const names = [...header.tensors.keys()];
  throw new EmbedbagError({
    code: 'tensor-missing',
    message: `Expected a tensor \`${tensor}\` in \`${file}\`, received ${names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ')}. Pass a file that holds it.`,
    details: { name: file, tensor, tensors: names },
  });
}

function requireFloat(entry: SafetensorsEntry, file: string, tensor: string): void {
  if (FLOAT_DTYPES.includes(entry.dtype)) return;
  throw new EmbedbagError({
    code: 'tensor-dtype-unsupported',
    message: `Expected tensor \`${tensor}\` of \`${file}\` to have one of the dtypes ${FLOAT_DTYPES.join(', ')}, received ${entry.dtype}. Convert it to F32.`,
    details: { name: file, tensor, dtype: entry.dtype },
  });
}

/** Reads `count` values from byte `offset` on, converted, in pieces of bounded size. */
async function readConverted(
  source: ByteSource,
  dtype: SafetensorsDtype,
  offset: number,
  out: Float32Array,
): Promise<void> {
  const width = bytesPerValue(dtype);
  if (dtype === 'F32') {
    await source.read(offset, new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
    return;
  }
  const chunkValues = Math.min(out.length, CHUNK_BYTES / width);
  const bytes = new Uint8Array(chunkValues * width);
  for (let done = 0; done < out.length; done += chunkValues) {
    const target = out.subarray(done, done + chunkValues);
    const chunk = bytes.subarray(0, target.length * width);
    await source.read(offset + done * width, chunk);
    convertToFloat32(dtype, chunk, target);
  }
}

/** Opens the safetensors file in `source`, which the reader then owns and closes. Throws as {@link readSafetensorsHeader}. */
export async function readerFromSource(source: ByteSource): Promise<SafetensorsReader> {
  let header: SafetensorsHeader;
  try {
    header = await readSafetensorsHeader(source);
  } catch (error) {
    await source.close();
    throw error;
  }
  const floatEntry = (tensor: string): SafetensorsEntry => {
    const entry = requireEntry(header, source.name, tensor);
    requireFloat(entry, source.name, tensor);
    return entry;
  };
  let isClosed = false;
  return {
    ...header,
    name: source.name,
    async readFloat32(tensor, out) {
      const entry = floatEntry(tensor);
      const expected = entry.sizeBytes / bytesPerValue(entry.dtype);
      if (out.length !== expected) {
        throw new EmbedbagError({
          code: 'tensor-shape-mismatch',
          message: `Expected \`out\` to have the ${expected} values of tensor \`${tensor}\` [${entry.shape.join(', ')}], received ${out.length}. Pass an array of that length.`,
          details: { tensor, expected, received: out.length },
        });
      }
      await readConverted(source, entry.dtype, entry.offsetBytes, out);
    },
    async readRows(tensor, firstRow, rows, columns, out) {
      const entry = floatEntry(tensor);
      const width = entry.shape[1] ?? 1;
      const offset = entry.offsetBytes + firstRow * width * bytesPerValue(entry.dtype);
      if (columns === width) return readConverted(source, entry.dtype, offset, out.subarray(0, rows * columns));
      const whole = new Float32Array(rows * width);
      await readConverted(source, entry.dtype, offset, whole);
      for (let row = 0; row < rows; row++) out.set(whole.subarray(row * width, row * width + columns), row * columns);
    },
    async readBytes(tensor) {
      const entry = requireEntry(header, source.name, tensor);
      const bytes = new Uint8Array(entry.sizeBytes);
      await source.read(entry.offsetBytes, bytes);
      return bytes;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await source.close();
    },
  };
}

/**
 * Opens a safetensors file. Its data is read when it is asked for.
 *
 * Rejects with the system's error when `path` cannot be opened, with `safetensors-truncated` or `safetensors-invalid`
 * when it is damaged.
 *
 * @example
 * ```ts
 * import { openSafetensors } from '@embedbag/static-embedding';
 *
 * const file = await openSafetensors('moments.safetensors');
 * const first = new Float32Array(6);
 * await file.readFloat32('first', first);
 * await file.close();
 * ```
 */
export async function openSafetensors(path: string): Promise<SafetensorsReader> {
  return readerFromSource(await fileByteSource(path));
}
