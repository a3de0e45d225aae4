import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub } from '@embedbag/hub';
import { startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.js';
import { trainWordPiece } from './train-word-piece.js';

let folder = '';
const json = trainWordPiece(['one two three'], { vocabularySize: 30 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  await writeFile(join(folder, 'tokenizer.json'), json);
  await writeFile(join(folder, 'broken.json'), '{"model": 1}');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('loadTokenizer', () => {
  it('reads a file, and the tokenizer.json of a folder', async () => {
    for (const path of [folder, join(folder, 'tokenizer.json')]) {
      const tokenizer = await loadTokenizer(path);
      expect(tokenizer.toJson()).toBe(json);
      expect(tokenizer.tokenize(['one']).ids.length).toBeGreaterThan(0);
    }
  });

  it('names the path of a file that is not there', async () => {
    const path = join(folder, 'nothing');
    await expect(loadTokenizer(path)).rejects.toThrow(
      `Expected a tokenizer.json at \`${path}\`, received ENOENT. Give the path of the file or of the folder that holds it, or the id of a model on the hub.`,
    );
  });

  it('names the path of a file that is no tokenizer', async () => {
    const path = join(folder, 'broken.json');
    await expect(loadTokenizer(path)).rejects.toThrow(`Expected \`model\` of \`${path}\` to be an object, received 1.`);
  });
});

describe('loadTokenizer, from a hub,', () => {
  it('reads the tokenizer of a model', async () => {
    const server = await startLocalHub();
    server.add({ name: 'owner/tiny', files: { 'tokenizer.json': json, 'model.safetensors': 'not needed' } });
    const hub = createHub({ endpoint: server.endpoint, cacheFolder: join(folder, 'cache'), environment: {} });
    expect((await loadTokenizer('owner/tiny@main', { hub })).toJson()).toBe(json);
    await expect(loadTokenizer(folder, { hub })).resolves.toBeDefined();
    expect(server.requests.map((request) => request.kind)).toEqual(['revision', 'tree', 'resolve', 'small-file']);
    await server.close();
  });

  it('says where a hub comes from when it needs one', async () => {
    await expect(loadTokenizer('google-bert/bert-base-uncased')).rejects.toThrow(
      'Expected `google-bert/bert-base-uncased` to be a path on this machine, received none there and no `hub` to look for a model of that name. Check the path, or give `hub: createHub()` of @embedbag/hub.',
    );
  });
});
