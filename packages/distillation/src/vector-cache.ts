import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Matrix } from '@embedbag/core';

/** Vectors of a list of texts on disk, in their order, of which a part may be missing at the end. */
export interface VectorCache {
  /** The rows that were there when it was opened. */
  readonly stored: Matrix;
  /** Adds rows behind those before. */
  append(matrix: Matrix): Promise<void>;
  close(): Promise<void>;
}

/** `EBV1`, and the columns as 32 bits, little-endian. */
const MAGIC = Uint8Array.of(0x45, 0x42, 0x56, 0x31);
const HEADER_BYTES = 8;

/**
 * Opens the vectors of `texts` by the teacher of that name in `folder`, which is made where it is missing.
 *
 * The file's name is the SHA-256 of both, so a changed tokenizer or teacher gets a file of its own. Rows are appended as they
 * come: after a kill at any moment the whole rows count, and what is half-written behind them is written again.
 *
 * @throws EmbedbagError `cache-not-writable`.
 */
export async function openVectorCache(
  folder: string,
  teacherName: string,
  texts: readonly string[],
): Promise<VectorCache> {
  const name = createHash('sha256')
    .update(JSON.stringify([teacherName, texts]))
    .digest('hex');
  const path = join(folder, `${name}.f32`);
  try {
    await mkdir(folder, { recursive: true });
    // Made where it is missing, and not cut.
    const made = await open(path, 'a');
    await made.close();
    const file = await open(path, 'r+');
    try {
      return await readCache(file, path, texts.length);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function notWritable(path: string, cause: unknown): EmbedbagError {
  const reason = String((cause as { code?: unknown }).code ?? cause);
  return new EmbedbagError({
    code: 'cache-not-writable',
    message: `Expected to keep token vectors in \`${path}\`, received ${reason}. Choose another cache folder, or free space there.`,
    details: { path, reason },
    cause,
  });
}

async function readCache(file: FileHandle, path: string, limit: number): Promise<VectorCache> {
  const width = await readColumns(file);
  const { size } = await file.stat();
  const rows = width === 0 ? 0 : Math.min(limit, Math.floor((size - HEADER_BYTES) / (4 * width)));
  // Without a whole row the file is begun anew.
  let columns = rows === 0 ? 0 : width;
  const data = new Float32Array(rows * columns);
  await readAll(file, new Uint8Array(data.buffer), HEADER_BYTES);
  let position = columns === 0 ? 0 : HEADER_BYTES + rows * columns * 4;
  let isOpen = true;
  await file.truncate(position);
  return {
    stored: { data, rows, columns },
    async append(matrix) {
      try {
        if (columns === 0) {
          columns = matrix.columns;
          position = await writeAll(file, headerOf(columns), 0);
        }
        const values = matrix.data.subarray(0, matrix.rows * matrix.columns);
        position = await writeAll(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
      } catch (cause) {
        throw notWritable(path, cause);
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await file.close();
    },
  };
}

function headerOf(columns: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  new DataView(header.buffer).setUint32(4, columns, true);
  return header;
}

/** The columns in the header; 0 where there is none, so that the file is begun anew. */
async function readColumns(file: FileHandle): Promise<number> {
  const header = new Uint8Array(HEADER_BYTES);
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
  const isWhole = bytesRead === HEADER_BYTES && MAGIC.every((byte, index) => header[index] === byte);
  return isWhole ? new DataView(header.buffer).getUint32(4, true) : 0;
}

async function readAll(file: FileHandle, bytes: Uint8Array, from: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) throw new Error('the file ends early');
    done += bytesRead;
  }
}

/** Returns the place behind what was written. */
async function writeAll(file: FileHandle, bytes: Uint8Array, from: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, from + done);
    done += bytesWritten;
  }
  return from + bytes.length;
}
