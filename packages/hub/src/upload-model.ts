import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbedbagError, type HubFile, isEmbedbagError } from '@embedbag/core';
import {
  type ModelRepository,
  type ModelRepositoryOptions,
  makeRepository,
  openModelRepository,
} from './model-repository.js';
import { uploadFetch } from './upload-fetch.js';

/** Settings of {@link uploadModel}. */
export interface UploadModelOptions extends ModelRepositoryOptions {
  /** The first line of the commit; `Upload a static embedding model` by default. */
  readonly message?: string;
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

interface Upload extends ModelRepository {
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
  const files = await modelFiles(resolve(folder));
  const upload: Upload = { ...(await openModelRepository(options)), options };
  const { settings } = upload;
  const startedAt = performance.now();
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  settings.onEvent({ type: 'upload-start', repository: options.name, files: files.length, sizeBytes });
  await makeRepository(upload);
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
