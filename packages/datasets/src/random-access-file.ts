import { type FileHandle, open } from 'node:fs/promises';
import { readError } from './read-error.js';

/** A file of which any part can be read; must be closed. */
export interface RandomAccessFile {
  readonly path: string;
  readonly byteLength: number;
  /** The bytes from `start` to before `end`, fewer where the file begins or ends; owned by the caller. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens the file `path`.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`, `file-not-readable`, also from `read`.
 */
export async function openRandomAccessFile(path: string): Promise<RandomAccessFile> {
  try {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    // Opening a folder succeeds; reading it does not.
    if (size > 0) await readAt(handle, 0, 1);
    return {
      path,
      byteLength: size,
      async read(start, end) {
        try {
          return await readAt(handle, Math.max(0, start), Math.min(end, size));
        } catch (error) {
          throw readError(path, error);
        }
      },
      close: () => handle.close(),
    };
  } catch (error) {
    throw readError(path, error);
  }
}

async function readAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let count = 0;
  while (count < bytes.length) {
    const { bytesRead } = await handle.read(bytes, count, bytes.length - count, start + count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return count === bytes.length ? bytes : bytes.slice(0, count);
}
