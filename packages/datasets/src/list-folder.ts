import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { systemErrorCode } from './system-error.js';

/** What lies in a folder. Links are followed. */
export interface FolderEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isLink: boolean;
}

/**
 * The entries of `folder` sorted by name (by code units, so that all machines agree).
 *
 * @throws EmbedbagError `folder-not-found`, `not-a-folder`, `folder-not-readable`.
 */
export async function listFolder(folder: string): Promise<FolderEntry[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const resolved = entries.map(async (entry) => {
      if (!entry.isSymbolicLink()) return { name: entry.name, isDirectory: entry.isDirectory(), isLink: false };
      const target = await stat(join(folder, entry.name)).catch(() => undefined);
      return { name: entry.name, isDirectory: target?.isDirectory() ?? false, isLink: true };
    });
    return (await Promise.all(resolved)).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw listError(folder, systemErrorCode(error), error);
  }
}

function listError(folder: string, code: string, cause: unknown): EmbedbagError {
  const details = { path: folder, reason: code };
  if (code === 'ENOENT') {
    return new EmbedbagError({
      code: 'folder-not-found',
      message: `Expected a folder at ${folder}, received a path that does not exist. Check the path.`,
      details,
    });
  }
  if (code === 'ENOTDIR') {
    return new EmbedbagError({
      code: 'not-a-folder',
      message: `Expected a folder at ${folder}, received a file. Name the folder that holds it.`,
      details,
    });
  }
  return new EmbedbagError({
    code: 'folder-not-readable',
    message: `Expected a folder that can be listed at ${folder}, received ${code}. Check its permissions.`,
    details,
    cause,
  });
}
