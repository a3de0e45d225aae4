import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, FILES, modelFolder } from './fixtures/model-folder.js';
import { TEXTS, tinyTokenizerJson } from './fixtures/tiny-model.js';

const golden = fileURLToPath(new URL('../../../../shared/golden/models/', import.meta.url));
const place = modelFolder();
beforeEach(place.open);
afterEach(place.close);

describe('save', () => {
  it('writes the files of sentence-transformers and nothing beside them', async () => {
    await (await place.tiny()).save(place.folder);
    expect(await readdir(place.root)).toEqual(['model']);
    expect((await readdir(place.folder)).sort()).toEqual(FILES);
    const text = (name: string): Promise<string> => readFile(join(place.folder, name), 'utf8');
    expect(JSON.parse(await text('modules.json'))).toEqual([
      { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.StaticEmbedding' },
    ]);
    expect(JSON.parse(await text('config_sentence_transformers.json'))).toEqual({
      __version__: { embedbag: '1' },
      default_prompt_name: null,
      model_type: 'SentenceTransformer',
      prompts: { document: '', query: '' },
      similarity_fn_name: 'cosine',
    });
    expect(await text('tokenizer.json')).toBe(tinyTokenizerJson());
    expect(await text('README.md')).toContain('| Dimensions | 6 |');
  });

  it('gives back the table to the byte, the settings and the ranges', async () => {
    const settings = {
      prompts: { query: 'ask: ' },
      defaultPromptName: 'query',
      similarityFunctionName: 'dot',
    } as const;
    const model = await place.tiny(settings);
    model.calibrate(TEXTS);
    model.calibrate(TEXTS, { truncateDim: 3, normalize: true });
    await model.save(place.folder);
    const loaded = await place.load(place.folder);
    expect(loaded.table).toEqual(model.table);
    expect(loaded.config).toEqual(model.config);
    expect(loaded.storedRanges).toEqual(model.storedRanges);
    expect(loaded.encode('the cat', { precision: 'int8' })).toEqual(model.encode('the cat', { precision: 'int8' }));
    expect(loaded.encode(TEXTS)).toEqual(model.encode(TEXTS));
  });

  it('writes the given README', async () => {
    await (await place.tiny()).save(place.folder, { readme: '# Mine\n' });
    expect(await readFile(join(place.folder, 'README.md'), 'utf8')).toBe('# Mine\n');
  });

  it('writes a given table in place of its own, and refuses one of another length', async () => {
    const model = await place.tiny();
    const before = Float32Array.from(model.table.data);
    const table = before.map((value) => 2 * value);
    await model.save(place.folder, { table });
    expect((await place.load(place.folder)).table.data).toEqual(table);
    expect(model.table.data).toEqual(before);
    const short = errorOf(model.save(place.folder, { table: table.subarray(1) }));
    expect(await short).toMatchObject({ code: 'tensor-shape-mismatch' });
    expect((await place.load(place.folder)).table.data).toEqual(table);
  });

  it('makes the parents that are missing', async () => {
    const deep = join(place.root, 'a', 'b', 'model');
    await (await place.tiny()).save(deep);
    expect((await readdir(deep)).sort()).toEqual(FILES);
  });

  it('replaces a model and an empty folder', async () => {
    await mkdir(place.folder);
    await (await place.tiny({ seed: 1 })).save(place.folder);
    const second = await place.tiny({ seed: 2 });
    await second.save(place.folder);
    expect((await place.load(place.folder)).table).toEqual(second.table);
    expect(await readdir(place.root)).toEqual(['model']);
  });

  it('replaces what a link points to and keeps the link', async () => {
    const model = await place.tiny();
    await model.save(join(place.root, 'real'));
    await symlink(join(place.root, 'real'), place.folder);
    await (await place.tiny({ seed: 2 })).save(place.folder);
    expect((await place.load(join(place.root, 'real'))).table).not.toEqual(model.table);
    expect((await readdir(place.root)).sort()).toEqual(['model', 'real']);
  });

  it('leaves a folder alone that holds anything but a model', async () => {
    const model = await place.tiny();
    await model.save(place.folder);
    await writeFile(join(place.folder, 'thesis.txt'), 'years of work');
    const error = await errorOf(model.save(place.folder));
    expect(error.code).toBe('output-not-replaceable');
    expect(error.message).toBe(
      `Expected \`${place.folder}\` to be missing, empty or a model, received a folder with \`README.md\`, \`config_sentence_transformers.json\`, \`model.safetensors\`, \`modules.json\`, \`thesis.txt\`, .... Choose another folder or empty this one.`,
    );
    expect(await readFile(join(place.folder, 'thesis.txt'), 'utf8')).toBe('years of work');
    await mkdir(join(place.root, 'docs'));
    await writeFile(join(place.root, 'docs', 'README.md'), 'x');
    await expect(model.save(join(place.root, 'docs'))).rejects.toMatchObject({ code: 'output-not-replaceable' });
  });

  it('says so when the place is a file, or lies under one', async () => {
    await writeFile(place.folder, 'a file');
    for (const target of [place.folder, join(place.folder, 'model'), join(place.folder, 'a', 'b')]) {
      const error = await errorOf((await place.tiny()).save(target));
      expect(error.code).toBe('output-not-writable');
      expect(error.message).toBe(
        `Expected \`${target}\` to be a folder that can be written, received ENOTDIR from the system. Choose another folder, or free space and permissions there.`,
      );
    }
    expect(await readdir(place.root)).toEqual(['model']);
  });

  it('says so where the system allows no writing', async () => {
    // Even place.root cannot make folders in /proc.
    const error = await errorOf((await place.tiny()).save('/proc/embedbag/model'));
    expect(error.code).toBe('output-not-writable');
  });

  it('keeps the mode of a model2vec model in its files', async () => {
    await mkdir(place.folder);
    await (await place.tiny()).save(place.folder);
    await rm(join(place.folder, 'config_sentence_transformers.json'));
    await writeFile(join(place.folder, 'config.json'), '{"max_length":4,"normalize":true}');
    const model = await place.load(place.folder);
    await model.save(join(place.root, 'copy'));
    const copy = await place.load(join(place.root, 'copy'));
    expect(copy.config).toEqual({ ...model.config, mode: 'model2vec', maxTokens: 4, normalize: true });
    expect(copy.encode(TEXTS)).toEqual(model.encode(TEXTS));
    expect(JSON.parse(await readFile(join(place.root, 'copy', 'config.json'), 'utf8'))).toEqual({
      max_length: 4,
      normalize: true,
      embedding_dtype: 'float32',
    });
  });
});

describe.skipIf(!existsSync(golden))('the files of the reference', () => {
  it.each(['st-v6', 'st-v5', 'st-v3'])('are saved again to the byte: %s', async (name) => {
    const model = await place.load(join(golden, name));
    await model.save(place.folder);
    const original = name === 'st-v3' ? join(golden, name, '0_StaticEmbedding') : join(golden, name);
    for (const file of ['model.safetensors', 'tokenizer.json']) {
      expect((await readFile(join(place.folder, file))).equals(await readFile(join(original, file)))).toBe(true);
    }
  });

  it('replace a copy of any layout', async () => {
    const model = await place.tiny();
    for (const name of await readdir(golden)) {
      await cp(join(golden, name), join(place.root, name), { recursive: true });
      await model.save(join(place.root, name));
      expect((await place.load(join(place.root, name))).table).toEqual(model.table);
    }
  });
});
