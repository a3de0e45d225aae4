import { EmbedbagError, type HubFile, type HubRepository, type HubSnapshot } from '@embedbag/core';
import { isCommit, type RepositoryCache, repositoryCache, sizeOf } from './cache-folder.js';
import { downloadBlob } from './download-blob.js';
import { type HubRequests, isOutage } from './hub-requests.js';
import type { HubSettings } from './hub-settings.js';
import { linkBlob } from './link-blob.js';
import { wrongAnswer } from './refusal.js';
import { describeRepository, type RequestSubject } from './request-subject.js';
import { fetchTree, type ListedFile, readStoredTree } from './tree-listing.js';

/** What the snapshots of one hub have in common. */
export interface SnapshotContext {
  readonly settings: HubSettings;
  readonly requests: HubRequests;
  /** Runs a download when fewer than so many are under way. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** A commit and what is known of its files. */
interface Listing {
  readonly commit: string;
  /** By path, with their hashes; undefined where only the cache's own files are known. */
  readonly tree: ReadonlyMap<string, ListedFile> | undefined;
  readonly files: readonly HubFile[];
}

function listing(commit: string, files: readonly ListedFile[]): Listing {
  return { commit, files, tree: new Map(files.map((file) => [file.path, file])) };
}

/** Asks the hub for the commit of a revision. */
async function fetchCommit(
  requests: HubRequests,
  subject: RequestSubject,
  signal: AbortSignal | undefined,
  attempts: number,
): Promise<string> {
  const { modelInfo, datasetInfo } = await import('@huggingface/hub');
  const { type, name, revision = 'main' } = subject.repository;
  const question = {
    name,
    revision,
    additionalFields: ['sha' as const],
    hubUrl: subject.endpoint,
    fetch: checkedDescription(requests.jsonFetch(subject, signal, attempts), subject),
  };
  const info = await (type === 'model' ? modelInfo(question) : datasetInfo(question));
  const sha: unknown = info.sha;
  if (typeof sha === 'string' && isCommit(sha)) return sha;
  throw wrongAnswer(subject, `the commit of revision \`${revision}\``, JSON.stringify(sha) ?? 'none');
}

/** A `fetch` that refuses JSON that is no object, before the client reads its fields. */
function checkedDescription(fetchJson: typeof fetch, subject: RequestSubject): typeof fetch {
  return async (input, init) => {
    const response = await fetchJson(input, init);
    const value: unknown = await response.clone().json();
    if (typeof value === 'object' && value !== null) return response;
    throw wrongAnswer(subject, 'a description of the repository', JSON.stringify(value).slice(0, 60));
  };
}

/** What the cache knows of a revision; undefined where it knows nothing. */
async function cachedListing(cache: RepositoryCache, revision: string): Promise<Listing | undefined> {
  const commit = await cache.readRef(revision);
  if (commit === undefined) return undefined;
  const tree = await readStoredTree(cache, commit);
  if (tree !== undefined) return listing(commit, tree);
  const files = await cache.filesOf(commit);
  return files.length === 0 ? undefined : { commit, tree: undefined, files };
}

function notCached(settings: HubSettings, repository: HubRepository, what: string): EmbedbagError {
  const { revision = 'main' } = repository;
  return new EmbedbagError({
    code: 'hub-offline',
    message: `Expected ${what}${describeRepository(repository)} at revision \`${revision}\` in the cache at ${settings.cacheFolder}, received nothing there, and ${settings.offline}. Go online once to download it, or point HF_HUB_CACHE to the cache that holds it.`,
    details: { repository: repository.name, revision, cacheFolder: settings.cacheFolder },
  });
}

/** The files of a commit: a listing that was asked for before, or the hub's. */
async function treeOf(
  { requests }: SnapshotContext,
  cache: RepositoryCache,
  subject: RequestSubject,
  ask: { readonly commit: string; readonly attempts: number; readonly signal: AbortSignal | undefined },
): Promise<Listing> {
  const stored = await readStoredTree(cache, ask.commit);
  return listing(ask.commit, stored ?? (await fetchTree({ requests, cache, subject, ...ask })));
}

async function fetchListing(
  context: SnapshotContext,
  cache: RepositoryCache,
  subject: RequestSubject,
  signal: AbortSignal | undefined,
): Promise<Listing> {
  const { settings, requests } = context;
  const { name, revision = 'main' } = subject.repository;
  const cached = await cachedListing(cache, revision);
  if (isCommit(revision) && cached?.tree !== undefined) return cached;
  try {
    // With a cache to fall back to nobody waits for a network that is not there.
    const attempts = cached === undefined ? settings.attempts : 1;
    if (isCommit(revision)) return await treeOf(context, cache, subject, { commit: revision, attempts, signal });
    const commit = await fetchCommit(requests, subject, signal, attempts);
    return await treeOf(context, cache, subject, { commit, attempts: settings.attempts, signal });
  } catch (error) {
    if (cached === undefined || !isOutage(error)) throw error;
    const reason = (error as Error).message;
    settings.onEvent({ type: 'hub-unreachable', repository: name, commit: cached.commit, reason });
    return cached;
  }
}

/**
 * Looks a revision up and lists its files: from the hub, from the cache where the hub does not answer, and from the cache
 * alone in offline mode. A whole commit that has been listed before needs no request.
 */
export async function openSnapshot(
  context: SnapshotContext,
  repository: HubRepository,
  signal: AbortSignal | undefined,
): Promise<HubSnapshot> {
  const { settings } = context;
  const { revision = 'main' } = repository;
  const cache = repositoryCache(settings.cacheFolder, repository);
  const subject = { endpoint: settings.endpoint, repository };
  const found =
    settings.offline === undefined
      ? await fetchListing(context, cache, subject, signal)
      : await cachedListing(cache, revision);
  if (found === undefined) throw notCached(settings, repository, '');
  const { commit, files } = found;
  return {
    repository: { ...repository, revision },
    commit,
    files: files.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
    download: async (path, downloadSignal = signal) => {
      const pointer = await place(context, cache, subject, found, path, downloadSignal);
      // The name is kept for offline use only, and the cache may be read-only where everything is there.
      await cache.writeRef(revision, commit).catch(() => undefined);
      return pointer;
    },
  };
}

/** The path of a file in the snapshot, which is made where it is missing. */
async function place(
  context: SnapshotContext,
  cache: RepositoryCache,
  subject: RequestSubject,
  { commit, tree, files }: Listing,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  signal?.throwIfAborted();
  const { settings, requests, inTurn } = context;
  if (!files.some((file) => file.path === path)) throw notListed(subject, path, files);
  const pointer = cache.pointer(commit, path);
  const file = tree?.get(path);
  const sizeBytes = await sizeOf(pointer);
  if (sizeBytes !== undefined && (file === undefined || sizeBytes === file.sizeBytes)) return pointer;
  if (settings.offline !== undefined) throw notCached(settings, subject.repository, `\`${path}\` of `);
  if (file === undefined) throw notListed(subject, path, files);
  const blob = await inTurn(() =>
    downloadBlob({ settings, requests, cache, subject: { ...subject, path }, commit, file, signal }),
  );
  await linkBlob(blob, pointer, settings.symlinks);
  return pointer;
}

function notListed({ repository }: RequestSubject, path: string, files: readonly HubFile[]): EmbedbagError {
  const { revision = 'main' } = repository;
  const some = files.slice(0, 5).map((file) => file.path);
  const more = files.length > some.length ? ` and ${files.length - some.length} more` : '';
  const listed = some.length === 0 ? 'no file at all' : `only ${some.join(', ')}${more}`;
  return new EmbedbagError({
    code: 'hub-file-not-found',
    message: `Expected ${describeRepository(repository)} to have the file \`${path}\` at revision \`${revision}\`, received ${listed}. Check the path and the revision.`,
    details: { repository: repository.name, revision, path, files: files.length },
  });
}
