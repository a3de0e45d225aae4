import { EmbedbagError } from '@embedbag/core';

/** Bytes that are read by position: a file on disk or an array in memory. */
export interface ByteSource {
  /** Names the bytes in error messages: a path or a file name. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Fills `target` with the bytes from `offset` on. Rejects with `safetensors-truncated` when there are too few. */
  read(offset: number, target: Uint8Array): Promise<void>;
  /** Closes the file behind it, if there is one. */
  close(): Promise<void>;
}

/** Pieces small enough that several threads read a table together. */
const READ_CHUNK_BYTES = 8 * 1024 * 1024;
/** As many as Node has threads for files. */
const READS_AT_ONCE = 4;

/** The error of a safetensors file that ends too early. */
export function truncatedError(name: string, expectedBytes: number, receivedBytes: number): EmbedbagError {
  return new EmbedbagError({
    code: 'safetensors-truncated',
    message: `Expected \`${name}\` to hold ${expectedBytes} bytes, received ${receivedBytes}: the file is cut short. Download or save it again.`,
    details: { name, expectedBytes, receivedBytes },
  });
}

/** A {@link ByteSource} over an array, borrowed until it is closed. */
export function memoryByteSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    sizeBytes: bytes.byteLength,
    async read(offset, target) {
      const end = offset + target.byteLength;
      if (end > bytes.byteLength) throw truncatedError(name, end, bytes.byteLength);
      target.set(bytes.subarray(offset, end));
    },
    async close() {},
  };
}

/** The error of a model's file that is there and cannot be read; `reason` is the system's code, such as `EISDIR`. */
export function unreadableError(name: string, reason: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'model-file-unreadable',
    message: `Expected \`${name}\` to be a file that can be read, received ${reason} from the system. Check what lies there and who may read it.`,
    details: { name, reason },
    cause,
  });
}

/**
 * A {@link ByteSource} over an open file. Rejects with the system's own error when the file cannot be opened, with
 * `model-file-unreadable` when it is a folder.
 */
export async function fileByteSource(path: string): Promise<ByteSource> {
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'r');
  let sizeBytes: number;
  try {
    const status = await handle.stat();
    if (status.isDirectory()) throw unreadableError(path, 'EISDIR');
    sizeBytes = status.size;
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    name: path,
    sizeBytes,
    async read(offset, target) {
      let next = 0;
      const readChunks = async (): Promise<void> => {
        while (next < target.byteLength) {
          let done = next;
          const end = Math.min(target.byteLength, done + READ_CHUNK_BYTES);
          next = end;
          while (done < end) {
            const { bytesRead } = await handle.read(target, done, end - done, offset + done);
            if (bytesRead === 0) throw truncatedError(path, offset + target.byteLength, sizeBytes);
            done += bytesRead;
          }
        }
      };
      // All have ended before the caller goes on: none writes into memory that is given back after a failure.
      const results = await Promise.allSettled(Array.from({ length: READS_AT_ONCE }, readChunks));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
    close: () => handle.close(),
  };
}
