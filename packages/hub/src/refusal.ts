import { EmbedbagError } from '@embedbag/core';
import type { HubToken } from './hub-settings.js';
import { describeRepository, pageOf, type RequestSubject } from './request-subject.js';
import { type RefusalWording, uploadWording } from './upload-wording.js';

function unauthorized(subject: RequestSubject, token: HubToken | undefined, said: string): RefusalWording {
  const what = describeRepository(subject.repository);
  if (token === undefined) {
    return {
      code: 'hub-unauthorized',
      message: `Expected ${what} at ${subject.endpoint} to be public, received status 401: there is none, or it is private. Check the name, or set HF_TOKEN to a token that may read it.`,
    };
  }
  return {
    code: 'hub-unauthorized',
    message: `Expected ${token.origin} to open ${what} at ${subject.endpoint}, received status 401${said}. Set HF_TOKEN to a valid token, or unset it for a public repository.`,
  };
}

function gated(subject: RequestSubject, token: HubToken | undefined, status: number): RefusalWording {
  const remedy =
    token === undefined
      ? `Accept its terms at ${pageOf(subject)}, then set HF_TOKEN to a token of that account.`
      : `Accept its terms at ${pageOf(subject)} with the account of ${token.origin}.`;
  return {
    code: 'hub-gated',
    message: `Expected access to ${describeRepository(subject.repository)}, received status ${status}: it is open only to those who accepted its terms. ${remedy}`,
  };
}

function notFound(subject: RequestSubject, errorCode: string | null, token: HubToken | undefined): RefusalWording {
  const what = describeRepository(subject.repository);
  const { revision = 'main' } = subject.repository;
  if (errorCode === 'RevisionNotFound') {
    return {
      code: 'hub-revision-not-found',
      message: `Expected ${what} to have the revision \`${revision}\`, received status 404. Name a branch, a tag or a whole commit; ${pageOf(subject)} lists them.`,
    };
  }
  if (subject.path !== undefined && errorCode !== 'RepoNotFound') {
    return {
      code: 'hub-file-not-found',
      message: `Expected ${what} to have the file \`${subject.path}\` at revision \`${revision}\`, received status 404. Look at ${pageOf(subject)}/tree/${revision}.`,
    };
  }
  const mayRead = token === undefined ? 'set HF_TOKEN if it is private' : `check that ${token.origin} may read it`;
  return {
    code: 'hub-repository-not-found',
    message: `Expected ${what} at ${subject.endpoint}, received status 404. Check the name, and ${mayRead}.`,
  };
}

function wordingOf(response: Response, subject: RequestSubject, token: HubToken | undefined): RefusalWording {
  const { status } = response;
  const errorCode = response.headers.get('x-error-code');
  const words = response.headers.get('x-error-message');
  const said = words === null ? '' : `, ${JSON.stringify(words)}`;
  if (subject.purpose === 'upload') return uploadWording(status, said, subject, token);
  if (errorCode === 'GatedRepo') return gated(subject, token, status);
  if (status === 401) return unauthorized(subject, token, said);
  if (status === 404) return notFound(subject, errorCode, token);
  const what = describeRepository(subject.repository);
  if (status === 403) {
    const whose =
      token === undefined ? 'set HF_TOKEN to a token that may read it' : `use another token than ${token.origin}`;
    return {
      code: 'hub-forbidden',
      message: `Expected access to ${what} at ${subject.endpoint}, received status 403${said}. Ask its owner, or ${whose}.`,
    };
  }
  if (status === 429) {
    const remedy = token === undefined ? ', or set HF_TOKEN, which raises the limit' : '';
    return {
      code: 'hub-rate-limited',
      message: `Expected ${subject.endpoint} to serve ${what}, received status 429: too many requests. Wait some minutes${remedy}.`,
    };
  }
  if (status >= 500) {
    return {
      code: 'hub-server-error',
      message: `Expected ${subject.endpoint} to serve ${what}, received status ${status}${said} again and again. Try later, or set HF_ENDPOINT to a mirror.`,
    };
  }
  return {
    code: 'hub-unexpected-status',
    message: `Expected ${subject.endpoint} to serve ${what}, received status ${status}${said}. Check HF_ENDPOINT.`,
  };
}

/** The error of an answer that refuses. */
export function refusal(response: Response, subject: RequestSubject, token: HubToken | undefined): EmbedbagError {
  const { repository, path = null } = subject;
  const details = {
    status: response.status,
    repository: repository.name,
    revision: repository.revision ?? 'main',
    path,
    requestId: response.headers.get('x-request-id'),
  };
  return new EmbedbagError({ ...wordingOf(response, subject, token), details });
}

/** The error of the storage that the hub redirects to, where that refuses. */
export function storageRefusal(response: Response, subject: RequestSubject, target: URL): EmbedbagError {
  const { repository, endpoint, path = null, purpose } = subject;
  return new EmbedbagError({
    code: 'hub-storage-refused',
    message: `Expected ${target.origin}, where ${endpoint} keeps ${path === null ? 'files' : `\`${path}\``} of ${describeRepository(repository)}, to ${purpose === 'upload' ? 'take' : 'serve'} it, received status ${response.status}. Try again later; if it stays so, check the clock of this machine and the proxy.`,
    details: { status: response.status, host: target.host, repository: repository.name, path },
  });
}

/** The error of a hub that gives no answer at all. */
export function unreachable(subject: RequestSubject, url: URL, reason: string, cause: unknown): EmbedbagError {
  const remedy =
    subject.purpose === 'upload'
      ? 'Check the network, the proxy and HF_ENDPOINT, and upload again; large files that have arrived are not sent again.'
      : 'Check the network, the proxy and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use the cache alone.';
  return new EmbedbagError({
    code: 'hub-unreachable',
    message: `Expected an answer from ${url.origin} for ${describeRepository(subject.repository)}, received ${reason}. ${remedy}`,
    details: { host: url.host, reason, repository: subject.repository.name },
    cause,
  });
}

/** The error of an answer that cannot be right. */
export function wrongAnswer(subject: RequestSubject, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'hub-wrong-answer',
    message: `Expected ${subject.endpoint} to answer with ${expected} for ${describeRepository(subject.repository)}, received ${received}. Check HF_ENDPOINT and the proxy, or try again.`,
    details: { repository: subject.repository.name, path: subject.path ?? null, expected, received },
  });
}
