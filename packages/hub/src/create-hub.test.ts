import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHub } from './create-hub.js';
import { type HubCase, holds, hubCase, someBytes } from './fixtures/hub-case.js';

const MODEL = { type: 'model', name: 'owner/tiny' } as const;
const WEIGHTS = someBytes(300_000);
const FILES = { 'README.md': '# tiny\n', 'model.safetensors': WEIGHTS, 'onnx/config.json': '{}', empty: '' };
/** What `git hash-object` says of the file. */
const README_BLOB = '8e2e871357bef652084a73f7173adc5eb8859a33';

let hub: HubCase;
let commit: string;

beforeEach(async () => {
  hub = await hubCase();
  commit = hub.server.add({ ...MODEL, files: FILES });
});
afterEach(() => hub.close());

const folder = (...parts: string[]): string => join(hub.cacheFolder, 'models--owner--tiny', ...parts);

describe('a repository', () => {
  test('is listed with its commit, its files and their sizes', async () => {
    const snapshot = await hub.client().open(MODEL);
    expect(snapshot.commit).toBe(commit);
    expect(snapshot.repository).toEqual({ ...MODEL, revision: 'main' });
    expect(snapshot.files).toEqual([
      { path: 'README.md', sizeBytes: 7 },
      { path: 'empty', sizeBytes: 0 },
      { path: 'model.safetensors', sizeBytes: 300_000 },
      { path: 'onnx/config.json', sizeBytes: 2 },
    ]);
  });

  test('is listed page by page', async () => {
    const paged = await hubCase({ pageSize: 7 });
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`data/${index}.txt`, `${index}`]));
    paged.server.add({ type: 'dataset', name: 'owner/rows', files });
    const snapshot = await paged.client().open({ type: 'dataset', name: 'owner/rows' });
    expect(snapshot.files.map((file) => file.path)).toEqual(Object.keys(files).sort());
    expect(paged.requested('tree')).toHaveLength(6);
    await paged.close();
  });

  test.each(['v1.0', 'refs/convert/parquet', 'a-branch'])('is opened at the revision %s', async (revision) => {
    const other = hub.server.add({ ...MODEL, files: { 'other.txt': revision }, revision });
    const snapshot = await hub.client().open({ ...MODEL, revision });
    expect(snapshot.commit).toBe(other);
    expect(await readFile(await snapshot.download('other.txt'), 'utf8')).toBe(revision);
    expect(await readFile(folder('refs', ...revision.split('/')), 'utf8')).toBe(other);
  });

  test('of datasets has folders and addresses of its own', async () => {
    hub.server.add({ type: 'dataset', name: 'owner/tiny', files: { 'train.csv': 'a\n1\n' } });
    const snapshot = await hub.client().open({ type: 'dataset', name: 'owner/tiny' });
    expect(await snapshot.download('train.csv')).toBe(
      join(hub.cacheFolder, 'datasets--owner--tiny', 'snapshots', snapshot.commit, 'train.csv'),
    );
  });

  test('that is private opens with its token, which the storage does not get to see', async () => {
    hub.server.add({ ...MODEL, name: 'owner/secret', files: FILES, token: 'hf_right' });
    const snapshot = await hub.client({ token: 'hf_right' }).open({ ...MODEL, name: 'owner/secret' });
    const path = await snapshot.download('model.safetensors');
    expect(await holds(path, WEIGHTS)).toBe(true);
    const stored = hub.server.requests.filter((request) => request.kind === 'large-file');
    expect(stored.map((request) => request.authorization)).toEqual([undefined]);
  });
});

describe('a download', () => {
  test('lies in the cache as huggingface_hub lays it out', async () => {
    const snapshot = await hub.client().open(MODEL);
    const readme = await snapshot.download('README.md');
    const weights = await snapshot.download('model.safetensors');
    const config = await snapshot.download('onnx/config.json');
    expect(readme).toBe(folder('snapshots', commit, 'README.md'));
    expect(await holds(weights, WEIGHTS)).toBe(true);
    expect(await readlink(readme)).toBe(`../../blobs/${README_BLOB}`);
    expect(await readlink(config)).toBe('../../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b');
    expect(await readFile(folder('refs', 'main'), 'utf8')).toBe(commit);
    expect((await readdir(folder())).sort()).toEqual(['blobs', 'refs', 'snapshots', 'trees']);
    expect(JSON.parse(await readFile(folder('trees', `${commit}.json`), 'utf8')).files['README.md']).toEqual({
      size: 7,
      blob_id: README_BLOB,
    });
    expect((await readdir(folder('blobs'))).filter((name) => !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name))).toEqual([]);
  });

  test('is made once for a blob, whatever it is called', async () => {
    hub.server.add({ ...MODEL, files: { ...FILES, 'copy.safetensors': WEIGHTS }, revision: 'v2' });
    const first = await hub.client().open(MODEL);
    await first.download('model.safetensors');
    await first.download('model.safetensors');
    const second = await hub.client().open({ ...MODEL, revision: 'v2' });
    await second.download('copy.safetensors');
    expect(hub.requested('large-file')).toHaveLength(1);
  });

  test('of an empty file gives an empty file', async () => {
    const snapshot = await hub.client().open(MODEL);
    expect(await readFile(await snapshot.download('empty'), 'utf8')).toBe('');
  });

  test('is copied into the snapshot where links are not wanted', async () => {
    const snapshot = await hub.client({ environment: { HF_HUB_DISABLE_SYMLINKS: '1' }, token: false }).open(MODEL);
    const path = await snapshot.download('model.safetensors');
    expect((await lstat(path)).isSymbolicLink()).toBe(false);
    expect(await holds(path, WEIGHTS)).toBe(true);
  });

  test('tells how it gets on', async () => {
    const snapshot = await hub.client().open(MODEL);
    await snapshot.download('model.safetensors');
    const names = { repository: 'owner/tiny', path: 'model.safetensors', sizeBytes: 300_000 };
    expect(hub.events[0]).toEqual({ type: 'download-start', ...names, resumedBytes: 0 });
    expect(hub.events.at(-1)).toMatchObject({ type: 'download-end', ...names });
    expect(hub.events.some((event) => event.type === 'download-progress')).toBe(true);
  });

  test('replaces a blob and a file that were cut short by someone else', async () => {
    const snapshot = await hub.client().open(MODEL);
    const path = await snapshot.download('model.safetensors');
    await writeFile(path, WEIGHTS.subarray(0, 1000));
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
  });

  test('ends when its signal is aborted, and the next one goes on from there', async () => {
    const controller = new AbortController();
    hub.server.misbehave(({ kind }) => (kind === 'large-file' ? { stallsAfterBytes: 100_000 } : undefined));
    const client = hub.client({ onEvent: (event) => event.type === 'download-progress' && controller.abort() });
    const snapshot = await client.open(MODEL);
    await expect(snapshot.download('model.safetensors', controller.signal)).rejects.toThrow(/aborted/);
    hub.server.misbehave(undefined);
    await snapshot.download('model.safetensors', new AbortController().signal);
    expect(hub.requested('large-file').at(-1)).toMatch(/ bytes=[1-9]\d*-$/);
  });
});

describe('the environment', () => {
  test('names the hub, the cache and the token', async () => {
    hub.server.add({ ...MODEL, name: 'owner/secret', files: FILES, token: 'hf_right' });
    const HF_HOME = join(hub.cacheFolder, 'home');
    const environment = { HF_ENDPOINT: `${hub.server.endpoint}/`, HF_HOME, HF_TOKEN: ' hf_right\n' };
    const client = createHub({ environment });
    expect(client.name).toBe(hub.server.endpoint);
    const snapshot = await client.open({ ...MODEL, name: 'owner/secret' });
    const path = await snapshot.download('README.md');
    expect(path.startsWith(join(HF_HOME, 'hub', 'models--owner--secret'))).toBe(true);
  });

  test('leads to the file of the token', async () => {
    hub.server.add({ ...MODEL, name: 'owner/secret', files: FILES, token: 'hf_right' });
    const HF_HOME = join(hub.cacheFolder, 'home');
    await mkdir(HF_HOME);
    await writeFile(join(HF_HOME, 'token'), 'hf_right\n');
    const client = hub.client({ environment: { HF_HOME } });
    expect((await client.open({ ...MODEL, name: 'owner/secret' })).files).toHaveLength(4);
  });

  test('puts the cache where HF_HUB_CACHE says, before HF_HOME', async () => {
    const HF_HUB_CACHE = join(hub.cacheFolder, 'elsewhere');
    const client = createHub({ endpoint: hub.server.endpoint, environment: { HF_HUB_CACHE, HF_HOME: '/nowhere' } });
    const snapshot = await client.open(MODEL);
    expect((await snapshot.download('README.md')).startsWith(HF_HUB_CACHE)).toBe(true);
  });
});
