import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestKind } from '@embedbag/tooling/local-hub';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HubCase, holds, hubCase, someBytes } from './fixtures/hub-case.js';
import { ensureModelRepository } from './model-repository.js';
import { type UploadedModel, type UploadModelOptions, uploadModel } from './upload-model.js';

const WEIGHTS = someBytes(1_000_000);
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'README.md': '# tiny\n',
  'model.safetensors': WEIGHTS,
  'more/vectors.npy': someBytes(300),
  'tokenizer.json': '{"version":"1.0"}',
};

let hub: HubCase;
let folder: string;

beforeEach(async () => {
  hub = await hubCase({ writers: { hf_write: ['owner'] }, partBytes: 400_000 });
  folder = await mkdtemp(join(tmpdir(), 'embedbag-upload-'));
  await mkdir(join(folder, 'more'));
  for (const [path, content] of Object.entries(FILES)) await writeFile(join(folder, path), content);
  await writeFile(join(folder, '.hidden'), 'not to be uploaded');
});
afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

function upload(options: Partial<UploadModelOptions> = {}): Promise<UploadedModel> {
  return uploadModel(folder, {
    name: 'owner/tiny',
    endpoint: hub.server.endpoint,
    token: 'hf_write',
    environment: { HF_HOME: join(folder, 'no-home') },
    retryDelayMs: 1,
    timeoutMs: 5000,
    onEvent: (event) => hub.events.push(event),
    ...options,
  });
}

/** Answers the first `count` requests of a kind wrongly. */
function fail(kind: RequestKind, wrong: object, count = Number.POSITIVE_INFINITY): void {
  let left = count;
  hub.server.misbehave((request) => {
    if (request.kind !== kind || left === 0) return undefined;
    left -= 1;
    return wrong;
  });
}

async function expectStored(name = 'owner/tiny', token: string | false = false): Promise<void> {
  hub.server.misbehave(undefined);
  const snapshot = await hub.client({ token }).open({ type: 'model', name });
  expect(snapshot.files.map((file) => file.path)).toEqual(['.gitattributes', ...Object.keys(FILES)]);
  for (const [path, content] of Object.entries(FILES)) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    expect(await holds(await snapshot.download(path), bytes)).toBe(true);
  }
}

describe('an upload', () => {
  test('makes the repository, and a download gives the same bytes', async () => {
    const uploaded = await upload();
    expect(uploaded.url).toBe(`${hub.server.endpoint}/owner/tiny`);
    expect(uploaded.files.map((file) => file.path)).toEqual(Object.keys(FILES));
    expect((await hub.client().open({ type: 'model', name: 'owner/tiny' })).commit).toBe(uploaded.commit);
    await expectStored();
  });

  test('sends a large file in the parts that the hub wants', async () => {
    await upload();
    const parts = hub.requested('large-file-upload').map((url) => url.replace(/^\/uploads\/[0-9a-f]{64}/, ''));
    expect(parts.sort()).toEqual(['', '/1', '/2', '/3']);
    expect(hub.requested('large-file-completion')).toHaveLength(1);
  });

  test('sends no large file that the hub has, and leaves the other files of the repository', async () => {
    await upload();
    hub.requested('large-file-upload');
    await rm(join(folder, 'more'), { recursive: true });
    await writeFile(join(folder, 'README.md'), '# changed\n');
    await upload();
    expect(hub.requested('large-file-upload')).toEqual([]);
    expect(hub.requested('create')).toHaveLength(1);
    const snapshot = await hub.client().open({ type: 'model', name: 'owner/tiny' });
    expect(snapshot.files).toContainEqual({ path: 'README.md', sizeBytes: 10 });
    expect(snapshot.files).toContainEqual({ path: 'more/vectors.npy', sizeBytes: 300 });
  });

  test('tells what it does', async () => {
    const { commit } = await upload();
    const told = hub.events.filter(({ type }) => type !== 'upload-progress');
    expect(told).toEqual([
      { type: 'upload-start', repository: 'owner/tiny', files: 4, sizeBytes: 1_000_324 },
      { type: 'upload-end', repository: 'owner/tiny', commit, url: expect.any(String), elapsedMs: expect.any(Number) },
    ]);
    const progress = hub.events.filter((event) => event.type === 'upload-progress');
    expect(progress).toContainEqual({
      type: 'upload-progress',
      repository: 'owner/tiny',
      path: 'model.safetensors',
      sentBytes: 1_000_000,
      sizeBytes: 1_000_000,
    });
  });

  test('of a private model is seen by its token alone', async () => {
    await upload({ private: true });
    await expect(hub.client({ token: false }).open({ type: 'model', name: 'owner/tiny' })).rejects.toThrow('401');
    await expectStored('owner/tiny', 'hf_write');
  });

  test('takes the token of HF_TOKEN', async () => {
    await uploadModel(folder, {
      name: 'owner/tiny',
      environment: { HF_ENDPOINT: hub.server.endpoint, HF_TOKEN: 'hf_write\n', HF_HOME: folder },
    });
    await expectStored();
  });

  test('shows the token to the hub and never to the storage', async () => {
    await upload();
    const kinds = (authorization: string | undefined) =>
      new Set(hub.server.requests.filter((one) => one.authorization === authorization).map((one) => one.kind));
    expect([...kinds(undefined)].sort()).toEqual(['large-file-completion', 'large-file-upload']);
    expect([...kinds('Bearer hf_write')].sort()).toEqual([
      'commit',
      'create',
      'large-file-batch',
      'preupload',
      'revision',
    ]);
  });

  test('ends where its signal is aborted', async () => {
    const controller = new AbortController();
    fail('large-file-upload', { stallsAfterBytes: 0 });
    const running = upload({
      signal: controller.signal,
      onEvent: (event) => event.type === 'upload-progress' && controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(hub.requested('commit')).toEqual([]);
  });
});

test('a repository made beforehand is uploaded to', async () => {
  const options = { endpoint: hub.server.endpoint, token: 'hf_write', environment: {} };
  const url = await ensureModelRepository({ name: 'owner/tiny', ...options });
  expect(url).toBe(`${hub.server.endpoint}/owner/tiny`);
  await expect(ensureModelRepository({ name: 'owner/tiny', ...options, token: false })).rejects.toMatchObject({
    code: 'hub-token-missing',
  });
  await expect(ensureModelRepository({ name: 'other/tiny', ...options })).rejects.toMatchObject({
    code: 'hub-forbidden',
  });
  await upload();
  expect(hub.requested('create')).toHaveLength(2);
  await expectStored();
});

const STEPS: readonly RequestKind[] = [
  'revision',
  'create',
  'preupload',
  'large-file-batch',
  'large-file-upload',
  'large-file-completion',
  'commit',
];

describe.each(STEPS)('a failure at the step %s', (kind) => {
  test.each([
    ['status 503', { status: 503 }],
    ['status 429', { status: 429, headers: { 'retry-after': '0' } }],
    ['a connection that ends while the request is sent', { cutsRequestAfterBytes: -1 }],
    ['an answer that is cut off', { hangsUp: true }],
  ])('with %s is tried again', async (_, wrong) => {
    fail(kind, wrong, 1);
    await upload();
    expect(hub.events.filter((event) => event.type === 'retry').length).toBeGreaterThan(0);
    await expectStored();
  });
});

test.each(['preupload', 'large-file-batch', 'commit'] as const)(
  'an answer to %s that breaks off is asked for again',
  async (kind) => {
    fail(kind, { cutAfterBytes: 3 }, 1);
    await upload();
    expect(hub.events.filter((event) => event.type === 'retry')).toHaveLength(1);
    await expectStored();
  },
);

test('a connection that ends in the middle of a file is made again, and the progress counts its bytes once', async () => {
  fail('large-file-upload', { cutsRequestAfterBytes: 100_000 }, 2);
  await upload();
  const sent = hub.events.flatMap((event) => (event.type === 'upload-progress' ? [event.sentBytes] : []));
  expect(Math.max(...sent)).toBe(1_000_000);
  await expectStored();
});

test('an address of the storage that has expired is asked for anew, and what has arrived is not sent again', async () => {
  fail('large-file-upload', { status: 403 }, 1);
  await upload();
  expect(hub.requested('large-file-batch')).toHaveLength(2);
  await expectStored();
});

describe('what is wrong is told in a sentence:', () => {
  const at = (): string => hub.server.endpoint;

  test('no token', async () => {
    await expect(upload({ token: false })).rejects.toMatchObject({
      code: 'hub-token-missing',
      message: `Expected a token to upload the model \`owner/tiny\` to ${at()}, received none. Make one with the role \`write\` at ${at()}/settings/tokens and set HF_TOKEN to it.`,
    });
    expect(hub.server.requests).toEqual([]);
  });

  test('a token that the hub does not know', async () => {
    await expect(upload({ token: 'expired' })).rejects.toMatchObject({
      code: 'hub-unauthorized',
      message: `Expected the token given as \`token\` to be one that ${at()} knows, received status 401, "Invalid username or password.". Make a token with the role \`write\` at ${at()}/settings/tokens and set HF_TOKEN to it.`,
    });
  });

  test('a token that may only read', async () => {
    await expect(upload({ token: 'hf_read' })).rejects.toMatchObject({
      code: 'hub-forbidden',
      message: `Expected the token given as \`token\` to let you write the model \`owner/tiny\` at ${at()}, received status 403, "Forbidden: you must use a write token to upload to a repository.". Use a token with the role \`write\` of an account that may write for \`owner\`, or upload under another owner.`,
    });
  });

  test('an owner for whom the token may not write', async () => {
    await expect(upload({ name: 'other/tiny' })).rejects.toThrow(
      'received status 403, "You don\'t have the rights to create a model under the namespace \\"other\\".". Use a token',
    );
  });

  test('a repository that is gone meanwhile', async () => {
    fail('preupload', { status: 404 });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-repository-not-found',
      message: `Expected the model \`owner/tiny\` at ${at()} to be there while it is uploaded, received status 404. Check the name, and that the token given as \`token\` may read it.`,
    });
  });

  test.each([409, 412])('another upload at the same time, status %d', async (status) => {
    fail('commit', { status });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-conflict',
      message: `Expected the model \`owner/tiny\` at ${at()} to stay as it is during the upload, received status ${status}. Upload again when the other change is done; large files that have arrived are not sent again.`,
    });
    hub.requested('large-file-upload');
    hub.server.misbehave(undefined);
    await upload();
    expect(hub.requested('large-file-upload')).toEqual([]);
  });

  test('a hub that has enough', async () => {
    fail('commit', { status: 429, headers: { 'retry-after': '0' } });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-rate-limited',
      message: `Expected ${at()} to take the upload of the model \`owner/tiny\`, received status 429: too many requests. Wait some minutes and upload again; large files that have arrived are not sent again.`,
    });
  });

  test('a hub that is ill', async () => {
    fail('create', { status: 502 });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-server-error',
      message: `Expected ${at()} to take the upload of the model \`owner/tiny\`, received status 502 again and again. Upload again later; large files that have arrived are not sent again.`,
    });
    expect(hub.requested('create')).toHaveLength(5);
  });

  test('a card that the hub does not take', async () => {
    fail('commit', { status: 400, headers: { 'x-error-message': 'Invalid metadata in README.md.' } });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-upload-refused',
      message: `Expected ${at()} to take the upload of the model \`owner/tiny\`, received status 400, "Invalid metadata in README.md.". Change what it names and upload again.`,
    });
  });

  test('a storage that refuses', async () => {
    fail('large-file-upload', { status: 403 });
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-storage-refused',
      message: expect.stringMatching(
        /^Expected http:\S+, where http:\S+ keeps `m\S+` of the model `owner\/tiny`, to take it, received status 403\. Try again later/,
      ),
    });
  });

  test('no network', async () => {
    await hub.server.close();
    await expect(upload()).rejects.toMatchObject({
      code: 'hub-unreachable',
      message: `Expected an answer from ${at()} for the model \`owner/tiny\`, received ECONNREFUSED. Check the network, the proxy and HF_ENDPOINT, and upload again; large files that have arrived are not sent again.`,
    });
  });

  test('offline', async () => {
    await expect(upload({ environment: { HF_HUB_OFFLINE: '1' } })).rejects.toMatchObject({
      code: 'hub-offline',
      message:
        'Expected to upload the model `owner/tiny`, received none of the network: `HF_HUB_OFFLINE` is set. Leave that out for the upload.',
    });
  });

  test('a public model that was to be private', async () => {
    await upload();
    await expect(upload({ private: true })).rejects.toMatchObject({
      code: 'hub-not-private',
      message: `Expected the model \`owner/tiny\` at ${at()} to be private as asked, received a public one, which is there already. Make it private in its settings, upload under another name, or leave \`private\` out.`,
    });
  });

  test('a folder without a model', async () => {
    await rm(join(folder, 'tokenizer.json'));
    await expect(upload()).rejects.toMatchObject({
      code: 'upload-no-model',
      message: `Expected \`${folder}\` to be a model with model.safetensors and tokenizer.json, received a folder without them. Name the folder that \`StaticEmbedding.save\` or a training run wrote, such as \`output/final\`.`,
    });
    await rm(folder, { recursive: true });
    await expect(upload()).rejects.toThrow('received nothing there.');
  });

  test('a name without an owner', async () => {
    await expect(upload({ name: 'tiny' })).rejects.toMatchObject({
      code: 'hub-invalid-repository',
      message:
        "Expected a model or dataset named `owner/name`, received the model `tiny`. Write the name as the hub's page has it.",
    });
  });
});
