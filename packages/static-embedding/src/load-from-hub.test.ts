import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hub } from '@embedbag/core';
import { createHub } from '@embedbag/hub';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, FILES, modelFolder } from './fixtures/model-folder.js';
import { TEXTS, tinyModel } from './fixtures/tiny-model.js';

const place = modelFolder();
let server: LocalHub;
let hub: Hub;

async function filesBelow(folder: string): Promise<Record<string, Uint8Array>> {
  const names = await readdir(folder);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))])));
}

beforeEach(async () => {
  await place.open();
  server = await startLocalHub();
  hub = createHub({ endpoint: server.endpoint, cacheFolder: join(place.root, 'cache'), environment: {}, attempts: 1 });
});
afterEach(async () => {
  await place.close();
  await server.close();
});

describe('load, from a hub,', () => {
  it('gives the embeddings of the model that was saved', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    server.add({ name: 'owner/tiny', files: await filesBelow(place.folder) });
    const loaded = await place.load('owner/tiny', { hub });
    expect(loaded.encode(TEXTS).data).toEqual(model.encode(TEXTS).data);
  });

  it('downloads only what it reads, of the revision it is asked for', async () => {
    const files = { ...(await savedFiles()), 'onnx/model.onnx': 'large', 'pytorch_model.bin': 'large' };
    server.add({ name: 'owner/tiny', files, revision: 'v1.0' });
    await place.load('owner/tiny@v1.0', { hub });
    const [commit = ''] = await readdir(join(place.root, 'cache/models--owner--tiny/snapshots'));
    const names = await readdir(join(place.root, 'cache/models--owner--tiny/snapshots', commit));
    expect(names.sort()).toEqual(FILES.filter((name) => name !== 'README.md'));
  });

  it('reads a folder inside the repository where modules.json says so', async () => {
    const { 'model.safetensors': weights = '', 'tokenizer.json': tokenizer = '', ...rest } = await savedFiles();
    const modules = [
      { idx: 0, name: '0', path: '0_StaticEmbedding', type: 'sentence_transformers.models.StaticEmbedding' },
    ];
    const files = {
      ...rest,
      'modules.json': JSON.stringify(modules),
      '0_StaticEmbedding/model.safetensors': weights,
      '0_StaticEmbedding/tokenizer.json': tokenizer,
    };
    server.add({ name: 'owner/nested', files });
    expect((await place.load('owner/nested', { hub })).dimension).toBe(6);
  });

  it('prefers a folder at the path', async () => {
    server.add({ name: 'owner/tiny', files: { 'README.md': 'no model' } });
    await (await place.tiny()).save(place.folder);
    expect((await place.load(place.folder, { hub })).dimension).toBe(6);
    expect(server.requests).toEqual([]);
  });

  it('says where a hub comes from when it needs one', async () => {
    const error = await errorOf(place.load('owner/tiny'));
    expect(error.message).toBe(
      'Expected `owner/tiny` to be a path on this machine, received none there and no `hub` to look for a model of that name. Check the path, or give `hub: createHub()` of @embedbag/hub.',
    );
  });

  it('names the repository that lacks the weights', async () => {
    const { 'model.safetensors': _, ...files } = await savedFiles();
    server.add({ name: 'owner/tiny', files: { ...files, 'pytorch_model.bin': 'x' } });
    const error = await errorOf(place.load('owner/tiny', { hub }));
    expect(error.message).toBe(
      'Expected `model.safetensors` in `owner/tiny@main`, received no such file. Download or save the model again, with its weights as safetensors.',
    );
  });

  it('says of an id that is not there that there is no folder either', async () => {
    const error = await errorOf(place.load('my-model/fnal', { hub }));
    expect(error.message).toBe(
      `Expected the model \`my-model/fnal\` at ${server.endpoint} to be public, received status 401: there is none, or it is private. Check the name, or set HF_TOKEN to a token that may read it. There is nothing at the path \`my-model/fnal\` on this machine either.`,
    );
  });
});

async function savedFiles(): Promise<Record<string, string | Uint8Array>> {
  const model = await tinyModel();
  const folder = join(place.root, 'saved');
  await model.save(folder);
  model.dispose();
  return filesBelow(folder);
}
