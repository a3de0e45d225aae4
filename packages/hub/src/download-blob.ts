import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EmbedbagError } from '@embedbag/core';
import { type BlobDigest, blobDigest, digestOfFile, expectedDigest } from './blob-digest.js';
import { type RepositoryCache, sizeOf } from './cache-folder.js';
import { type HubRequests, type OpenResponse, PassingFailure, reasonOf } from './hub-requests.js';
import type { HubSettings } from './hub-settings.js';
import { claimPartial } from './partial-blob.js';
import { wrongAnswer } from './refusal.js';
import { describeRepository, type RequestSubject } from './request-subject.js';
import type { ListedFile } from './tree-listing.js';

/** How often a download looks whether the one it waits for is done. */
const POLL_MS = 100;
/** The least time between two events of progress. */
const PROGRESS_MS = 100;

/** A file to download, and everything that takes part. */
export interface BlobDownload {
  readonly settings: HubSettings;
  readonly requests: HubRequests;
  readonly cache: RepositoryCache;
  /** With the file's path. */
  readonly subject: RequestSubject & { readonly path: string };
  readonly commit: string;
  readonly file: ListedFile;
  readonly signal: AbortSignal | undefined;
}

/** The address of a file of a commit on the hub. */
function resolveUrl({ subject, commit, file }: BlobDownload): string {
  const { type, name } = subject.repository;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return `${subject.endpoint}/${type === 'dataset' ? 'datasets/' : ''}${name}/resolve/${commit}/${path}`;
}

/** Bytes that arrived whole and are not those of the listing. */
class CorruptDownload extends Error {
  readonly failure: EmbedbagError;

  constructor(failure: EmbedbagError) {
    super(failure.message);
    this.failure = failure;
  }
}

function corrupt({ subject, file }: BlobDownload, expected: string, received: string): CorruptDownload {
  return new CorruptDownload(
    new EmbedbagError({
      code: 'hub-corrupt-download',
      message: `Expected \`${file.path}\` of ${describeRepository(subject.repository)} to have ${expected}, received ${received}. Nothing of it was kept; try again, and check HF_ENDPOINT and the proxy if that does not help.`,
      details: { repository: subject.repository.name, path: file.path, expected, received },
    }),
  );
}

/** The hash that an `ETag` holds, or undefined where it is none. */
function hashOfEtag(etag: string | null): string | undefined {
  return /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];
}

/** Refuses an answer that speaks of another commit or another file than the listing. */
function checkHeaders(download: BlobDownload, { headers }: Response): void {
  const { subject, commit, file } = download;
  const { value } = expectedDigest(file);
  const gotCommit = headers.get('x-repo-commit');
  if (gotCommit !== null && gotCommit !== commit) {
    throw wrongAnswer(subject, `\`${file.path}\` of commit ${commit}`, `commit ${gotCommit}`);
  }
  const hash = hashOfEtag(headers.get('x-linked-etag'));
  if (hash !== undefined && hash !== value)
    throw wrongAnswer(subject, `\`${file.path}\` as blob ${value}`, `blob ${hash}`);
  const size = headers.get('x-linked-size');
  if (size !== null && Number(size) !== file.sizeBytes) {
    throw wrongAnswer(subject, `\`${file.path}\` in ${file.sizeBytes} bytes`, `a size of ${size} bytes`);
  }
}

/** A part of a file on disk that grows by what arrives. */
class GrowingFile {
  readonly #download: BlobDownload;
  readonly #handle: FileHandle;
  #digest: BlobDigest;
  #toldMs = 0;
  receivedBytes: number;
  /** Whether the bytes so far came in more than one piece, so that one of them may be to blame for a wrong hash. */
  isPatched: boolean;

  private constructor(download: BlobDownload, handle: FileHandle, digest: BlobDigest, receivedBytes: number) {
    this.#download = download;
    this.#handle = handle;
    this.#digest = digest;
    this.receivedBytes = receivedBytes;
    this.isPatched = receivedBytes > 0;
  }

  static async open(download: BlobDownload, path: string): Promise<GrowingFile> {
    const { file, signal } = download;
    const handle = await open(path, 'r+');
    try {
      const { size } = await handle.stat();
      if (size > file.sizeBytes) await handle.truncate(0);
      const kept = size > file.sizeBytes ? 0 : size;
      const digest = kept === 0 ? blobDigest(file) : await digestOfFile(file, path, signal);
      return new GrowingFile(download, handle, digest, kept);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { file, subject, settings } = this.#download;
    const end = this.receivedBytes + bytes.byteLength;
    if (end > file.sizeBytes) throw corrupt(this.#download, `${file.sizeBytes} bytes`, 'more');
    let done = 0;
    while (done < bytes.byteLength) {
      const left = bytes.byteLength - done;
      done += (await this.#handle.write(bytes, done, left, this.receivedBytes + done)).bytesWritten;
    }
    this.#digest.update(bytes);
    this.receivedBytes = end;
    const now = performance.now();
    if (now - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = now;
    const { name: repository } = subject.repository;
    const { path, sizeBytes } = file;
    settings.onEvent({ type: 'download-progress', repository, path, receivedBytes: end, sizeBytes });
  }

  async startOver(): Promise<void> {
    await this.#handle.truncate(0);
    this.#digest = blobDigest(this.#download.file);
    this.receivedBytes = 0;
    this.isPatched = false;
  }

  /** Checks the hash, and has the system write everything to the disk. */
  async seal(): Promise<void> {
    const expected = expectedDigest(this.#download.file);
    const value = this.#digest.value();
    if (value !== expected.value) {
      throw corrupt(this.#download, `the ${expected.algorithm} ${expected.value}`, value);
    }
    await this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Makes the part ready for the body of an answer: the rest of the file, or all of it where the server has no ranges. */
async function alignWith(download: BlobDownload, growing: GrowingFile, { response }: OpenResponse): Promise<void> {
  const { subject, file } = download;
  if (response.status === 416) {
    await growing.startOver();
    const failure = wrongAnswer(subject, `the rest of \`${file.path}\``, 'status 416: that there is none');
    throw new PassingFailure('status 416', failure, 0);
  }
  if (response.status !== 206) {
    if (growing.receivedBytes > 0) await growing.startOver();
    return;
  }
  const range = response.headers.get('content-range') ?? 'no Content-Range';
  if (range === `bytes ${growing.receivedBytes}-${file.sizeBytes - 1}/${file.sizeBytes}`) return;
  const expected = `bytes ${growing.receivedBytes} to ${file.sizeBytes - 1} of \`${file.path}\``;
  await growing.startOver();
  throw wrongAnswer(subject, expected, `\`${range}\``);
}

/** One request for what is missing. */
async function attempt(download: BlobDownload, growing: GrowingFile, progress: { gotOn: boolean }): Promise<void> {
  const { requests, subject, file, signal } = download;
  const url = resolveUrl(download);
  const before = growing.receivedBytes;
  const answer = await requests.open(url, subject, {
    signal,
    ...(before === 0 ? {} : { headers: { range: `bytes=${before}-` } }),
    accepts: [416],
    onAnswer: (response) => checkHeaders(download, response),
  });
  try {
    await alignWith(download, growing, answer);
    if (growing.receivedBytes > 0) growing.isPatched = true;
    for await (const bytes of bodyOf(download, growing, answer)) {
      await growing.append(bytes);
      progress.gotOn ||= growing.receivedBytes > before;
    }
  } finally {
    answer.close();
  }
  if (growing.receivedBytes < file.sizeBytes) throw unfinished(download, growing, 'no more');
}

/** The pieces of a body; what breaks the connection is a failure that may pass, what the disk says is not. */
async function* bodyOf(
  download: BlobDownload,
  growing: GrowingFile,
  { response, touch }: OpenResponse,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    let piece: Awaited<ReturnType<typeof reader.read>>;
    try {
      piece = await reader.read();
    } catch (error) {
      download.signal?.throwIfAborted();
      throw unfinished(download, growing, reasonOf(error), error);
    }
    if (piece.done) return;
    touch();
    yield piece.value;
  }
}

function unfinished(
  { subject, file }: BlobDownload,
  { receivedBytes }: GrowingFile,
  reason: string,
  cause?: unknown,
): PassingFailure {
  const end = `${receivedBytes} and then ${reason}`;
  const failure = new EmbedbagError({
    code: 'hub-download-cut-off',
    message: `Expected the ${file.sizeBytes} bytes of \`${file.path}\` of ${describeRepository(subject.repository)}, received ${end}, again and again. Run it again: the download goes on from there.`,
    details: { repository: subject.repository.name, path: file.path, receivedBytes, expectedBytes: file.sizeBytes },
    cause,
  });
  return new PassingFailure(`${end} of ${file.sizeBytes} bytes`, failure);
}

/** Fills the part until it is the file, and checks it; once more from the start where old bytes may be to blame. */
async function fill(download: BlobDownload, growing: GrowingFile): Promise<void> {
  const { requests, file, signal } = download;
  for (let isSecond = false; ; isSecond = true) {
    try {
      if (growing.receivedBytes < file.sizeBytes) {
        await requests.retry(resolveUrl(download), (progress) => attempt(download, growing, progress), signal);
      }
      await growing.seal();
      return;
    } catch (error) {
      if (!(error instanceof CorruptDownload)) throw error;
      const mayHelp = growing.isPatched && !isSecond;
      await growing.startOver();
      if (!mayHelp) throw error.failure;
    }
  }
}

/**
 * Downloads one file into the blobs of the cache, unless it is there. The blob appears when its size and its hash are
 * those of the listing; until then its bytes lie in a part, from which a later download goes on by `Range`.
 *
 * @huggingface/hub has `downloadFileToCacheDir` for this. It begins anew after every break, never compares a hash, lets
 * two processes write to one part, and asks for each file's description by itself: hence our own code over the same HTTP.
 *
 * @throws EmbedbagError `hub-corrupt-download`, `hub-download-cut-off`, `hub-wrong-answer`, and what `HubRequests` throws.
 */
export async function downloadBlob(download: BlobDownload): Promise<string> {
  const { settings, cache, subject, file, signal } = download;
  const blob = expectedDigest(file).value;
  const target = join(cache.blobs, blob);
  for (;;) {
    signal?.throwIfAborted();
    if ((await sizeOf(target)) === file.sizeBytes) return target;
    const partial = await claimPartial(cache.blobs, blob);
    if (partial === undefined) {
      await wait(POLL_MS, undefined, signal === undefined ? {} : { signal });
      continue;
    }
    try {
      const started = performance.now();
      const growing = await GrowingFile.open(download, partial.file);
      const names = { repository: subject.repository.name, path: file.path, sizeBytes: file.sizeBytes };
      settings.onEvent({ type: 'download-start', ...names, resumedBytes: growing.receivedBytes });
      try {
        await fill(download, growing);
      } finally {
        await growing.close();
      }
      await rename(partial.file, target);
      await partial.remove();
      settings.onEvent({ type: 'download-end', ...names, elapsedMs: performance.now() - started });
      return target;
    } catch (error) {
      await partial.leave();
      throw error;
    }
  }
}
