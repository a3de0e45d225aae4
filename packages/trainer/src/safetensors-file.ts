import { open } from 'node:fs/promises';

/** A float32 matrix under a name. */
export interface NamedTensor {
  readonly name: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const CHUNK_BYTES = 16 * 1024 * 1024;

/** The header: its length as a 64-bit number, then JSON padded with spaces to a multiple of 8 bytes. */
function header(tensors: readonly NamedTensor[]): Buffer {
  const entries: Record<string, unknown> = {};
  let begin = 0;
  for (const { name, data, shape } of tensors) {
    const end = begin + data.byteLength;
    entries[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  json.copy(bytes, 8);
  return bytes;
}

/**
 * Writes `tensors` as a safetensors file, little-endian, in pieces of 16 MiB, so that no second copy of a table is made.
 */
export async function writeSafetensorsFile(file: string, tensors: readonly NamedTensor[]): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(header(tensors));
    for (const { data } of tensors) {
      for (let at = 0; at < data.byteLength; at += CHUNK_BYTES) {
        const bytes = new Uint8Array(data.buffer, data.byteOffset + at, Math.min(CHUNK_BYTES, data.byteLength - at));
        // A copy of the piece: the memory may be shared with threads, which files cannot be written from.
        await handle.writeFile(Uint8Array.from(bytes));
      }
    }
  } finally {
    await handle.close();
  }
}
