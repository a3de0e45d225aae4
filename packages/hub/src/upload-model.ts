import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbedbagError, type HubFile, isEmbedbagError } from '@embedbag/core';
import { checkRepository } from './check-repository.js';
import { HubRequests } from './hub-requests.js';
import { type HubOptions, type HubSettings, hubSettings } from './hub-settings.js';
import { describeRepository, type RequestSubject } from './request-subject.js';
import { uploadFetch } from './upload-fetch.js';
import { tokenPage } from './upload-wording.js';

/** Settings of {@link uploadModel}; those of {@link HubOptions} come from the environment where they are left out. */
export interface UploadModelOptions
  extends Pick<
    HubOptions,
    'endpoint' | 'token' | 'offline' | 'attempts' | 'retryDelayMs' | 'timeoutMs' | 'onEvent' | 'fetch' | 'environment'
  > {
  /** `owner/name` of the repository, which is made where it is new. */
  readonly name: string;
  /** Makes a new repository private, and refuses one that is there and public; by default the hub's setting for the owner. */
  readonly private?: boolean;
  /** The first line of the commit; `Upload a static embedding model` by default. */
  readonly message?: string;
  /** Ends the upload. What has arrived is not sent again next time. */
  readonly signal?: AbortSignal;
}

/** What {@link uploadModel} has done. */
export interface UploadedModel {
  /** The page of the model. */
  readonly url: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Every file of the folder, sorted by path. */
  readonly files: readonly HubFile[];
}

/** How far apart events of progress are. */
const PROGRESS_MS = 100;

interface Upload {
  readonly settings: HubSettings;
  readonly requests: HubRequests;
  readonly subject: RequestSubject;
  readonly options: UploadModelOptions;
}

async function listFolder(folder: string): Promise<HubFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: HubFile[] = [];
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).split(sep).join('/');
    const isHidden = path.split('/').some((part) => part.startsWith('.') && part !== '.gitattributes');
    if (entry.isFile() && !isHidden) files.push({ path, sizeBytes: (await stat(file)).size });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files of a model folder, without hidden ones. */
async function modelFiles(folder: string): Promise<HubFile[]> {
  let files: HubFile[] = [];
  let found = 'a folder without them';
  try {
    files = await listFolder(folder);
  } catch (error) {
    found = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'nothing there' : (error as Error).message;
  }
  const paths = files.map((file) => file.path);
  if (paths.includes('model.safetensors') && paths.includes('tokenizer.json')) return files;
  throw new EmbedbagError({
    code: 'upload-no-model',
    message: `Expected \`${folder}\` to be a model with model.safetensors and tokenizer.json, received ${found}. Name the folder that \`StaticEmbedding.save\` or a training run wrote, such as \`output/final\`.`,
    details: { folder },
  });
}

async function checkMayUpload({ settings, subject }: Upload): Promise<void> {
  const what = describeRepository(subject.repository);
  if (settings.offline !== undefined) {
    throw new EmbedbagError({
      code: 'hub-offline',
      message: `Expected to upload ${what}, received none of the network: ${settings.offline}. Leave that out for the upload.`,
      details: { reason: settings.offline },
    });
  }
  if ((await settings.token()) !== undefined) return;
  throw new EmbedbagError({
    code: 'hub-token-missing',
    message: `Expected a token to upload ${what} to ${settings.endpoint}, received none. Make one with the role \`write\` at ${tokenPage(settings.endpoint)} and set HF_TOKEN to it.`,
    details: { repository: subject.repository.name },
  });
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly statusCode?: number }).statusCode;
}

/** Whether the repository is private; undefined where the token sees none of that name. */
async function privacyOf({ requests, subject, settings, options }: Upload): Promise<boolean | undefined> {
  const { modelInfo } = await import('@huggingface/hub');
  const fetch = uploadFetch({ requests, subject, signal: options.signal, accepts: [401, 403, 404] });
  try {
    const info = await modelInfo({ name: options.name, revision: 'main', hubUrl: settings.endpoint, fetch });
    return info.private;
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Makes the repository where there is none, and checks that it is private where that is wanted. */
async function ensureRepository(upload: Upload): Promise<void> {
  const { requests, subject, settings, options } = upload;
  const isPrivate = await privacyOf(upload);
  if (isPrivate === false && options.private === true) {
    throw new EmbedbagError({
      code: 'hub-not-private',
      message: `Expected ${describeRepository(subject.repository)} at ${settings.endpoint} to be private as asked, received a public one, which is there already. Make it private in its settings, upload under another name, or leave \`private\` out.`,
      details: { repository: options.name },
    });
  }
  if (isPrivate !== undefined) return;
  const { createRepo } = await import('@huggingface/hub');
  const fetch = uploadFetch({ requests, subject, signal: options.signal, accepts: [409] });
  const visibility =
    options.private === undefined ? {} : ({ visibility: options.private ? 'private' : 'public' } as const);
  try {
    // The token is the fetch's matter; the client would refuse those of hubs that do not begin them with `hf_`.
    await createRepo({
      repo: { type: 'model', name: options.name },
      ...visibility,
      hubUrl: settings.endpoint,
      fetch,
    } as Parameters<typeof createRepo>[0]);
  } catch (error) {
    // Another process has made it meanwhile.
    if (statusOf(error) !== 409) throw error;
  }
}

/** Tells of the bytes that go out, file by file. */
function sentCounter({ settings, options }: Upload, files: readonly HubFile[]): (path: string, bytes: number) => void {
  const sizes = new Map(files.map((file) => [file.path, file.sizeBytes]));
  const sent = new Map<string, number>();
  let toldAt = 0;
  return (path, bytes) => {
    const sentBytes = (sent.get(path) ?? 0) + bytes;
    const sizeBytes = sizes.get(path);
    sent.set(path, sentBytes);
    if (sizeBytes === undefined || (performance.now() - toldAt < PROGRESS_MS && sentBytes < sizeBytes)) return;
    toldAt = performance.now();
    settings.onEvent({ type: 'upload-progress', repository: options.name, path, sentBytes, sizeBytes });
  };
}

/** Sends what the hub does not have yet, and commits all files; the addresses of the storage are valid for a while only. */
async function commitFiles(upload: Upload, folder: string, files: readonly HubFile[]): Promise<string> {
  const { requests, subject, settings, options } = upload;
  const { uploadFiles } = await import('@huggingface/hub');
  const onSent = sentCounter(upload, files);
  const fetch = uploadFetch({ requests, subject, signal: options.signal, accepts: [], onSent });
  const result = await uploadFiles({
    repo: { type: 'model', name: options.name },
    files: files.map(({ path }) => ({ path, content: pathToFileURL(join(folder, path)) })),
    commitTitle: options.message ?? 'Upload a static embedding model',
    hubUrl: settings.endpoint,
    fetch,
    useXet: false,
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
  });
  return result?.commit.oid ?? '';
}

/**
 * Uploads a model folder to the Hugging Face Hub, or one that speaks its HTTP, as one commit. The repository is made where
 * it is new. Files of the repository that the folder does not have stay; hidden files are left out.
 *
 * Status 408, 429 and 5xx and a broken connection are tried again as in `createHub`. Large files that have arrived are not
 * sent again, neither after a failure nor by a later call.
 *
 * @throws EmbedbagError `upload-no-model`, `hub-token-missing`, `hub-offline`, `hub-invalid-repository`, `hub-not-private`,
 * `hub-unauthorized`, `hub-forbidden`, `hub-repository-not-found`, `hub-conflict`, `hub-rate-limited`, `hub-server-error`,
 * `hub-upload-refused`, `hub-storage-refused`, `hub-unreachable` or `hub-wrong-answer`; and the signal's reason where it was
 * aborted.
 *
 * @example
 * ```ts
 * const { url } = await uploadModel('output/final', { name: 'owner/my-model', private: true });
 * ```
 */
export async function uploadModel(folder: string, options: UploadModelOptions): Promise<UploadedModel> {
  const settings = hubSettings(options);
  const repository = { type: 'model', name: options.name } as const;
  checkRepository(repository);
  const subject = { endpoint: settings.endpoint, repository, purpose: 'upload' } as const;
  const upload: Upload = { settings, requests: new HubRequests(settings), subject, options };
  const files = await modelFiles(resolve(folder));
  await checkMayUpload(upload);
  options.signal?.throwIfAborted();
  const startedAt = performance.now();
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  settings.onEvent({ type: 'upload-start', repository: options.name, files: files.length, sizeBytes });
  await ensureRepository(upload);
  const commit = await commitAgain(upload, resolve(folder), files);
  const url = `${settings.endpoint}/${options.name}`;
  const elapsedMs = performance.now() - startedAt;
  settings.onEvent({ type: 'upload-end', repository: options.name, commit, url, elapsedMs });
  return { url, commit, files };
}

/**
 * A storage that refuses may have let its addresses expire, or have taken the file already in an attempt whose answer was
 * lost: the hub is asked once more what has not arrived.
 */
async function commitAgain(upload: Upload, folder: string, files: readonly HubFile[]): Promise<string> {
  try {
    return await commitFiles(upload, folder, files);
  } catch (error) {
    upload.options.signal?.throwIfAborted();
    const isRefused =
      isEmbedbagError(error) && error.code === 'hub-storage-refused' && Number(error.details.status) < 500;
    if (!isRefused) throw error;
    return commitFiles(upload, folder, files);
  }
}
