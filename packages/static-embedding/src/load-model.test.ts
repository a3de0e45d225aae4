import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKernels } from '@embedbag/kernels';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, FILES, modelFolder } from './fixtures/model-folder.js';
import { countingKernels, TEXTS, tinyTokenizerJson } from './fixtures/tiny-model.js';
import { StaticEmbedding } from './static-embedding.js';

const place = modelFolder();
beforeEach(place.open);
afterEach(place.close);

describe('load', () => {
  it('reads the table straight into the memory of the kernels, whatever the backend', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    const kernels = await createKernels({ threads: 1 });
    const loaded = await StaticEmbedding.load(place.folder, { kernels });
    expect(loaded.table.data.slice()).toEqual(model.table.data);
    loaded.dispose();
    kernels.dispose();
  });

  it('reads files in memory', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    const files: Record<string, Uint8Array> = {};
    for (const name of FILES) files[name] = await readFile(join(place.folder, name));
    expect((await place.load({ files })).encode(TEXTS)).toEqual(model.encode(TEXTS));
    const { 'tokenizer.json': _, ...rest } = files;
    await expect(place.load({ files: rest })).rejects.toThrow(
      'Expected `tokenizer.json` in `files`, received no such file. Download or save the model again, with its tokenizer.',
    );
  });

  it('loads the first columns only', async () => {
    const model = await place.tiny();
    model.calibrate(TEXTS);
    await model.save(place.folder);
    const narrow = await place.load(place.folder, { truncateDim: 4 });
    expect(narrow.encode(TEXTS, { precision: 'int8' })).toEqual(
      model.encode(TEXTS, { precision: 'int8', truncateDim: 4 }),
    );
    const error = await errorOf(place.load(place.folder, { truncateDim: 7 }));
    expect(error.code).toBe('dimension-too-large');
    expect(error.message).toBe(
      "Expected `truncateDim` to be at most the model's 6 dimensions, received 7. Lower it or train a wider StaticEmbedding.",
    );
  });

  it('obeys a Normalize module', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    const modules = JSON.parse(await readFile(join(place.folder, 'modules.json'), 'utf8')) as unknown[];
    modules.push({ idx: 1, name: '1', path: '1_Normalize', type: 'sentence_transformers.models.Normalize' });
    await writeFile(join(place.folder, 'modules.json'), JSON.stringify(modules));
    const loaded = await place.load(place.folder);
    expect(loaded.encode(TEXTS)).toEqual(model.encode(TEXTS, { normalize: true }));
    expect(loaded.encode(TEXTS, { normalize: false })).toEqual(model.encode(TEXTS));
    await loaded.save(join(place.root, 'copy'));
    expect((await place.load(join(place.root, 'copy'))).config.normalize).toBe(true);
  });

  it('cuts texts where the tokenizer.json says so, at either end', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    const tokenizer = JSON.parse(tinyTokenizerJson()) as Record<string, unknown>;
    for (const [direction, text] of [
      ['Right', 'the cat'],
      ['Left', 'the sat'],
    ]) {
      tokenizer.truncation = { direction, max_length: 2, strategy: 'LongestFirst', stride: 0 };
      await writeFile(join(place.folder, 'tokenizer.json'), JSON.stringify(tokenizer));
      const embeddings = (await place.load(place.folder)).encode(['the cat and the sat', 'cat']);
      expect(embeddings).toEqual(model.encode([text!, 'cat']));
    }
  });

  it('drops the unknown token and cuts long texts in model2vec mode', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    await writeFile(join(place.folder, 'config.json'), '{"max_length":3}');
    const loaded = await place.load(place.folder, { mode: 'model2vec' });
    expect(loaded.encode('你 the 你 cat sat on')).toEqual(model.encode('the'));
    expect(loaded.encode('你')).toEqual(new Float32Array(6));
    await writeFile(join(place.folder, 'config.json'), '{"max_length":null}');
    const unlimited = await place.load(place.folder, { mode: 'model2vec' });
    expect(unlimited.encode('你 the 你 cat sat on')).toEqual(model.encode('the cat sat on'));
  });

  it('reads a folder with the settings of both as sentence-transformers does', async () => {
    await (await place.tiny()).save(place.folder);
    await writeFile(join(place.folder, 'config.json'), '{"normalize":true}');
    expect((await place.load(place.folder)).config).toMatchObject({ mode: 'sentence-transformers', normalize: false });
    expect((await place.load(place.folder, { mode: 'model2vec' })).config).toMatchObject({ normalize: true });
  });

  it('takes nothing from the kernels when it fails', async () => {
    await (await place.tiny()).save(place.folder);
    await writeFile(join(place.folder, 'quantization_ranges.json'), '{}');
    const { kernels, held } = countingKernels();
    await expect(place.load(place.folder, { kernels })).rejects.toThrow('quantization_ranges.json');
    expect(held()).toBe(0);
  });
});
