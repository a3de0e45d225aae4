import { EmbedbagError, isEmbedbagError } from '@embedbag/core';
import { type ByteSource, fileByteSource, memoryByteSource, unreadableError } from './byte-source.js';

/** The files of a model in memory, by their path in the model's folder: for browsers, where there is no folder. */
export interface ModelFiles {
  /** Such as `{ 'model.safetensors': bytes, 'tokenizer.json': bytes }`; borrowed while the model loads. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Where a model's files come from. */
export interface ModelSource {
  /** Names the place in error messages. */
  readonly name: string;
  /** The text of a file, or undefined where there is none. */
  readText(path: string): Promise<string | undefined>;
  /** The bytes of a file, or undefined where there is none. The caller closes them. */
  openBytes(path: string): Promise<ByteSource | undefined>;
}

function memorySource({ files }: ModelFiles): ModelSource {
  const find = (path: string): Uint8Array | undefined => (Object.hasOwn(files, path) ? files[path] : undefined);
  return {
    name: 'files',
    async readText(path) {
      const bytes = find(path);
      return bytes && new TextDecoder().decode(bytes);
    },
    async openBytes(path) {
      const bytes = find(path);
      return bytes && memoryByteSource(path, bytes);
    },
  };
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function folderError(folder: string, received: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'model-folder-not-found',
    message: `Expected \`${folder}\` to be a folder that holds a model, received ${received}. Check the path, or save or download the model first.`,
    details: { folder },
    cause,
  });
}

async function folderSource(folder: string): Promise<ModelSource> {
  const { readFile, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  try {
    if (!(await stat(folder)).isDirectory()) throw folderError(folder, 'a file');
  } catch (error) {
    if (isMissing(error)) throw folderError(folder, 'no such folder', error);
    throw error;
  }
  const unlessMissing = async <T>(path: string, read: (file: string) => Promise<T>): Promise<T | undefined> => {
    const file = join(folder, path);
    try {
      return await read(file);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (isEmbedbagError(error)) throw error;
      throw unreadableError(file, (error as NodeJS.ErrnoException).code ?? String(error), error);
    }
  };
  return {
    name: folder,
    readText: (path) => unlessMissing(path, (file) => readFile(file, 'utf8')),
    openBytes: (path) => unlessMissing(path, fileByteSource),
  };
}

/** Opens a folder or files in memory. Throws `model-folder-not-found`. */
export async function openModelSource(source: string | ModelFiles): Promise<ModelSource> {
  return typeof source === 'string' ? folderSource(source) : memorySource(source);
}
