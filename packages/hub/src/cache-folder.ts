import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { EmbedbagError, type HubFile, type HubRepository } from '@embedbag/core';

const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a revision is a whole commit, which never means other files later. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

function unsafe(what: string, name: string): EmbedbagError {
  return new EmbedbagError({
    code: 'hub-unsafe-path',
    message: `Expected ${what} to stay inside its folder of the cache, received \`${name}\`. Do not use this repository, or ask its owner to rename it.`,
    details: { name },
  });
}

/**
 * Refuses a path that leads out of the folder it is put below, on this system or on Windows: a repository's owner chooses
 * the names of its files.
 */
export function checkRelativePath(what: string, name: string): void {
  const parts = name.split(/[/\\]/);
  if (name === '' || parts.some((part) => part === '' || part === '.' || part === '..' || /^[A-Za-z]:/.test(part))) {
    throw unsafe(what, name);
  }
}

/** The folder of one repository in the cache, laid out as Python's huggingface_hub does it. */
export interface RepositoryCache {
  readonly folder: string;
  /** Where the bytes lie, by their hash. */
  readonly blobs: string;
  /** Where a file of a commit lies, or is to lie. */
  pointer(commit: string, path: string): string;
  /** The commit that a revision stood for when it was last looked up. */
  readRef(revision: string): Promise<string | undefined>;
  writeRef(revision: string, commit: string): Promise<void>;
  /** The files of a commit that are here, sorted by path. */
  filesOf(commit: string): Promise<readonly HubFile[]>;
}

/** Whether a path is there, links followed; its size if so. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ? status.size : undefined;
}

/** Writes a whole file or none. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Opens the folder of a repository; nothing is made before something is written. */
export function repositoryCache(cacheFolder: string, repository: HubRepository): RepositoryCache {
  checkRelativePath('a repository', repository.name);
  const folder = join(cacheFolder, [`${repository.type}s`, ...repository.name.split('/')].join('--'));
  const refOf = (revision: string): string => {
    checkRelativePath('a revision', revision);
    return join(folder, 'refs', ...revision.split('/'));
  };
  return {
    folder,
    blobs: join(folder, 'blobs'),
    pointer: (commit, path) => {
      checkRelativePath('a file', path);
      return join(folder, 'snapshots', commit, ...path.split('/'));
    },
    readRef: async (revision) => {
      if (isCommit(revision)) return revision;
      const text = await readFile(refOf(revision), 'utf8').catch(() => '');
      return isCommit(text.trim()) ? text.trim() : undefined;
    },
    writeRef: async (revision, commit) => {
      if (isCommit(revision)) return;
      if ((await readFile(refOf(revision), 'utf8').catch(() => '')) === commit) return;
      await writeWhole(refOf(revision), commit);
    },
    filesOf: async (commit) => {
      const base = join(folder, 'snapshots', commit);
      const entries = await readdir(base, { recursive: true }).catch(() => []);
      const files: HubFile[] = [];
      for (const entry of entries) {
        const sizeBytes = await sizeOf(join(base, entry));
        if (sizeBytes !== undefined) files.push({ path: entry.split(sep).join('/'), sizeBytes });
      }
      return files.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}
