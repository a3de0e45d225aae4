import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, modelFolder } from './fixtures/model-folder.js';
import { countingKernels, tinyTokenizer } from './fixtures/tiny-model.js';
import { writeSafetensors } from './safetensors-file.js';

const place = modelFolder();
beforeEach(place.open);
afterEach(place.close);

describe('load, of damaged files,', () => {
  it('names a folder that is not there, and a file in its place', async () => {
    const error = await errorOf(place.load(place.folder));
    expect(error.code).toBe('model-folder-not-found');
    expect(error.message).toBe(
      `Expected \`${place.folder}\` to be a folder that holds a model, received no such folder. Check the path, save the model first, or give the id of one on the hub, such as \`owner/name\`.`,
    );
    await writeFile(place.folder, 'x');
    await expect(place.load(place.folder)).rejects.toThrow('received a file. Check the path');
  });

  it.each([
    ['model.safetensors', 'model-weights-missing', 'with its weights as safetensors'],
    ['tokenizer.json', 'tokenizer-missing', 'with its tokenizer'],
  ])('names a missing %s', async (name, code, remedy) => {
    await (await place.tiny()).save(place.folder);
    await rm(join(place.folder, name));
    const error = await errorOf(place.load(place.folder));
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `Expected \`${name}\` in \`${place.folder}\`, received no such file. Download or save the model again, ${remedy}.`,
    );
  });

  it.each(['model.safetensors', 'tokenizer.json'])('names a folder in the place of %s', async (name) => {
    await (await place.tiny()).save(place.folder);
    await rm(join(place.folder, name));
    await mkdir(join(place.folder, name));
    const error = await errorOf(place.load(place.folder));
    expect(error.code).toBe('model-file-unreadable');
    expect(error.message).toBe(
      `Expected \`${join(place.folder, name)}\` to be a file that can be read, received EISDIR from the system. Check what lies there and who may read it.`,
    );
  });

  it('names weights that are cut short', async () => {
    await (await place.tiny()).save(place.folder);
    const path = join(place.folder, 'model.safetensors');
    const { size } = await stat(path);
    await truncate(path, size - 1);
    const error = await errorOf(place.load(place.folder));
    expect(error.code).toBe('safetensors-truncated');
    expect(error.message).toBe(
      `Expected \`${path}\` to hold ${size} bytes, received ${size - 1}: the file is cut short. Download or save it again.`,
    );
  });

  it('names a table with fewer rows than the tokenizer has tokens, with both numbers', async () => {
    await (await place.tiny()).save(place.folder);
    const path = join(place.folder, 'model.safetensors');
    await writeSafetensors(path, { 'embedding.weight': { shape: [10, 6], data: new Float32Array(60) } });
    const error = await errorOf(place.load(place.folder));
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
    await (await place.tiny()).save(place.folder);
    await writeSafetensors(join(place.folder, 'model.safetensors'), tensors);
    const { message } = await errorOf(place.load(place.folder));
    expect(message).toContain(expected);
    expect(message).toContain(received);
  });

  it('names a table of whole numbers, and takes nothing from the kernels', async () => {
    await (await place.tiny()).save(place.folder);
    const path = join(place.folder, 'model.safetensors');
    const rows = tinyTokenizer().vocabularySize;
    await writeSafetensors(path, { embeddings: { shape: [rows, 1], data: new Int16Array(rows) } });
    const { kernels, held } = countingKernels();
    const error = await errorOf(place.load(place.folder, { kernels }));
    expect(error.code).toBe('tensor-dtype-unsupported');
    expect(error.message).toBe(
      `Expected tensor \`embeddings\` of \`${path}\` to have one of the dtypes F32, F16, BF16, F64, I8, received I16. Convert it to F32.`,
    );
    expect(held()).toBe(0);
  });

  it('names weights of another length than the table', async () => {
    await (await place.tiny()).save(place.folder);
    const rows = tinyTokenizer().vocabularySize;
    const table = { shape: [rows, 1], data: new Float32Array(rows) };
    await writeSafetensors(join(place.folder, 'model.safetensors'), {
      embeddings: table,
      weights: { shape: [6], data },
    });
    await expect(place.load(place.folder)).rejects.toThrow(
      `to have one weight for each of ${rows} tokens, received [6]`,
    );
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
    await (await place.tiny()).save(place.folder);
    await writeFile(join(place.folder, name), text);
    const error = await errorOf(place.load(place.folder));
    expect(error.code).toBe('model-config-invalid');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/\. Correct the file or save the model again\.$/);
  });

  it.each([
    ['{"max_length":0}', 'a whole number above 0, or null, as `max_length` in `config.json`, received 0'],
    ['{"normalize":"yes"}', 'a boolean as `normalize` in `config.json`, received "yes"'],
  ])('names what is wrong in the config.json of model2vec: %s', async (text, part) => {
    await (await place.tiny()).save(place.folder);
    await rm(join(place.folder, 'config_sentence_transformers.json'));
    await writeFile(join(place.folder, 'config.json'), text);
    expect((await errorOf(place.load(place.folder))).message).toContain(part);
  });

  it('names a model of another kind', async () => {
    await (await place.tiny()).save(place.folder);
    for (const type of ['sentence_transformers.models.Transformer', 'sentence_transformers.models.Dense']) {
      const modules = [{ type: 'x.StaticEmbedding', path: '' }, { type }].slice(type.endsWith('Dense') ? 0 : 1);
      await writeFile(join(place.folder, 'modules.json'), JSON.stringify(modules));
      const error = await errorOf(place.load(place.folder));
      expect(error.code).toBe('model-kind-unsupported');
      expect(error.message).toBe(
        `Expected \`${place.folder}\` to be a StaticEmbedding, with a Normalize at most, received a module of type \`${type.split('.')[2]}\`. Load a static embedding model.`,
      );
    }
  });
});
