import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubCase, holds, hubCase, someBytes } from './fixtures/hub-case.js';

const MODEL = { type: 'model', name: 'owner/tiny' } as const;
const WEIGHTS = someBytes(900_000);

function run(command: string, ...parts: readonly string[]): void {
  execFileSync(command, parts, { stdio: 'ignore' });
}

/** A folder on a file system of its own, or undefined where this user may mount none. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'embedbag-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', folder);
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();
let hub: HubCase;

beforeAll(async () => {
  hub = await hubCase();
  hub.server.add({ ...MODEL, files: { 'model.safetensors': WEIGHTS } });
});
afterAll(async () => {
  await hub.close();
  if (disk === undefined) return;
  run('umount', disk);
  rmSync(disk, { recursive: true });
});

function remount(options: string): void {
  run('mount', '-o', `remount,${options}`, disk ?? '');
}

test.skipIf(disk === undefined)(
  'a full disk, and one that cannot be written, are told of and lose nothing',
  async () => {
    const cacheFolder = join(disk ?? '', 'cache');
    const snapshot = await hub.client({ cacheFolder }).open(MODEL);
    await expect(snapshot.download('model.safetensors')).rejects.toThrow(
      `Expected a cache that can be read and written at ${cacheFolder}, received ENOSPC. Free some space, or set HF_HUB_CACHE to another folder.`,
    );

    remount('size=3m');
    hub.requested('large-file');
    const path = await snapshot.download('model.safetensors');
    expect(await holds(path, WEIGHTS)).toBe(true);
    expect(hub.requested('large-file')[0]).toMatch(/ bytes=[1-9]\d+-$/);

    remount('ro');
    expect(await (await hub.client({ cacheFolder }).open(MODEL)).download('model.safetensors')).toBe(path);
    hub.server.add({ ...MODEL, files: { 'new.txt': 'new' } });
    const changed = await hub.client({ cacheFolder }).open(MODEL);
    await expect(changed.download('new.txt')).rejects.toThrow(
      /received EROFS for .* Check its permissions and the disk, or set/,
    );
  },
);
