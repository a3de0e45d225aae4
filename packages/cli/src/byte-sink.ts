import { open, rename, rm, stat } from 'node:fs/promises';
import { EmbedbagError } from '@embedbag/core';
import { STANDARD_STREAM, writeChunk } from './text-input.js';

/** Takes bytes; a file appears, whole, on `close`. */
export interface ByteSink {
  write(bytes: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Gives up and leaves nothing behind. */
  discard(): Promise<void>;
}

/** Refuses the path of a folder. Throws `file-not-writable`. */
export async function refuseFolder(path: string): Promise<void> {
  if (path === STANDARD_STREAM || !(await stat(path).catch(() => undefined))?.isDirectory()) return;
  throw new EmbedbagError({
    code: 'file-not-writable',
    message: `Expected to write ${path}, received the path of a folder. Name a file in it.`,
    details: { path, reason: 'EISDIR' },
  });
}

/** Opens the file `path`, or `stdout` for `-`. Throws `file-not-writable`. */
export async function byteSink(path: string, stdout: NodeJS.WritableStream): Promise<ByteSink> {
  const nothing = async (): Promise<void> => {};
  if (path === STANDARD_STREAM) {
    return { write: (bytes) => writeChunk(stdout, bytes), close: nothing, discard: nothing };
  }
  await refuseFolder(path);
  const partial = `${path}.partial`;
  const file = await open(partial, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new EmbedbagError({
      code: 'file-not-writable',
      message: `Expected to write ${path}, received ${error.code ?? error.message}. Check that its folder exists and can be written.`,
      details: { path, reason: error.code ?? error.message },
      cause: error,
    });
  });
  return {
    write: async (bytes) => void (await file.writeFile(bytes)),
    close: async () => {
      await file.close();
      await rename(partial, path);
    },
    discard: async () => {
      await file.close();
      await rm(partial, { force: true });
    },
  };
}
