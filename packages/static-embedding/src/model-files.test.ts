import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countingKernels, TEXTS, tinyModel, tinyTokenizer, tinyTokenizerJson } from './fixtures/tiny-model.js';
import { replaceFolder } from './replace-folder.js';
import { writeSafetensors } from './safetensors-file.js';
import { type LoadOptions, StaticEmbedding } from './static-embedding.js';

const golden = fileURLToPath(new URL('../../../../shared/golden/models/', import.meta.url));

let root: string;
let folder: string;
const models: StaticEmbedding[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'embedbag-model-'));
  folder = join(root, 'model');
});

afterEach(async () => {
  for (const model of models.splice(0)) model.dispose();
  await rm(root, { recursive: true, force: true });
});

async function load(
  from: Parameters<typeof StaticEmbedding.load>[0],
  options: LoadOptions = {},
): Promise<StaticEmbedding> {
  const model = await StaticEmbedding.load(from, { kernels: createTypeScriptKernels(), ...options });
  models.push(model);
  return model;
}

async function tiny(options: Parameters<typeof tinyModel>[0] = {}): Promise<StaticEmbedding> {
  const model = await tinyModel(options);
  models.push(model);
  return model;
}

/** The error of a call that must fail. */
async function errorOf(promise: Promise<unknown>): Promise<Error & { readonly code: string }> {
  return promise.then(
    () => expect.fail('Expected the call to fail.'),
    (error: unknown) => error as Error & { readonly code: string },
  );
}

const FILES = ['README.md', 'config_sentence_transformers.json', 'model.safetensors', 'modules.json', 'tokenizer.json'];

describe('save', () => {
  it('writes the files of sentence-transformers and nothing beside them', async () => {
    await (await tiny()).save(folder);
    expect(await readdir(root)).toEqual(['model']);
    expect((await readdir(folder)).sort()).toEqual(FILES);
    const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
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
    const model = await tiny(settings);
    model.calibrate(TEXTS);
    model.calibrate(TEXTS, { truncateDim: 3, normalize: true });
    await model.save(folder);
    const loaded = await load(folder);
    expect(loaded.table).toEqual(model.table);
    expect(loaded.config).toEqual(model.config);
    expect(loaded.storedRanges).toEqual(model.storedRanges);
    expect(loaded.encode('the cat', { precision: 'int8' })).toEqual(model.encode('the cat', { precision: 'int8' }));
    expect(loaded.encode(TEXTS)).toEqual(model.encode(TEXTS));
  });

  it('writes the given README', async () => {
    await (await tiny()).save(folder, { readme: '# Mine\n' });
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# Mine\n');
  });

  it('makes the parents that are missing', async () => {
    const deep = join(root, 'a', 'b', 'model');
    await (await tiny()).save(deep);
    expect((await readdir(deep)).sort()).toEqual(FILES);
  });

  it('replaces a model and an empty folder', async () => {
    await mkdir(folder);
    await (await tiny({ seed: 1 })).save(folder);
    const second = await tiny({ seed: 2 });
    await second.save(folder);
    expect((await load(folder)).table).toEqual(second.table);
    expect(await readdir(root)).toEqual(['model']);
  });

  it('replaces what a link points to and keeps the link', async () => {
    const model = await tiny();
    await model.save(join(root, 'real'));
    await symlink(join(root, 'real'), folder);
    await (await tiny({ seed: 2 })).save(folder);
    expect((await load(join(root, 'real'))).table).not.toEqual(model.table);
    expect((await readdir(root)).sort()).toEqual(['model', 'real']);
  });

  it('leaves a folder alone that holds anything but a model', async () => {
    const model = await tiny();
    await model.save(folder);
    await writeFile(join(folder, 'thesis.txt'), 'years of work');
    const error = await errorOf(model.save(folder));
    expect(error.code).toBe('output-not-replaceable');
    expect(error.message).toBe(
      `Expected \`${folder}\` to be missing, empty or a model, received a folder with \`README.md\`, \`config_sentence_transformers.json\`, \`model.safetensors\`, \`modules.json\`, \`thesis.txt\`, .... Choose another folder or empty this one.`,
    );
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work');
    await mkdir(join(root, 'docs'));
    await writeFile(join(root, 'docs', 'README.md'), 'x');
    await expect(model.save(join(root, 'docs'))).rejects.toMatchObject({ code: 'output-not-replaceable' });
  });

  it('says so when the place is a file, or lies under one', async () => {
    await writeFile(folder, 'a file');
    for (const target of [folder, join(folder, 'model'), join(folder, 'a', 'b')]) {
      const error = await errorOf((await tiny()).save(target));
      expect(error.code).toBe('output-not-writable');
      expect(error.message).toBe(
        `Expected \`${target}\` to be a folder that can be written, received ENOTDIR from the system. Choose another folder, or free space and permissions there.`,
      );
    }
    expect(await readdir(root)).toEqual(['model']);
  });

  it('says so where the system allows no writing', async () => {
    // Even root cannot make folders in /proc.
    const error = await errorOf((await tiny()).save('/proc/embedbag/model'));
    expect(error.code).toBe('output-not-writable');
  });

  it('keeps the mode of a model2vec model in its files', async () => {
    await mkdir(folder);
    await (await tiny()).save(folder);
    await rm(join(folder, 'config_sentence_transformers.json'));
    await writeFile(join(folder, 'config.json'), '{"max_length":4,"normalize":true}');
    const model = await load(folder);
    await model.save(join(root, 'copy'));
    const copy = await load(join(root, 'copy'));
    expect(copy.config).toEqual({ ...model.config, mode: 'model2vec', maxTokens: 4, normalize: true });
    expect(copy.encode(TEXTS)).toEqual(model.encode(TEXTS));
    expect(JSON.parse(await readFile(join(root, 'copy', 'config.json'), 'utf8'))).toEqual({
      max_length: 4,
      normalize: true,
      embedding_dtype: 'float32',
    });
  });
});

describe('replaceFolder', () => {
  const options = { kind: 'a test', isReplaceable: () => true };

  it('leaves the old folder and nothing else when writing fails', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'old.txt'), 'old');
    const failure = new Error('half way');
    const half = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'new.txt'), 'new');
      throw failure;
    };
    await expect(replaceFolder(folder, half, options)).rejects.toBe(failure);
    await expect(replaceFolder(join(root, 'x', 'y'), half, options)).rejects.toBe(failure);
    expect(await readdir(root)).toEqual(['model']);
    expect(await readdir(folder)).toEqual(['old.txt']);
  });

  it('shows the new folder only when it is whole', async () => {
    const write = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'a'), '');
      expect(existsSync(folder)).toBe(false);
      await writeFile(join(temporary, 'b'), '');
    };
    await replaceFolder(folder, write, options);
    expect((await readdir(folder)).sort()).toEqual(['a', 'b']);
  });

  it('gives the new folder the permissions of any new folder', async () => {
    await mkdir(join(root, 'plain'));
    await replaceFolder(folder, async () => {}, options);
    expect((await stat(folder)).mode).toBe((await stat(join(root, 'plain'))).mode);
  });
});

describe('load', () => {
  it('reads the table straight into the memory of the kernels, whatever the backend', async () => {
    const model = await tiny();
    await model.save(folder);
    const kernels = await createKernels({ threads: 1 });
    const loaded = await StaticEmbedding.load(folder, { kernels });
    expect(loaded.table.data.slice()).toEqual(model.table.data);
    loaded.dispose();
    kernels.dispose();
  });

  it('reads files in memory', async () => {
    const model = await tiny();
    await model.save(folder);
    const files: Record<string, Uint8Array> = {};
    for (const name of FILES) files[name] = await readFile(join(folder, name));
    expect((await load({ files })).encode(TEXTS)).toEqual(model.encode(TEXTS));
    const { 'tokenizer.json': _, ...rest } = files;
    await expect(load({ files: rest })).rejects.toThrow(
      'Expected `tokenizer.json` in `files`, received no such file. Download or save the model again, with its tokenizer.',
    );
  });

  it('loads the first columns only', async () => {
    const model = await tiny();
    model.calibrate(TEXTS);
    await model.save(folder);
    const narrow = await load(folder, { truncateDim: 4 });
    expect(narrow.encode(TEXTS, { precision: 'int8' })).toEqual(
      model.encode(TEXTS, { precision: 'int8', truncateDim: 4 }),
    );
    const error = await errorOf(load(folder, { truncateDim: 7 }));
    expect(error.code).toBe('dimension-too-large');
    expect(error.message).toBe(
      "Expected `truncateDim` to be at most the model's 6 dimensions, received 7. Lower it or train a wider StaticEmbedding.",
    );
  });

  it('obeys a Normalize module', async () => {
    const model = await tiny();
    await model.save(folder);
    const modules = JSON.parse(await readFile(join(folder, 'modules.json'), 'utf8')) as unknown[];
    modules.push({ idx: 1, name: '1', path: '1_Normalize', type: 'sentence_transformers.models.Normalize' });
    await writeFile(join(folder, 'modules.json'), JSON.stringify(modules));
    const loaded = await load(folder);
    expect(loaded.encode(TEXTS)).toEqual(model.encode(TEXTS, { normalize: true }));
    expect(loaded.encode(TEXTS, { normalize: false })).toEqual(model.encode(TEXTS));
    await loaded.save(join(root, 'copy'));
    expect((await load(join(root, 'copy'))).config.normalize).toBe(true);
  });

  it('cuts texts where the tokenizer.json says so, at either end', async () => {
    const model = await tiny();
    await model.save(folder);
    const tokenizer = JSON.parse(tinyTokenizerJson()) as Record<string, unknown>;
    for (const [direction, text] of [
      ['Right', 'the cat'],
      ['Left', 'the sat'],
    ]) {
      tokenizer.truncation = { direction, max_length: 2, strategy: 'LongestFirst', stride: 0 };
      await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
      const embeddings = (await load(folder)).encode(['the cat and the sat', 'cat']);
      expect(embeddings).toEqual(model.encode([text!, 'cat']));
    }
  });

  it('drops the unknown token and cuts long texts in model2vec mode', async () => {
    const model = await tiny();
    await model.save(folder);
    await writeFile(join(folder, 'config.json'), '{"max_length":3}');
    const loaded = await load(folder, { mode: 'model2vec' });
    expect(loaded.encode('你 the 你 cat sat on')).toEqual(model.encode('the'));
    expect(loaded.encode('你')).toEqual(new Float32Array(6));
    await writeFile(join(folder, 'config.json'), '{"max_length":null}');
    const unlimited = await load(folder, { mode: 'model2vec' });
    expect(unlimited.encode('你 the 你 cat sat on')).toEqual(model.encode('the cat sat on'));
  });

  it('takes nothing from the kernels when it fails', async () => {
    await (await tiny()).save(folder);
    await writeFile(join(folder, 'quantization_ranges.json'), '{}');
    const { kernels, held } = countingKernels();
    await expect(load(folder, { kernels })).rejects.toThrow('quantization_ranges.json');
    expect(held()).toBe(0);
  });

  it('names a folder that is not there, and a file in its place', async () => {
    const error = await errorOf(load(folder));
    expect(error.code).toBe('model-folder-not-found');
    expect(error.message).toBe(
      `Expected \`${folder}\` to be a folder that holds a model, received no such folder. Check the path, or save or download the model first.`,
    );
    await writeFile(folder, 'x');
    await expect(load(folder)).rejects.toThrow('received a file. Check the path');
  });

  it.each([
    ['model.safetensors', 'model-weights-missing', 'with its weights as safetensors'],
    ['tokenizer.json', 'tokenizer-missing', 'with its tokenizer'],
  ])('names a missing %s', async (name, code, remedy) => {
    await (await tiny()).save(folder);
    await rm(join(folder, name));
    const error = await errorOf(load(folder));
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `Expected \`${name}\` in \`${folder}\`, received no such file. Download or save the model again, ${remedy}.`,
    );
  });

  it('names weights that are cut short', async () => {
    await (await tiny()).save(folder);
    const path = join(folder, 'model.safetensors');
    const { size } = await stat(path);
    await truncate(path, size - 1);
    const error = await errorOf(load(folder));
    expect(error.code).toBe('safetensors-truncated');
    expect(error.message).toBe(
      `Expected \`${path}\` to hold ${size} bytes, received ${size - 1}: the file is cut short. Download or save it again.`,
    );
  });

  it('names a table with fewer rows than the tokenizer has tokens, with both numbers', async () => {
    await (await tiny()).save(folder);
    const path = join(folder, 'model.safetensors');
    await writeSafetensors(path, { 'embedding.weight': { shape: [10, 6], data: new Float32Array(60) } });
    const error = await errorOf(load(folder));
    expect(error.code).toBe('tokenizer-table-mismatch');
    expect(error.message).toBe(
      `Expected the table of \`${path}\` to have a row for each of the ${tinyTokenizer().vocabularySize} tokens of \`tokenizer.json\`, received 10 rows. Use the tokenizer that the model was trained with.`,
    );
  });

  const data = new Float32Array(6);
  it.each([
    ['no table', { other: { shape: [6], data } }, 'a tensor `embedding.weight` or `embeddings` in', 'received `other`'],
    ['a flat table', { embeddings: { shape: [6], data } }, 'a shape of [vocabulary, dimension]', 'received [6]'],
    [
      'a mapping beyond the rows',
      { embeddings: { shape: [2, 3], data }, mapping: { shape: [2], data: Int32Array.of(1, 2) } },
      'to name rows below 2',
      'received 2 for token 1',
    ],
    [
      'a mapping of floats',
      { embeddings: { shape: [2, 3], data }, mapping: { shape: [6], data } },
      'to have dtype I64 or I32',
      'received F32',
    ],
  ])('names weights with %s', async (_title, tensors, expected, received) => {
    await (await tiny()).save(folder);
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    const { message } = await errorOf(load(folder));
    expect(message).toContain(expected);
    expect(message).toContain(received);
  });

  it('names weights of another length than the table', async () => {
    await (await tiny()).save(folder);
    const rows = tinyTokenizer().vocabularySize;
    const table = { shape: [rows, 1], data: new Float32Array(rows) };
    await writeSafetensors(join(folder, 'model.safetensors'), { embeddings: table, weights: { shape: [6], data } });
    await expect(load(folder)).rejects.toThrow(`to have one weight for each of ${rows} tokens, received [6]`);
  });

  it.each([
    ['config_sentence_transformers.json', '{', /^Expected JSON in `config_sentence_transformers.json`, received /],
    ['config_sentence_transformers.json', '[]', /an object in `config_sentence_transformers.json`, received \[\]\./],
    [
      'config_sentence_transformers.json',
      '{"similarity_fn_name":"hamming"}',
      /one of `cosine`, `dot`, `euclidean`, `manhattan` as `similarity_fn_name` in .+, received "hamming"\./,
    ],
    ['config_sentence_transformers.json', '{"prompts":{"a":1}}', /a text as prompt `a` in .+, received 1\./],
    [
      'config_sentence_transformers.json',
      '{"default_prompt_name":"a"}',
      /a name in `prompts` as `default_prompt_name` in .+, received "a"\./,
    ],
    ['modules.json', '{}', /a list of modules in `modules.json`, received {}\./],
    ['modules.json', '[{}]', /a text as `type` in `modules.json`, received none\./],
    ['quantization_ranges.json', '{}', /`format` `embedbag\/quantization-ranges@1` and a list `ranges` in/],
    [
      'quantization_ranges.json',
      '{"format":"embedbag/quantization-ranges@1","ranges":[{"normalize":true,"dimension":2,"minima":[1],"maxima":[1,2]}]}',
      /`normalize`, `dimension`, `minima` and `maxima` of that length in/,
    ],
    [
      'quantization_ranges.json',
      '{"format":"embedbag/quantization-ranges@1","ranges":[{"normalize":true,"dimension":7,"minima":[1,1,1,1,1,1,1],"maxima":[1,1,1,1,1,1,1]}]}',
      /ranges of at most the model's 6 dimensions in .+, received 7\./,
    ],
  ])('names what is wrong in %s: %s', async (name, text, message) => {
    await (await tiny()).save(folder);
    await writeFile(join(folder, name), text);
    const error = await errorOf(load(folder));
    expect(error.code).toBe('model-config-invalid');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/\. Correct the file or save the model again\.$/);
  });

  it.each([
    ['{"max_length":0}', 'a whole number above 0, or null, as `max_length` in `config.json`, received 0'],
    ['{"normalize":"yes"}', 'a boolean as `normalize` in `config.json`, received "yes"'],
  ])('names what is wrong in the config.json of model2vec: %s', async (text, part) => {
    await (await tiny()).save(folder);
    await rm(join(folder, 'config_sentence_transformers.json'));
    await writeFile(join(folder, 'config.json'), text);
    expect((await errorOf(load(folder))).message).toContain(part);
  });

  it('names a model of another kind', async () => {
    await (await tiny()).save(folder);
    for (const type of ['sentence_transformers.models.Transformer', 'sentence_transformers.models.Dense']) {
      const modules = [{ type: 'x.StaticEmbedding', path: '' }, { type }].slice(type.endsWith('Dense') ? 0 : 1);
      await writeFile(join(folder, 'modules.json'), JSON.stringify(modules));
      const error = await errorOf(load(folder));
      expect(error.code).toBe('model-kind-unsupported');
      expect(error.message).toBe(
        `Expected \`${folder}\` to be a StaticEmbedding, with a Normalize at most, received a module of type \`${type.split('.')[2]}\`. Load a static embedding model.`,
      );
    }
  });
});

describe.skipIf(!existsSync(golden))('the files of the reference', () => {
  it.each(['st-v6', 'st-v5', 'st-v3'])('are saved again to the byte: %s', async (name) => {
    const model = await load(join(golden, name));
    await model.save(folder);
    const original = name === 'st-v3' ? join(golden, name, '0_StaticEmbedding') : join(golden, name);
    for (const file of ['model.safetensors', 'tokenizer.json']) {
      expect((await readFile(join(folder, file))).equals(await readFile(join(original, file)))).toBe(true);
    }
  });

  it('replace a copy of any layout', async () => {
    const model = await tiny();
    for (const name of await readdir(golden)) {
      await cp(join(golden, name), join(root, name), { recursive: true });
      await model.save(join(root, name));
      expect((await load(join(root, name))).table).toEqual(model.table);
    }
  });
});
