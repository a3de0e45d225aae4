import { EmbedbagError, isEmbedbagError } from '@embedbag/core';

/** Settings of {@link replaceFolder}. */
export interface ReplaceFolderOptions {
  /** Tells whether an existing folder with these entries may be replaced; an empty one always may. */
  readonly isReplaceable: (entries: readonly string[]) => boolean;
  /** Names the kind of folder in the error, such as `a model`. */
  readonly kind: string;
}

type FileSystem = typeof import('node:fs/promises');

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function notWritable(folder: string, cause: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'output-not-writable',
    message: `Expected \`${folder}\` to be a folder that can be written, received ${codeOf(cause) ?? String(cause)} from the system. Choose another folder, or free space and permissions there.`,
    details: { folder, systemCode: codeOf(cause) ?? null },
    cause,
  });
}

interface ExistingFolder {
  /** Where it lies once links are followed. */
  readonly path: string;
  readonly entries: readonly string[];
}

/** What lies at `folder`, or undefined where there is nothing. */
async function existingFolder(files: FileSystem, folder: string): Promise<ExistingFolder | undefined> {
  try {
    return { path: await files.realpath(folder), entries: await files.readdir(folder) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checkReplaceable(folder: string, entries: readonly string[], options: ReplaceFolderOptions): void {
  if (entries.length === 0 || options.isReplaceable(entries)) return;
  const shown = entries.slice(0, 5).map((entry) => `\`${entry}\``);
  if (entries.length > shown.length) shown.push('...');
  throw new EmbedbagError({
    code: 'output-not-replaceable',
    message: `Expected \`${folder}\` to be missing, empty or ${options.kind}, received a folder with ${shown.join(', ')}. Choose another folder or empty this one.`,
    details: { folder, entries },
  });
}

/** Makes the renames in `folder` outlast a power cut, where the system can. */
async function syncFolder(files: FileSystem, folder: string): Promise<void> {
  try {
    const handle = await files.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows cannot open a folder; the rename itself has succeeded.
  }
}

/**
 * Makes `folder` and its missing parents, and adds those it made to `made`, the outermost first.
 * Node's own recursive `mkdir` never returns where the system hides a missing parent, as in /proc.
 */
async function makeParents(files: FileSystem, folder: string, made: string[]): Promise<void> {
  const { dirname } = await import('node:path');
  const missing: string[] = [];
  let current = folder;
  for (;;) {
    try {
      await files.stat(current);
      break;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || dirname(current) === current) throw error;
      missing.unshift(current);
      current = dirname(current);
    }
  }
  for (const path of missing) {
    try {
      await files.mkdir(path);
      made.push(path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** Removes the folders that were made for the output, as far as they are empty. */
async function removeMadeParents(files: FileSystem, made: readonly string[]): Promise<void> {
  for (const path of made.toReversed()) await files.rmdir(path).catch(() => undefined);
}

/** Puts `fresh` in the place of `target`. A kill in between leaves one of them whole under its own name. */
async function swap(files: FileSystem, fresh: string, target: string, old: string | undefined): Promise<void> {
  if (old === undefined) return files.rename(fresh, target);
  await files.rename(target, old);
  try {
    await files.rename(fresh, target);
  } catch (error) {
    await files.rename(old, target);
    throw error;
  }
  await files.rm(old, { recursive: true, force: true });
}

/**
 * Makes `folder` appear with all its files at once: `write` fills a new folder beside it, which is then renamed.
 *
 * When something fails, what stood in `folder` still stands there and nothing else is left behind. An existing folder
 * is replaced only when it is empty or `isReplaceable` agrees.
 * Rejects with `output-not-writable`, `output-not-replaceable`, or what `write` throws that is no error of the system.
 *
 * @example
 * ```ts
 * import { replaceFolder } from '@embedbag/static-embedding';
 * import { writeFile } from 'node:fs/promises';
 *
 * await replaceFolder('checkpoint-100', (folder) => writeFile(`${folder}/state.json`, '{}'), {
 *   kind: 'a checkpoint',
 *   isReplaceable: (entries) => entries.includes('state.json'),
 * });
 * ```
 */
export async function replaceFolder(
  folder: string,
  write: (temporaryFolder: string) => Promise<void>,
  options: ReplaceFolderOptions,
): Promise<void> {
  const files = await import('node:fs/promises');
  const { basename, dirname, join, resolve } = await import('node:path');
  const suffix = globalThis.crypto.randomUUID().slice(0, 8);
  let fresh: string | undefined;
  const made: string[] = [];
  try {
    const existing = await existingFolder(files, folder);
    if (existing !== undefined) checkReplaceable(folder, existing.entries, options);
    const target = existing?.path ?? resolve(folder);
    const parent = dirname(target);
    await makeParents(files, parent, made);
    fresh = join(parent, `.${basename(target)}.saving-${suffix}`);
    await files.mkdir(fresh);
    await write(fresh);
    await syncFolder(files, fresh);
    await swap(files, fresh, target, existing && join(parent, `.${basename(target)}.replaced-${suffix}`));
    await syncFolder(files, parent);
  } catch (error) {
    if (fresh !== undefined) await files.rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    await removeMadeParents(files, made);
    throw isEmbedbagError(error) || codeOf(error) === undefined ? error : notWritable(folder, error);
  }
}
