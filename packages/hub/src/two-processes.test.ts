import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type HubCase, holds, hubCase, someBytes } from './fixtures/hub-case.js';

const MODEL = { type: 'model', name: 'owner/tiny' } as const;
const WEIGHTS = someBytes(2_000_000);

let programs: HubCase;
let program: string;
let hub: HubCase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  programs = await hubCase();
  program = join(programs.cacheFolder, 'download.mjs');
  const entry = fileURLToPath(new URL('create-hub.ts', import.meta.url));
  await build({
    stdin: {
      contents: `import { createHub } from ${JSON.stringify(entry)};
        const snapshot = await createHub({ onEvent: (event) => console.log(JSON.stringify(event)) })
          .open({ type: 'model', name: 'owner/tiny' });
        await snapshot.download('model.safetensors');`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@embedbag/source'],
    external: ['cli-progress'],
    outfile: program,
    logLevel: 'silent',
  });
});
afterAll(() => programs.close());
beforeEach(async () => {
  hub = await hubCase();
  hub.server.add({ ...MODEL, files: { 'model.safetensors': WEIGHTS } });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await hub.close();
});

/** Another process that downloads the weights into the same cache. */
function downloading(): ChildProcess {
  const child = spawn(process.execPath, [program], {
    env: { HF_ENDPOINT: hub.server.endpoint, HF_HUB_CACHE: hub.cacheFolder, HF_HOME: hub.cacheFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function blobs(): Promise<readonly string[]> {
  return readdir(join(hub.cacheFolder, 'models--owner--tiny', 'blobs'));
}

test('several processes that download the same file all get it whole', async () => {
  const exits = await Promise.all([1, 2, 3].map(() => once(downloading(), 'exit')));
  expect(exits.map(([code]) => code)).toEqual([0, 0, 0]);
  const snapshot = await hub.client({ offline: true }).open(MODEL);
  expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
  expect((await blobs()).filter((name) => name.length !== 64)).toEqual([]);
});

test('a process waits for another that is at it, and takes over where that one is killed', async () => {
  hub.server.misbehave(({ kind }) => (kind === 'large-file' ? { stallsAfterBytes: 1_500_000 } : undefined));
  const child = downloading();
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  while (hub.requested('large-file').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  hub.server.misbehave(undefined);

  const snapshot = await hub.client().open(MODEL);
  const download = snapshot.download('model.safetensors');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(hub.requested('large-file')).toEqual([]);

  child.kill('SIGKILL');
  expect(await holds(await download, WEIGHTS)).toBe(true);
  const [request = ''] = hub.requested('large-file');
  expect(request).toMatch(/ bytes=[1-9]\d+-$/);
  expect((await blobs()).filter((name) => name.length !== 64)).toEqual([]);
});
