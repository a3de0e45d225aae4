import type { HubToken } from './hub-settings.js';
import { describeRepository, type RequestSubject } from './request-subject.js';

/** What a refusal is told in. */
export interface RefusalWording {
  readonly code: string;
  readonly message: string;
}

/** The page on which tokens are made. */
export function tokenPage(endpoint: string): string {
  return `${endpoint}/settings/tokens`;
}

/** What an answer that refuses a step of an upload means; `said` is what it says of itself. */
export function uploadWording(
  status: number,
  said: string,
  subject: RequestSubject,
  token: HubToken | undefined,
): RefusalWording {
  const { endpoint, repository } = subject;
  const what = describeRepository(repository);
  const owner = repository.name.split('/')[0];
  const origin = token?.origin ?? 'a token';
  if (status === 401) {
    return {
      code: 'hub-unauthorized',
      message: `Expected ${origin} to be one that ${endpoint} knows, received status 401${said}. Make a token with the role \`write\` at ${tokenPage(endpoint)} and set HF_TOKEN to it.`,
    };
  }
  if (status === 403) {
    return {
      code: 'hub-forbidden',
      message: `Expected ${origin} to let you write ${what} at ${endpoint}, received status 403${said}. Use a token with the role \`write\` of an account that may write for \`${owner}\`, or upload under another owner.`,
    };
  }
  if (status === 404) {
    return {
      code: 'hub-repository-not-found',
      message: `Expected ${what} at ${endpoint} to be there while it is uploaded, received status 404${said}. Check the name, and that ${origin} may read it.`,
    };
  }
  if (status === 409 || status === 412) {
    return {
      code: 'hub-conflict',
      message: `Expected ${what} at ${endpoint} to stay as it is during the upload, received status ${status}${said}. Upload again when the other change is done; large files that have arrived are not sent again.`,
    };
  }
  if (status === 429) {
    return {
      code: 'hub-rate-limited',
      message: `Expected ${endpoint} to take the upload of ${what}, received status 429: too many requests. Wait some minutes and upload again; large files that have arrived are not sent again.`,
    };
  }
  if (status >= 500) {
    return {
      code: 'hub-server-error',
      message: `Expected ${endpoint} to take the upload of ${what}, received status ${status}${said} again and again. Upload again later; large files that have arrived are not sent again.`,
    };
  }
  return {
    code: 'hub-upload-refused',
    message: `Expected ${endpoint} to take the upload of ${what}, received status ${status}${said}. Change what it names and upload again.`,
  };
}
