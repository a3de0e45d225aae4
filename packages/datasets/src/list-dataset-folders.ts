import { join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { FORMAT_WORDS, fileKind } from './dataset-format.js';
import { listFolder } from './list-folder.js';
import { isRetrievalFolder } from './read-retrieval-folder.js';

/**
 * The folders at `path` and inside it, however deep, that hold files of rows, sorted by path; hidden folders, links to folders and
 * folders in BEIR layout are left out.
 *
 * @throws EmbedbagError `folder-not-found`, `not-a-folder`, `folder-not-readable`, and `empty-folder` where there is none.
 *
 * @example
 * ```ts
 * const folders = await listDatasetFolders('data/train'); // data/train/tatoeba, data/train/tldr
 * ```
 */
export async function listDatasetFolders(path: string): Promise<string[]> {
  const folders = await foldersAt(path);
  if (folders.length > 0) return folders;
  throw new EmbedbagError({
    code: 'empty-folder',
    message: `Expected at least one ${FORMAT_WORDS} file in the folder ${path} or in a folder inside it, received none. Check the path.`,
    details: { path },
  });
}

async function foldersAt(path: string): Promise<string[]> {
  if (await isRetrievalFolder(path)) return [];
  const entries = (await listFolder(path)).filter(({ name }) => !name.startsWith('.'));
  const isData = entries.some(({ name, isDirectory }) => !isDirectory && fileKind(name).format !== undefined);
  const found = isData ? [path] : [];
  for (const { name, isDirectory, isLink } of entries) {
    if (isDirectory && !isLink) found.push(...(await foldersAt(join(path, name))));
  }
  return found;
}
