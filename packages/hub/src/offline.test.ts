import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HubCase, hubCase } from './fixtures/hub-case.js';

const MODEL = { type: 'model', name: 'owner/tiny' } as const;
const FILES = { 'README.md': '# tiny\n', 'config.json': '{}' };

let hub: HubCase;
let commit: string;

beforeEach(async () => {
  hub = await hubCase();
  commit = hub.server.add({ ...MODEL, files: FILES });
});
afterEach(() => hub.close());

const folder = (...parts: string[]): string => join(hub.cacheFolder, 'models--owner--tiny', ...parts);

async function fillCache(): Promise<void> {
  const snapshot = await hub.client().open(MODEL);
  await snapshot.download('README.md');
  hub.server.requests.length = 0;
}

describe('offline', () => {
  test('the cache gives what it holds, without a request', async () => {
    await fillCache();
    const snapshot = await hub.client({ environment: { HF_HUB_OFFLINE: '1' } }).open(MODEL);
    expect(snapshot.commit).toBe(commit);
    expect(snapshot.files.map((file) => file.path)).toEqual(['README.md', 'config.json']);
    expect(await readFile(await snapshot.download('README.md'), 'utf8')).toBe('# tiny\n');
    expect(hub.server.requests).toEqual([]);
  });

  test('a file that was never downloaded is refused', async () => {
    await fillCache();
    const snapshot = await hub.client({ environment: { HF_HUB_OFFLINE: '1' } }).open(MODEL);
    await expect(snapshot.download('config.json')).rejects.toThrow(
      `Expected \`config.json\` of the model \`owner/tiny\` at revision \`main\` in the cache at ${hub.cacheFolder}, received nothing there, and \`HF_HUB_OFFLINE\` is set. Go online once to download it, or point HF_HUB_CACHE to the cache that holds it.`,
    );
  });

  test('a revision that was never looked up is refused', async () => {
    await fillCache();
    await expect(hub.client({ offline: true }).open({ ...MODEL, revision: 'v2' })).rejects.toThrow(
      `Expected the model \`owner/tiny\` at revision \`v2\` in the cache at ${hub.cacheFolder}, received nothing there, and \`offline\` is true. Go online once`,
    );
    expect(hub.server.requests).toEqual([]);
  });

  test('a cache without listings, as older versions of huggingface_hub leave it, is read', async () => {
    const blob = folder('blobs', '9e26dfeeb6e641a33dae4961196235bdb965b21b');
    const pointer = folder('snapshots', commit, 'onnx', 'config.json');
    for (const file of [blob, pointer, folder('refs', 'main')]) await mkdir(dirname(file), { recursive: true });
    await writeFile(blob, '{}');
    await symlink('../../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b', pointer);
    await writeFile(folder('refs', 'main'), commit);
    const snapshot = await hub.client({ offline: true }).open(MODEL);
    expect(snapshot.files).toEqual([{ path: 'onnx/config.json', sizeBytes: 2 }]);
    expect(await snapshot.download('onnx/config.json')).toBe(pointer);
  });
});

describe('online', () => {
  test('a whole commit that is in the cache needs no request', async () => {
    await fillCache();
    const snapshot = await hub.client().open({ ...MODEL, revision: commit });
    await snapshot.download('README.md');
    expect(hub.server.requests).toEqual([]);
  });

  test('a branch that has moved on is read anew', async () => {
    await fillCache();
    hub.server.add({ ...MODEL, files: { 'README.md': '# new\n' } });
    const snapshot = await hub.client().open(MODEL);
    expect(await readFile(await snapshot.download('README.md'), 'utf8')).toBe('# new\n');
  });

  test('a hub that is down is asked once, then the cache is used and the user is told', async () => {
    await fillCache();
    hub.server.misbehave(() => ({ status: 502 }));
    const snapshot = await hub.client().open(MODEL);
    expect(await readFile(await snapshot.download('README.md'), 'utf8')).toBe('# tiny\n');
    expect(hub.server.requests).toHaveLength(1);
    expect(hub.events.at(-1)).toMatchObject({ type: 'hub-unreachable', repository: 'owner/tiny', commit });
  });

  test('a commit without a listing in the cache is asked for once where the hub is down', async () => {
    await fillCache();
    await rm(folder('trees'), { recursive: true });
    hub.server.misbehave(() => ({ hangsUp: true }));
    const snapshot = await hub.client().open({ ...MODEL, revision: commit });
    expect(snapshot.files).toEqual([{ path: 'README.md', sizeBytes: 7 }]);
    expect(hub.server.requests).toHaveLength(1);
  });

  test('a refusal is no reason to use the cache', async () => {
    await fillCache();
    hub.server.misbehave(() => ({ status: 403 }));
    await expect(hub.client().open(MODEL)).rejects.toThrow('received status 403');
  });

  test('a stored listing that cannot be read is asked for again', async () => {
    await fillCache();
    await writeFile(folder('trees', `${commit}.json`), '{"format_version":1,"files":{"README.md":{"size":-1}}}');
    expect((await hub.client().open(MODEL)).files).toHaveLength(2);
    await rm(folder('trees'), { recursive: true });
    expect((await hub.client().open(MODEL)).files).toHaveLength(2);
  });
});
