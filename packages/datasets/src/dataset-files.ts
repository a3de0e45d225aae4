import { stat } from 'node:fs/promises';
import { isAbsolute, join, parse } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { type Compression, type DatasetFormat, FORMAT_WORDS, fileKind, unknownFormat } from './dataset-format.js';
import { listFolder } from './list-folder.js';
import { fileNotFound } from './read-error.js';

/** A local file of rows. */
export interface DatasetFile {
  readonly path: string;
  readonly format: DatasetFormat;
  readonly compression: Compression | undefined;
  /** The file's name without extensions. */
  readonly stem: string;
}

/**
 * The files that `source` stands for: a file, a folder (its own files, not those of folders inside it) or a pattern such as
 * `data/train-*.parquet`, or a list of these. The files of a folder or a pattern are sorted by code units; those of other
 * formats are left out. With `format` a file that is named is read in that format whatever it is called.
 *
 * @throws EmbedbagError `file-not-found`, `unknown-format`, `empty-folder`, `no-match`.
 */
export async function findDatasetFiles(
  source: string | readonly string[],
  format?: DatasetFormat,
): Promise<readonly DatasetFile[]> {
  const files: DatasetFile[] = [];
  for (const path of typeof source === 'string' ? [source] : source) {
    const status = await stat(path).catch(() => undefined);
    if (status === undefined) files.push(...(await matchedFiles(path, format)));
    else if (status.isDirectory()) files.push(...(await folderFiles(path, format)));
    else files.push(namedFile(path, format));
  }
  if (files.length > 0) return files;
  throw noFiles();
}

/** The error for an empty list of paths. */
export function noFiles(): EmbedbagError {
  return new EmbedbagError({
    code: 'file-not-found',
    message: 'Expected the path of a file, a folder or a pattern, received an empty list. Name at least one.',
  });
}

function namedFile(path: string, format: DatasetFormat | undefined): DatasetFile {
  const kind = fileKind(path);
  const chosen = format ?? kind.format;
  if (chosen === undefined) throw unknownFormat(path);
  return { path, format: chosen, compression: kind.compression, stem: kind.stem };
}

async function folderFiles(folder: string, format: DatasetFormat | undefined): Promise<DatasetFile[]> {
  const files = (await listFolder(folder))
    .filter(({ name, isDirectory }) => !isDirectory && !name.startsWith('.') && isWanted(name, format))
    .map(({ name }) => namedFile(join(folder, name), undefined));
  if (files.length > 0) return files;
  throw new EmbedbagError({
    code: 'empty-folder',
    message: `Expected at least one ${format === undefined ? FORMAT_WORDS : `.${format}`} file in the folder ${folder}, received none. Check the path; folders inside it are searched only with a pattern such as ${folder}/**/*.jsonl.`,
    details: { path: folder },
  });
}

async function matchedFiles(pattern: string, format: DatasetFormat | undefined): Promise<DatasetFile[]> {
  const { glob, isDynamicPattern } = await import('tinyglobby');
  if (!isDynamicPattern(pattern)) throw fileNotFound(pattern, 'a file or a folder');
  // From the root, or brackets in the current folder's own name would count as a pattern.
  const matched = isAbsolute(pattern)
    ? await glob(pattern, { expandDirectories: false, absolute: true, cwd: parse(pattern).root })
    : await glob(pattern, { expandDirectories: false });
  const files = matched
    .filter((path) => format !== undefined || isWanted(path, undefined))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => namedFile(path, format));
  if (files.length > 0) return files;
  throw new EmbedbagError({
    code: 'no-match',
    message: `Expected at least one ${format === undefined ? FORMAT_WORDS : format} file to match ${pattern}, received ${matched.length === 0 ? 'none' : `only others, such as ${matched[0]}`}. Check the pattern: * stands for part of a name, ** for any folders.`,
    details: { pattern, matched: matched.length },
  });
}

function isWanted(name: string, format: DatasetFormat | undefined): boolean {
  const kind = fileKind(name);
  return kind.format !== undefined && (format === undefined || kind.format === format);
}
