import { EmbedbagError, type Hub, type HubSnapshot, isEmbedbagError, openHubId } from '@embedbag/core';
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
    message: `Expected \`${folder}\` to be a folder that holds a model, received ${received}. Check the path, save the model first, or give the id of one on the hub, such as \`owner/name\`.`,
    details: { folder },
    cause,
  });
}

/** The folder `path`, or the model of that id on the hub where there is no such folder. */
async function pathOrHubSource(path: string, { hub, signal }: ModelSourceOptions): Promise<ModelSource> {
  const { stat } = await import('node:fs/promises');
  try {
    if (!(await stat(path)).isDirectory()) throw folderError(path, 'a file');
  } catch (error) {
    if (!isMissing(error)) throw error;
    const snapshot = await openHubId(path, 'model', hub, signal);
    if (snapshot === undefined) throw folderError(path, 'no such folder', error);
    return hubSource(snapshot, signal);
  }
  return folderSource(path);
}

/** The files of a snapshot; only those that are asked for are downloaded. */
function hubSource(snapshot: HubSnapshot, signal: AbortSignal | undefined): ModelSource {
  const { name, revision = 'main' } = snapshot.repository;
  const download = async <T>(path: string, read: (file: string) => Promise<T>): Promise<T | undefined> => {
    const isThere = snapshot.files.some((file) => file.path === path);
    return isThere ? read(await snapshot.download(path, signal)) : undefined;
  };
  return {
    name: `${name}@${revision}`,
    readText: (path) => download(path, readTextFile),
    openBytes: (path) => download(path, fileByteSource),
  };
}

/** Decodes a file as a whole, which for a tokenizer is faster than the piecewise decoding of `readFile`. */
async function readTextFile(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return (await readFile(file)).toString('utf8');
}

async function folderSource(folder: string): Promise<ModelSource> {
  const { join } = await import('node:path');
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
    readText: (path) => unlessMissing(path, readTextFile),
    openBytes: (path) => unlessMissing(path, fileByteSource),
  };
}

/** Where a model is looked for that is no folder. */
export interface ModelSourceOptions {
  readonly hub?: Hub | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a folder, a model of a hub, or files in memory. Throws `model-folder-not-found`, `hub-missing`, and what the hub throws. */
export async function openModelSource(
  source: string | ModelFiles,
  options: ModelSourceOptions = {},
): Promise<ModelSource> {
  return typeof source === 'string' ? pathOrHubSource(source, options) : memorySource(source);
}
