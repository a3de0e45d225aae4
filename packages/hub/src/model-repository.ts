import { EmbedbagError } from '@embedbag/core';
import { checkRepository } from './check-repository.js';
import { HubRequests } from './hub-requests.js';
import { type HubOptions, type HubSettings, hubSettings } from './hub-settings.js';
import { describeRepository, type RequestSubject } from './request-subject.js';
import { uploadFetch } from './upload-fetch.js';
import { tokenPage } from './upload-wording.js';

/** A repository to upload to; settings of {@link HubOptions} come from the environment where they are left out. */
export interface ModelRepositoryOptions
  extends Pick<
    HubOptions,
    'endpoint' | 'token' | 'offline' | 'attempts' | 'retryDelayMs' | 'timeoutMs' | 'onEvent' | 'fetch' | 'environment'
  > {
  /** `owner/name` of the repository, which is made where it is new. */
  readonly name: string;
  /** Makes a new repository private, and refuses one that is there and public; by default the hub's setting for the owner. */
  readonly private?: boolean;
  /** Ends the upload. What has arrived is not sent again next time. */
  readonly signal?: AbortSignal;
}

/** A repository that may be uploaded to, and the way there. */
export interface ModelRepository {
  readonly settings: HubSettings;
  readonly requests: HubRequests;
  readonly subject: RequestSubject;
  readonly options: ModelRepositoryOptions;
}

async function checkMayUpload({ settings, subject }: ModelRepository): Promise<void> {
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
async function privacyOf({ requests, subject, settings, options }: ModelRepository): Promise<boolean | undefined> {
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
export async function makeRepository(repository: ModelRepository): Promise<void> {
  const { requests, subject, settings, options } = repository;
  const isPrivate = await privacyOf(repository);
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

/** Checks what can be checked before a request: the name, the token, and that requests may be made. */
export async function openModelRepository(options: ModelRepositoryOptions): Promise<ModelRepository> {
  const settings = hubSettings(options);
  const repository = { type: 'model', name: options.name } as const;
  checkRepository(repository);
  const subject = { endpoint: settings.endpoint, repository, purpose: 'upload' } as const;
  const opened = { settings, requests: new HubRequests(settings), subject, options };
  await checkMayUpload(opened);
  options.signal?.throwIfAborted();
  return opened;
}

/**
 * Makes the repository of a model where there is none, so that a long work whose result is to be uploaded does not fail at
 * its end for want of a token. Returns the address of its page.
 *
 * @throws EmbedbagError `hub-token-missing`, `hub-offline`, `hub-invalid-repository`, `hub-not-private`, `hub-unauthorized`,
 * `hub-forbidden`, `hub-rate-limited`, `hub-server-error`, `hub-upload-refused`, `hub-unreachable` or `hub-wrong-answer`; and the
 * signal's reason where it was aborted.
 *
 * @example
 * ```ts
 * await ensureModelRepository({ name: 'owner/my-model', private: true });
 * ```
 */
export async function ensureModelRepository(options: ModelRepositoryOptions): Promise<string> {
  const repository = await openModelRepository(options);
  await makeRepository(repository);
  return `${repository.settings.endpoint}/${options.name}`;
}
