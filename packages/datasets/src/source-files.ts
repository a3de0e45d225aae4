import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { listFolder } from './list-folder.js';
import { fileNotFound } from './read-error.js';

/** Which files {@link findSourceFiles} takes. */
export interface SourceFileOptions {
  /** Whether a file of this name is wanted. A file that is named itself is always taken. */
  readonly accepts: (name: string) => boolean;
  /** What is looked for, in words, for the message when nothing is found. */
  readonly wanted: string;
  /** Search folders named `node_modules` inside the given ones, too. */
  readonly includeNodeModules: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * The wanted files among and below `paths`, each folder's sorted by name, files before folders. Hidden folders and links
 * to folders are passed over.
 *
 * @throws EmbedbagError `file-not-found`, `empty-folder`.
 */
export async function findSourceFiles(
  paths: string | readonly string[],
  options: SourceFileOptions,
): Promise<readonly string[]> {
  const files: string[] = [];
  const given = typeof paths === 'string' ? [paths] : paths;
  for (const path of given) {
    options.signal?.throwIfAborted();
    const status = await stat(path).catch(() => undefined);
    if (status === undefined) throw fileNotFound(path, 'a file or a folder');
    if (status.isDirectory()) await collect(path, options, files);
    else files.push(path);
  }
  if (files.length > 0) return [...new Set(files)];
  throw new EmbedbagError({
    code: 'empty-folder',
    message: `Expected ${options.wanted} in ${given.join(', ') || 'the given folders'}, received none. Check the path; folders named node_modules inside it are searched only with \`includeNodeModules\`.`,
    details: { paths: [...given] },
  });
}

async function collect(folder: string, options: SourceFileOptions, files: string[]): Promise<void> {
  options.signal?.throwIfAborted();
  const entries = await listFolder(folder);
  for (const { name, isDirectory } of entries) {
    if (!isDirectory && options.accepts(name)) files.push(join(folder, name));
  }
  for (const { name, isDirectory, isLink } of entries) {
    const isSkipped = isLink || name.startsWith('.') || (name === 'node_modules' && !options.includeNodeModules);
    if (isDirectory && !isSkipped) await collect(join(folder, name), options, files);
  }
}
