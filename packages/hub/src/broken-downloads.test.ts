import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HubCase, holds, hubCase, someBytes } from './fixtures/hub-case.js';

const MODEL = { type: 'model', name: 'owner/tiny' } as const;
const SIZE = 200_000;
const WEIGHTS = someBytes(SIZE);
const OFFSETS = [0, 1, 100, 65_535, 65_536, 131_072, SIZE - 1];

let hub: HubCase;

beforeEach(async () => {
  hub = await hubCase();
  hub.server.add({ ...MODEL, files: { 'model.safetensors': WEIGHTS, 'small.txt': 'a small file' } });
});
afterEach(() => hub.close());

/** What lies among the blobs and is none. */
async function leftovers(): Promise<readonly string[]> {
  const names = await readdir(join(hub.cacheFolder, 'models--owner--tiny', 'blobs'));
  return names.filter((name) => !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name));
}

/** The first byte that each request to the storage asked for. */
function askedFrom(): readonly number[] {
  return hub.requested('large-file').map((request) => Number(/bytes=(\d+)-$/.exec(request)?.[1] ?? 0));
}

/** Node's fetch drops what it has received and not yet handed on when the connection breaks. */
function expectUpTo(received: number, offset: number): void {
  expect(received).toBeGreaterThanOrEqual(0);
  expect(received).toBeLessThanOrEqual(offset);
}

/** Lets the storage's next answers be cut off after so many bytes each, then right. */
function cutAfter(...bytes: number[]): void {
  const cuts = [...bytes];
  hub.server.misbehave(({ kind }) => {
    const cutAfterBytes = kind === 'large-file' ? cuts.shift() : undefined;
    return cutAfterBytes === undefined ? undefined : { cutAfterBytes };
  });
}

describe('a connection that is cut off', () => {
  test.each(OFFSETS)('after %i bytes goes on from there', async (offset) => {
    cutAfter(offset);
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
    const [first, second = -1] = askedFrom();
    expect(first).toBe(0);
    expectUpTo(second, offset);
    expect(await leftovers()).toEqual([]);
  });

  test.each(OFFSETS)('after %i bytes for good leaves no file, and the next run goes on from there', async (offset) => {
    cutAfter(offset);
    const first = await hub.client({ attempts: 1 }).open(MODEL);
    const message = await first.download('model.safetensors').catch((error: Error) => error.message);
    const [, received = ''] =
      /^Expected the 200000 bytes of `model.safetensors` of the model `owner\/tiny`, received (\d+) and then \w+, again and again\. Run it again: the download goes on from there\.$/.exec(
        message,
      ) ?? [];
    expectUpTo(Number.parseInt(received, 10), offset);
    const left = received === '0' ? [] : ['free.incomplete'];
    expect((await leftovers()).map((name) => name.split('.').slice(1).join('.'))).toEqual(left);
    await expect(hub.client({ offline: true }).open(MODEL)).rejects.toThrow(/^Expected the model .* received nothing/);

    hub.requested('large-file');
    const second = await hub.client().open(MODEL);
    expect(await holds(await second.download('model.safetensors'), WEIGHTS)).toBe(true);
    expect(askedFrom()).toEqual([Number(received)]);
    expect(await leftovers()).toEqual([]);
  });

  test('at any byte, in any file, never leaves one that later reads as whole', async () => {
    const sizes = fc.integer({ min: 1, max: 40_000 });
    const names = fc.constantFrom('model.safetensors', 'small.txt');
    await fc.assert(
      fc.asyncProperty(
        names,
        sizes,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (file, size, share) => {
          const place = await hubCase();
          try {
            const bytes = someBytes(size);
            place.server.add({ ...MODEL, files: { [file]: bytes } });
            const cutAfterBytes = Math.floor(share * size);
            place.server.misbehave(({ kind }) =>
              kind === 'large-file' || kind === 'small-file' ? { cutAfterBytes } : undefined,
            );
            const first = await place.client({ attempts: 1 }).open(MODEL);
            await expect(first.download(file)).rejects.toThrow(/^Expected the \d+ bytes of `\w+\.\w+`/);
            const blobs = join(place.cacheFolder, 'models--owner--tiny', 'blobs');
            for (const name of await readdir(blobs).catch(() => [])) expect(name).toMatch(/\.incomplete$/);
            const offline = place.client({ offline: true }).open(MODEL);
            await expect(offline.then((snapshot) => snapshot.download(file))).rejects.toThrow(/^Expected /);
            place.server.misbehave(() => undefined);
            const second = await place.client().open(MODEL);
            expect(await holds(await second.download(file), bytes)).toBe(true);
          } finally {
            await place.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('as often as it gets on by a little does not count against the attempts', async () => {
    cutAfter(...Array.from({ length: 15 }, () => 10_000));
    const snapshot = await hub.client({ attempts: 5 }).open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
  });

  test('on a server without ranges begins anew', async () => {
    const cuts = [50_000, 120_000];
    hub.server.misbehave(({ kind }) => {
      if (kind !== 'large-file') return undefined;
      const cutAfterBytes = cuts.shift();
      return { ignoresRange: true, ...(cutAfterBytes === undefined ? {} : { cutAfterBytes }) };
    });
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
    const [first, second = -1, third = -1] = askedFrom();
    expect(first).toBe(0);
    expectUpTo(second, 50_000);
    expectUpTo(third, 120_000);
  });

  test('in a listing is asked for again', async () => {
    const cuts = [10];
    hub.server.misbehave(({ kind }) => {
      const cutAfterBytes = kind === 'tree' ? cuts.shift() : undefined;
      return cutAfterBytes === undefined ? undefined : { cutAfterBytes };
    });
    expect((await hub.client().open(MODEL)).files).toHaveLength(2);
  });
});

describe('what an earlier download has left', () => {
  async function leave(bytes: Uint8Array): Promise<void> {
    const snapshot = await hub.client().open(MODEL);
    const path = await snapshot.download('model.safetensors');
    const blobs = join(hub.cacheFolder, 'models--owner--tiny', 'blobs');
    const [blob = ''] = (await readdir(blobs)).filter((name) => name.length === 64);
    await rename(join(blobs, blob), join(blobs, `${blob}.free.incomplete`));
    await writeFile(join(blobs, `${blob}.free.incomplete`), bytes);
    await rename(path, `${path}.old`);
    hub.requested('large-file');
  }

  test('and is wrong is found out, and downloaded once more from the start', async () => {
    await leave(someBytes(90_000).fill(0, 0, 10));
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
    expect(askedFrom()).toEqual([90_000, 0]);
  });

  test('and is whole is checked and used without a request', async () => {
    await leave(WEIGHTS);
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
    expect(hub.requested('large-file')).toEqual([]);
  });

  test('and is longer than the file is thrown away', async () => {
    await leave(someBytes(SIZE + 10));
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
    expect(askedFrom()).toEqual([0]);
  });

  test('is begun anew where the server sees no such range', async () => {
    await leave(someBytes(1000));
    hub.server.misbehave(({ kind, range }) => (kind === 'large-file' && range ? { status: 416 } : undefined));
    const snapshot = await hub.client().open(MODEL);
    expect(await holds(await snapshot.download('model.safetensors'), WEIGHTS)).toBe(true);
  });

  test('is refused a part that begins elsewhere', async () => {
    await leave(someBytes(1000));
    hub.server.misbehave(({ kind, range }) =>
      kind === 'large-file' && range ? { headers: { 'content-range': `bytes 999-${SIZE - 1}/${SIZE}` } } : undefined,
    );
    const snapshot = await hub.client().open(MODEL);
    await expect(snapshot.download('model.safetensors')).rejects.toThrow(
      `Expected ${hub.server.endpoint} to answer with bytes 1000 to 199999 of \`model.safetensors\` for the model \`owner/tiny\`, received \`bytes 999-199999/200000\`. Check HF_ENDPOINT and the proxy, or try again.`,
    );
    expect(await leftovers()).toEqual([]);
  });
});
