import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubFile } from '@embedbag/core';
import { checkRelativePath, type RepositoryCache, writeWhole } from './cache-folder.js';
import type { HubRequests } from './hub-requests.js';
import { wrongAnswer } from './refusal.js';
import type { RequestSubject } from './request-subject.js';

/** A file of a listing, with what its bytes are checked by. */
export interface ListedFile extends HubFile {
  /** The SHA-1 by which git names the file, or the pointer to it. */
  readonly gitOid: string;
  /** The SHA-256 of a file in large file storage. */
  readonly sha256?: string;
  /** The name that the hub's newer storage has for it. Kept for huggingface_hub; nothing here asks for it. */
  readonly xetHash?: string;
}

/** The one format of `trees/<commit>.json` so far. */
const FORMAT_VERSION = 1;
const SHA1 = /^[0-9a-f]{40}$/;
const SHA256 = /^[0-9a-f]{64}$/;

interface StoredTree {
  readonly format_version?: unknown;
  readonly files?: Readonly<Record<string, StoredEntry>>;
}

interface StoredEntry {
  readonly size?: unknown;
  readonly blob_id?: unknown;
  readonly lfs_sha256?: unknown;
  readonly lfs_size?: unknown;
  readonly xet_hash?: unknown;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A file from the values of an answer or of the cache; undefined where one of them cannot be right. */
function listedFile(path: string, size: unknown, oid: unknown, sha256: unknown, xet: unknown): ListedFile | undefined {
  if (!isSize(size) || typeof oid !== 'string' || !SHA1.test(oid)) return undefined;
  if (sha256 !== undefined && (typeof sha256 !== 'string' || !SHA256.test(sha256))) return undefined;
  return {
    path,
    sizeBytes: size,
    gitOid: oid,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(typeof xet === 'string' ? { xetHash: xet } : {}),
  };
}

function treePath(cache: RepositoryCache, commit: string): string {
  return join(cache.folder, 'trees', `${commit}.json`);
}

/**
 * The listing of a commit that an earlier run has stored, here or in Python: a commit's files never change. Undefined
 * where there is none that can be read.
 */
export async function readStoredTree(
  cache: RepositoryCache,
  commit: string,
): Promise<readonly ListedFile[] | undefined> {
  let tree: StoredTree;
  try {
    tree = JSON.parse(await readFile(treePath(cache, commit), 'utf8')) as StoredTree;
  } catch {
    return undefined;
  }
  if (tree?.format_version !== FORMAT_VERSION || typeof tree.files !== 'object' || tree.files === null)
    return undefined;
  const files: ListedFile[] = [];
  for (const [path, entry] of Object.entries(tree.files)) {
    const file = listedFile(path, entry.lfs_size ?? entry.size, entry.blob_id, entry.lfs_sha256, entry.xet_hash);
    if (file === undefined) return undefined;
    files.push(file);
  }
  return sorted(files);
}

/** Stores a listing as huggingface_hub does. */
async function storeTree(cache: RepositoryCache, commit: string, files: readonly ListedFile[]): Promise<void> {
  const entries = files.map(({ path, sizeBytes, gitOid, sha256, xetHash }): [string, StoredEntry] => [
    path,
    {
      size: sizeBytes,
      blob_id: gitOid,
      ...(sha256 === undefined ? {} : { lfs_sha256: sha256, lfs_size: sizeBytes }),
      ...(xetHash === undefined ? {} : { xet_hash: xetHash }),
    },
  ]);
  const tree: StoredTree = { format_version: FORMAT_VERSION, files: Object.fromEntries(entries) };
  await writeWhole(treePath(cache, commit), JSON.stringify(tree, undefined, 1));
}

function sorted(files: ListedFile[]): readonly ListedFile[] {
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A listing to ask for. */
export interface TreeRequest {
  readonly requests: HubRequests;
  readonly cache: RepositoryCache;
  readonly subject: RequestSubject;
  readonly commit: string;
  readonly signal: AbortSignal | undefined;
  /** How often each page is asked for. */
  readonly attempts: number;
}

/**
 * Asks the hub for the files of a commit, page by page, and stores the listing.
 *
 * @throws EmbedbagError `hub-wrong-answer`, `hub-unsafe-path`, and what `HubRequests` throws.
 */
export async function fetchTree(request: TreeRequest): Promise<readonly ListedFile[]> {
  const { requests, cache, subject, commit, signal, attempts } = request;
  const { listFiles } = await import('@huggingface/hub');
  const { type, name } = subject.repository;
  const files: ListedFile[] = [];
  const entries = listFiles({
    repo: { type, name },
    revision: commit,
    recursive: true,
    hubUrl: subject.endpoint,
    fetch: checkedPages(requests.jsonFetch(subject, signal, attempts), subject),
  });
  for await (const entry of entries) {
    if (entry.type === 'directory') continue;
    const { path } = entry;
    const file =
      typeof path === 'string' && entry.type === 'file'
        ? listedFile(path, entry.lfs?.size ?? entry.size, entry.oid, entry.lfs?.oid, entry.xetHash)
        : undefined;
    if (file === undefined) {
      throw wrongAnswer(subject, 'a path, a size and a hash for every file', JSON.stringify(entry).slice(0, 120));
    }
    checkRelativePath('a file', path);
    files.push(file);
  }
  // A cache that cannot be written is told of by the download that needs it.
  await storeTree(cache, commit, sorted(files)).catch(() => undefined);
  return files;
}

/** A `fetch` that refuses an answer that is no page of a listing, before the client goes through it. */
function checkedPages(fetchJson: typeof fetch, subject: RequestSubject): typeof fetch {
  return async (input, init) => {
    const response = await fetchJson(input, init);
    const page: unknown = await response.clone().json();
    const isPage = Array.isArray(page) && page.every((entry) => typeof entry === 'object' && entry !== null);
    if (isPage) return response;
    throw wrongAnswer(subject, 'a list of files', JSON.stringify(page).slice(0, 60));
  };
}
