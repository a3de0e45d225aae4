import { EmbedbagError } from '@embedbag/core';
import { type ByteSource, truncatedError } from './byte-source.js';

const BYTES_PER_VALUE = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** The number formats of safetensors that embedbag can read the bytes of. */
export type SafetensorsDtype = keyof typeof BYTES_PER_VALUE;

/** One tensor of a {@link SafetensorsHeader}. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Position of its first byte in the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** What stands before the data of a safetensors file. */
export interface SafetensorsHeader {
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The `__metadata__` of the file; empty where it has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A longer header is refused, as the reference implementation does. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA_KEY = '__metadata__';

function invalidError(name: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'safetensors-invalid',
    message: `Expected \`${name}\` to be a safetensors file with ${expected}, received ${received}. Download or save it again.`,
    details: { name },
  });
}

/** The bytes of one value of `dtype`. */
export function bytesPerValue(dtype: SafetensorsDtype): number {
  return BYTES_PER_VALUE[dtype];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(file: string, tensor: string, value: unknown, dataStart: number): SafetensorsEntry {
  const where = `for tensor \`${tensor}\``;
  if (!isObject(value)) throw invalidError(file, `an object ${where}`, JSON.stringify(value));
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_PER_VALUE, dtype)) {
    throw invalidError(file, `one of the dtypes ${Object.keys(BYTES_PER_VALUE).join(', ')} ${where}`, String(dtype));
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw invalidError(file, `a shape of whole numbers ${where}`, JSON.stringify(shape) ?? 'none');
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw invalidError(file, `two whole \`data_offsets\` ${where}`, JSON.stringify(offsets) ?? 'none');
  }
  const [begin, end] = offsets as [number, number];
  const known = dtype as SafetensorsDtype;
  const sizeBytes = shape.reduce((product: number, size: number) => product * size, BYTES_PER_VALUE[known]);
  if (end - begin !== sizeBytes) {
    throw invalidError(
      file,
      `${sizeBytes} bytes ${where} of ${known} [${shape.join(', ')}]`,
      `\`data_offsets\` [${begin}, ${end}] of ${end - begin} bytes`,
    );
  }
  return { dtype: known, shape: shape as number[], offsetBytes: dataStart + begin, sizeBytes };
}

function parseMetadata(file: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw invalidError(file, `a \`${METADATA_KEY}\` of texts`, JSON.stringify(value));
  }
  return value as Record<string, string>;
}

/** The tensors lie one after the other without holes or overlaps and fill the file, as the format demands. */
function checkLayout(file: string, entries: readonly [string, SafetensorsEntry][], start: number, size: number): void {
  let position = start;
  for (const [tensor, entry] of entries) {
    if (entry.offsetBytes !== position) {
      const [expected, received] = [position - start, entry.offsetBytes - start];
      throw invalidError(file, `tensor \`${tensor}\` at data offset ${expected}`, `offset ${received}`);
    }
    position += entry.sizeBytes;
  }
  if (size < position) throw truncatedError(file, position, size);
  if (size > position) throw invalidError(file, `${position} bytes`, `${size}`);
}

function parseHeaderText(file: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new EmbedbagError({
      code: 'safetensors-invalid',
      message: `Expected the header of \`${file}\` to be JSON, received: ${(cause as Error).message}. Download or save it again.`,
      details: { name: file },
      cause,
    });
  }
  if (!isObject(value)) throw invalidError(file, 'a JSON object as its header', JSON.stringify(value));
  return value;
}

/**
 * Reads and checks the header of a safetensors file: its length, its JSON, and that the tensors fill the file exactly.
 *
 * Throws `safetensors-truncated` where the file ends before its header or its data, `safetensors-invalid` where it
 * contradicts itself. Source: https://github.com/huggingface/safetensors (Format).
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const { name, sizeBytes } = source;
  if (sizeBytes < LENGTH_BYTES) throw truncatedError(name, LENGTH_BYTES, sizeBytes);
  const lengthBytes = new Uint8Array(LENGTH_BYTES);
  await source.read(0, lengthBytes);
  const headerBytes = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    throw invalidError(name, `a header of at most ${MAX_HEADER_BYTES} bytes`, `a length of ${headerBytes}`);
  }
  const dataStart = LENGTH_BYTES + headerBytes;
  if (sizeBytes < dataStart) throw truncatedError(name, dataStart, sizeBytes);
  const text = new Uint8Array(headerBytes);
  await source.read(LENGTH_BYTES, text);
  const header = parseHeaderText(name, text);
  const entries = Object.entries(header)
    .filter(([key]) => key !== METADATA_KEY)
    .map(([key, value]): [string, SafetensorsEntry] => [key, parseEntry(name, key, value, dataStart)])
    .sort(([, a], [, b]) => a.offsetBytes - b.offsetBytes || a.sizeBytes - b.sizeBytes);
  checkLayout(name, entries, dataStart, sizeBytes);
  return { tensors: new Map(entries), metadata: parseMetadata(name, header[METADATA_KEY]) };
}

/** What {@link formatSafetensorsHeader} must know of a tensor. */
export interface SafetensorsShape {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/**
 * The first bytes of a safetensors file: the length and the header, padded with spaces to a multiple of 8.
 * The data of `tensors` must follow in the given order.
 */
export function formatSafetensorsHeader(
  tensors: readonly SafetensorsShape[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA_KEY] = metadata;
  let position = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = shape.reduce((product, size) => product * size, BYTES_PER_VALUE[dtype]) + position;
    header[name] = { dtype, shape, data_offsets: [position, end] };
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const paddedBytes = Math.ceil(text.byteLength / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + paddedBytes).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}
