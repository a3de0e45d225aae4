import { type EmbedbagError, type HubRepository, isEmbedbagError } from '@embedbag/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHub } from './create-hub.js';
import { type HubCase, hubCase, someBytes } from './fixtures/hub-case.js';
import type { HubOptions } from './hub-settings.js';

const MODEL: HubRepository = { type: 'model', name: 'owner/tiny' };
const FILES = { 'README.md': '# tiny\n', 'model.safetensors': someBytes(5000) };

let hub: HubCase;
let at: string;
let commit: string;

beforeEach(async () => {
  hub = await hubCase();
  at = hub.server.endpoint;
  commit = hub.server.add({ ...MODEL, files: FILES });
});
afterEach(() => hub.close());

async function failure(work: Promise<unknown>): Promise<EmbedbagError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isEmbedbagError(error)) throw new Error(`Expected the work to fail with an EmbedbagError, received ${error}.`);
  return error;
}

/** The sentence with which opening a repository fails. */
async function opening(repository: HubRepository, options: HubOptions = {}): Promise<string> {
  return (await failure(hub.client(options).open(repository))).message;
}

/** The sentence with which downloading a file fails. */
async function downloading(path: string, options: HubOptions = {}): Promise<string> {
  const snapshot = await hub.client(options).open(MODEL);
  return (await failure(snapshot.download(path))).message;
}

describe('a repository that cannot be read', () => {
  test('is missing or private, without a token', async () => {
    expect(await opening({ type: 'dataset', name: 'owner/none' })).toBe(
      `Expected the dataset \`owner/none\` at ${at} to be public, received status 401: there is none, or it is private. Check the name, or set HF_TOKEN to a token that may read it.`,
    );
  });

  test('is missing or private, with a token', async () => {
    expect(await opening({ ...MODEL, name: 'owner/none' }, { token: 'hf_other' })).toBe(
      `Expected the model \`owner/none\` at ${at}, received status 404. Check the name, and check that the token given as \`token\` may read it.`,
    );
  });

  test('refuses a token that is no longer valid', async () => {
    hub.server.add({ ...MODEL, name: 'owner/secret', files: FILES, token: 'hf_right' });
    expect(await opening({ ...MODEL, name: 'owner/secret' }, { environment: { HF_TOKEN: 'expired' } })).toBe(
      `Expected the token in \`HF_TOKEN\` to open the model \`owner/secret\` at ${at}, received status 401, "Invalid credentials in Authorization header". Set HF_TOKEN to a valid token, or unset it for a public repository.`,
    );
  });

  test.each([
    [{ token: false } as const, 401, 'then set HF_TOKEN to a token of that account.'],
    [{ token: 'hf_other' }, 403, 'with the account of the token given as `token`.'],
  ])('is gated', async (options, status, remedy) => {
    hub.server.add({ ...MODEL, name: 'owner/gated', files: FILES, gatedToken: 'hf_right' });
    const sentence = await opening({ ...MODEL, name: 'owner/gated' }, options);
    expect(sentence).toBe(
      `Expected access to the model \`owner/gated\`, received status ${status}: it is open only to those who accepted its terms. Accept its terms at ${at}/owner/gated${status === 401 ? ', ' : ' '}${remedy}`,
    );
  });

  test('is forbidden', async () => {
    hub.server.misbehave(() => ({ status: 403, headers: { 'x-error-message': 'Country not allowed' } }));
    expect(await opening(MODEL)).toBe(
      `Expected access to the model \`owner/tiny\` at ${at}, received status 403, "Country not allowed". Ask its owner, or set HF_TOKEN to a token that may read it.`,
    );
  });

  test('has no such revision', async () => {
    expect(await opening({ ...MODEL, revision: 'v9' })).toBe(
      `Expected the model \`owner/tiny\` to have the revision \`v9\`, received status 404. Name a branch, a tag or a whole commit; ${at}/owner/tiny lists them.`,
    );
  });

  test('has a name that no repository has', async () => {
    expect(await opening({ ...MODEL, name: 'owner/tiny/deep' })).toBe(
      "Expected a model or dataset named `owner/name`, received the model `owner/tiny/deep`. Write the name as the hub's page has it.",
    );
  });
});

describe('a file that cannot be read', () => {
  test('is not in the listing', async () => {
    expect(await downloading('model.bin')).toBe(
      'Expected the model `owner/tiny` to have the file `model.bin` at revision `main`, received only README.md, model.safetensors. Check the path and the revision.',
    );
  });

  test('is in the listing and nowhere else', async () => {
    hub.server.misbehave(({ kind }) =>
      kind === 'resolve' ? { status: 404, headers: { 'x-error-code': 'EntryNotFound' } } : undefined,
    );
    expect(await downloading('README.md')).toBe(
      `Expected the model \`owner/tiny\` to have the file \`README.md\` at revision \`main\`, received status 404. Look at ${at}/owner/tiny/tree/main.`,
    );
  });

  test('is refused by the storage', async () => {
    hub.server.misbehave(({ kind }) => (kind === 'large-file' ? { status: 403 } : undefined));
    expect(await downloading('model.safetensors', { attempts: 2 })).toBe(
      `Expected ${hub.server.storage}, where ${at} keeps \`model.safetensors\` of the model \`owner/tiny\`, to serve it, received status 403. Try again later; if it stays so, check the clock of this machine and the proxy.`,
    );
    expect(hub.requested('resolve')).toHaveLength(2);
  });

  test('has other bytes than its hash says', async () => {
    const bytes = someBytes(5000).fill(1, 100, 101);
    hub.server.misbehave(({ kind }) => (kind === 'large-file' ? { body: bytes } : undefined));
    expect(await downloading('model.safetensors')).toMatch(
      /^Expected `model.safetensors` of the model `owner\/tiny` to have the SHA-256 [0-9a-f]{64}, received [0-9a-f]{64}\. Nothing of it was kept; try again, and check HF_ENDPOINT and the proxy if that does not help\.$/,
    );
  });

  test('has other bytes than git says', async () => {
    hub.server.misbehave(({ kind }) => (kind === 'small-file' ? { body: '# liar\n' } : undefined));
    expect(await downloading('README.md')).toMatch(/to have the git SHA-1 8e2e871\w+, received \w{40}\. Nothing/);
  });

  test('is longer than its listing says', async () => {
    hub.server.misbehave(({ kind }) => (kind === 'small-file' ? { body: '# tiny\nand more' } : undefined));
    expect(await downloading('README.md')).toMatch(/`README.md` of .* to have 7 bytes, received more\. Nothing of it/);
  });

  test('ends too early, every time', async () => {
    hub.server.misbehave(({ kind }) => (kind === 'small-file' ? { status: 200, body: '# t' } : undefined));
    expect(await downloading('README.md', { attempts: 2 })).toBe(
      'Expected the 7 bytes of `README.md` of the model `owner/tiny`, received 3 and then no more, again and again. Run it again: the download goes on from there.',
    );
  });

  test.each([
    ['x-repo-commit', 'f'.repeat(40), () => `commit ${commit}`, `commit ${'f'.repeat(40)}`],
    ['x-linked-etag', `"${'e'.repeat(64)}"`, () => 'as blob [0-9a-f]{64}', `blob ${'e'.repeat(64)}`],
    ['x-linked-size', '4999', () => 'in 5000 bytes', 'a size of 4999 bytes'],
  ])('is announced with another %s', async (header, value, expected, received) => {
    hub.server.misbehave(({ kind }) => (kind === 'resolve' ? { headers: { [header]: value } } : undefined));
    expect(await downloading('model.safetensors')).toMatch(
      new RegExp(
        `^Expected ${at} to answer with \`model.safetensors\` .*${expected()} for the model \`owner/tiny\`, received ${received}\\. Check HF_ENDPOINT`,
      ),
    );
  });

  test('is redirected without end', async () => {
    hub.server.misbehave(({ kind, url }) =>
      kind === 'resolve' ? { status: 302, headers: { location: url } } : undefined,
    );
    expect(await downloading('README.md')).toBe(
      `Expected ${at} to answer with at most 5 redirects for the model \`owner/tiny\`, received more. Check HF_ENDPOINT and the proxy, or try again.`,
    );
  });
});

describe('a hub in trouble', () => {
  test('is asked again after a wait that doubles, then given up', async () => {
    hub.server.misbehave(() => ({ status: 500 }));
    expect(await opening(MODEL, { attempts: 3, retryDelayMs: 2 })).toBe(
      `Expected ${at} to serve the model \`owner/tiny\`, received status 500 again and again. Try later, or set HF_ENDPOINT to a mirror.`,
    );
    const delays = hub.events.map((event) => (event.type === 'retry' ? event.delayMs : undefined));
    expect(delays).toEqual([2, 4]);
    expect(hub.requested('revision')).toHaveLength(3);
  });

  test('is asked again when it says so, in seconds or by a date', async () => {
    const answers = [
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 503, headers: { 'retry-after': new Date(Date.now() - 1000).toUTCString() } },
      { status: 429, headers: { ratelimit: '"api";r=0;t=0' } },
    ];
    hub.server.misbehave(() => answers.shift());
    expect((await hub.client().open(MODEL)).commit).toBe(commit);
    const delays = hub.events.map((event) => (event.type === 'retry' ? event.delayMs : undefined));
    expect(delays).toEqual([1000, 0, 0]);
  });

  test('is not waited for when it wants an hour', async () => {
    hub.server.misbehave(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    expect(await opening(MODEL)).toBe(
      `Expected ${at} to serve the model \`owner/tiny\`, received status 429: too many requests. Wait some minutes, or set HF_TOKEN, which raises the limit.`,
    );
    expect(hub.requested('revision')).toHaveLength(1);
  });

  test('hangs up', async () => {
    hub.server.misbehave(() => ({ hangsUp: true }));
    expect(await opening(MODEL, { attempts: 2 })).toMatch(
      /^Expected an answer from http:\S+ for the model `owner\/tiny`, received UND_ERR_SOCKET\. Check the network, the proxy and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use the cache alone\.$/,
    );
  });

  test('falls silent', async () => {
    hub.server.misbehave(() => ({ stallsAfterBytes: 5 }));
    expect(await opening(MODEL, { attempts: 1, timeoutMs: 50 })).toMatch(
      /received an answer that was cut off \(nothing for 0.05 s\)\. Check the network/,
    );
  });

  test('is not there', async () => {
    const client = createHub({
      endpoint: 'http://127.0.0.1:1',
      cacheFolder: hub.cacheFolder,
      attempts: 1,
      environment: {},
    });
    expect((await failure(client.open(MODEL))).message).toMatch(/^Expected an answer from http:\/\/127.0.0.1:1 for/);
  });

  test('answers with a page for people', async () => {
    hub.server.misbehave(() => ({ status: 200, body: '<html>Sign in to the guest network</html>' }));
    expect(await opening(MODEL)).toBe(
      `Expected ${at} to answer with JSON for the model \`owner/tiny\`, received "<html>Sign in to the guest network</html>". Check HF_ENDPOINT and the proxy, or try again.`,
    );
  });

  test.each([
    ['revision', '[]', 'the commit of revision `main`', 'none'],
    ['revision', 'null', 'a description of the repository', 'null'],
    ['revision', '{"sha":"main"}', 'the commit of revision `main`', '"main"'],
    ['tree', '{"error":"?"}', 'a list of files', '{"error":"?"}'],
    ['tree', '[{"type":"file","path":"a"}]', 'a path, a size and a hash for every file', '{"type":"file","path":"a"}'],
  ])('answers to %s with %s', async (kind, body, expected, received) => {
    hub.server.misbehave((request) => (request.kind === kind ? { status: 200, body } : undefined));
    expect(await opening(MODEL)).toBe(
      `Expected ${at} to answer with ${expected} for the model \`owner/tiny\`, received ${received}. Check HF_ENDPOINT and the proxy, or try again.`,
    );
  });

  test.each(['../../evil', '/etc/passwd', 'a/../../b', 'C:\\evil', '..\\evil'])(
    'lists the file %s, which would lie outside the cache',
    async (path) => {
      hub.server.add({ ...MODEL, files: { [path]: 'x' } });
      expect(await opening(MODEL)).toBe(
        `Expected a file to stay inside its folder of the cache, received \`${path}\`. Do not use this repository, or ask its owner to rename it.`,
      );
    },
  );
});

describe('a setting', () => {
  test('that is no address of a hub is refused', () => {
    expect(() => createHub({ environment: { HF_ENDPOINT: 'huggingface.co' } })).toThrow(
      'Expected `HF_ENDPOINT` to be the address of a hub, such as `https://huggingface.co`, received `huggingface.co`. Correct it or leave it out.',
    );
  });

  test('that is no count is refused', () => {
    expect(() => createHub({ attempts: 0, environment: {} })).toThrow(
      'Expected `attempts` to be a whole number of at least 1, received 0. Correct it or leave it out.',
    );
  });

  test('that is no token is refused, without showing it', async () => {
    expect(await opening(MODEL, { environment: { HF_TOKEN: 'hf_a b' } })).toBe(
      "Expected the token in `HF_TOKEN` to be letters, digits and signs without spaces, received something else. Copy it again from the hub's settings.",
    );
  });

  test('that puts the cache below a file is refused', async () => {
    expect(await downloading('README.md', { cacheFolder: '/dev/null/cache' })).toBe(
      'Expected a cache that can be read and written at /dev/null/cache, received ENOTDIR for /dev/null/cache/models--owner--tiny/blobs. Check its permissions and the disk, or set HF_HUB_CACHE to another folder.',
    );
  });
});
