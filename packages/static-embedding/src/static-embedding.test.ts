import { createRandom, type Matrix } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { countingKernels, TEXTS, tinyModel, tinyTokenizer } from './fixtures/tiny-model.js';
import type { EmbeddingMatrix } from './precision.js';
import { type ModelSettings, StaticEmbedding } from './static-embedding.js';

const models: StaticEmbedding[] = [];

async function model(settings: ModelSettings & { readonly seed?: number } = {}): Promise<StaticEmbedding> {
  const made = await tinyModel(settings);
  models.push(made);
  return made;
}

afterEach(() => {
  for (const made of models.splice(0)) made.dispose();
});

/** The mean of the token rows, by its definition. */
function meanOfRows({ table, tokenizer }: StaticEmbedding, text: string): Float32Array {
  const { ids, offsets } = tokenizer.tokenize([text]);
  const count = offsets[1]!;
  return Float32Array.from({ length: table.columns }, (_, column) => {
    let sum = 0;
    for (let token = 0; token < count; token++) sum += table.data[ids[token]! * table.columns + column]!;
    return count === 0 ? 0 : sum / count;
  });
}

describe('StaticEmbedding.create', () => {
  it('fills the table row by row with the normal numbers of the seed', async () => {
    const { table, tokenizer, dimension } = await model({ seed: 5 });
    const random = createRandom(5, 'initial-table');
    expect([table.rows, table.columns, dimension]).toEqual([tokenizer.vocabularySize, 6, 6]);
    expect(table.data).toEqual(Float32Array.from({ length: table.rows * 6 }, () => random.normal()));
  });

  it('gives the same table for the same seed only', async () => {
    const [a, b, c] = [await model({ seed: 5 }), await model({ seed: 5 }), await model({ seed: 6 })];
    expect(a.table.data).toEqual(b.table.data);
    expect(a.table.data).not.toEqual(c.table.data);
  });

  it.each([0, -1, 2.5, Number.NaN])('refuses %d dimensions', async (dimension) => {
    const kernels = createTypeScriptKernels();
    await expect(
      StaticEmbedding.create({ tokenizer: tinyTokenizer(), dimension, seed: 1, kernels }),
    ).rejects.toMatchObject({
      code: 'dimension-invalid',
      message: `Expected \`dimension\` to be a whole number above 0, received ${dimension}. Pass the number of columns an embedding should have.`,
    });
  });
});

describe('StaticEmbedding.fromTable', () => {
  const tokenizer = tinyTokenizer();
  const kernels = createTypeScriptKernels();
  const { vocabularySize } = tokenizer;

  it('copies the table', async () => {
    const table = new Float32Array(vocabularySize * 2).fill(3);
    const made = await StaticEmbedding.fromTable({ tokenizer, table, dimension: 2, kernels });
    models.push(made);
    table.fill(0);
    expect([...made.encode('the cat')]).toEqual([3, 3]);
  });

  it('refuses a table of half rows', async () => {
    const table = new Float32Array(5);
    await expect(StaticEmbedding.fromTable({ tokenizer, table, dimension: 2, kernels })).rejects.toThrow(
      'Expected `table` to hold whole rows of 2 values, received 5 values. Pass rows of `dimension` values each.',
    );
  });

  it('refuses a table that is shorter than the vocabulary, with both numbers', async () => {
    const table = new Float32Array(10);
    await expect(StaticEmbedding.fromTable({ tokenizer, table, dimension: 2, kernels })).rejects.toMatchObject({
      code: 'tokenizer-table-mismatch',
      message: `Expected \`table\` to have a row for each of the tokenizer's ${vocabularySize} tokens, received 5 rows. Pass the tokenizer that belongs to the table.`,
    });
  });
});

describe('encode', () => {
  it('gives the mean of the rows of the tokens, the unknown token included', async () => {
    const made = await model();
    for (const text of TEXTS) {
      const expected = meanOfRows(made, text);
      const received = made.encode(text);
      for (const [column, value] of expected.entries()) expect(received[column]).toBeCloseTo(value, 6);
    }
    expect(made.tokenizer.tokenize(['你']).ids[0]).toBe(made.tokenizer.unknownId);
    expect(made.encode('你')).not.toEqual(new Float32Array(6));
  });

  it('gives a text without tokens a zero vector, normalised too', async () => {
    const made = await model();
    expect(made.encode('')).toEqual(new Float32Array(6));
    expect(made.encode(' \n', { normalize: true })).toEqual(new Float32Array(6));
  });

  it('gives the same bytes whatever the batch size', async () => {
    const made = await model();
    const expected = made.encode(TEXTS, { truncateDim: 4, normalize: true });
    for (const batchSize of [1, 2, 5, 6, 7]) {
      expect(made.encode(TEXTS, { truncateDim: 4, normalize: true, batchSize })).toEqual(expected);
    }
  });

  it('returns arrays that later calls leave alone', async () => {
    const made = await model();
    const first = made.encode('the cat');
    const copy = first.slice();
    made.encode('the dog');
    expect(first).toEqual(copy);
  });

  it('gives an empty matrix for no texts', async () => {
    const made = await model();
    expect(made.encode([])).toEqual({ data: new Float32Array(0), rows: 0, columns: 6 });
    expect(made.encode([], { precision: 'int8' })).toEqual({ data: new Int8Array(0), rows: 0, columns: 6 });
    expect(made.encode([], { precision: 'ubinary' })).toEqual({ data: new Uint8Array(0), rows: 0, columns: 1 });
  });

  it('has the type and the array of its precision', async () => {
    const made = await model();
    expectTypeOf(made.encode('a')).toEqualTypeOf<Float32Array>();
    expectTypeOf(made.encode(['a'])).toExtend<Matrix>();
    expectTypeOf(made.encode('a', { precision: 'binary' })).toEqualTypeOf<Int8Array>();
    expectTypeOf(made.encode(TEXTS, { precision: 'uint8', normalize: true })).toEqualTypeOf<EmbeddingMatrix<'uint8'>>();
    expect(made.encode('a', { precision: 'binary' })).toBeInstanceOf(Int8Array);
    expect(made.encode('a', { precision: 'ubinary' })).toBeInstanceOf(Uint8Array);
    expect(made.encode(TEXTS, { precision: 'int8' }).data).toBeInstanceOf(Int8Array);
    expect(made.encode(TEXTS, { precision: 'uint8' }).data).toBeInstanceOf(Uint8Array);
  });

  it('counts texts that are done', async () => {
    const seen: [number, number][] = [];
    (await model()).embed(TEXTS, { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([[6, 6]]);
  });

  it('throws the reason of an aborted signal', async () => {
    const made = await model();
    expect(() => made.encode(TEXTS, { signal: AbortSignal.abort(new Error('stop')) })).toThrow('stop');
  });

  it('refuses to be truncated beyond its dimensions', async () => {
    const made = await model();
    const message =
      "Expected `truncateDim` to be at most the model's 6 dimensions, received 7. Lower it or train a wider StaticEmbedding.";
    expect(() => made.encode('a', { truncateDim: 7 })).toThrow(message);
    expect(() => made.encode('a', { truncateDim: 0 })).toThrow('a whole number above 0, received 0');
  });

  it('refuses what is not a text, a precision or a batch size', async () => {
    const made = await model();
    expect(() => made.encode(['a', undefined as unknown as string])).toThrow(
      'Expected text 1 to be a string, received undefined. Pass an empty string for a missing text.',
    );
    expect(() => made.encode('a', { precision: 'int4' as 'int8' })).toThrow(
      'Expected `precision` to be one of `float32`, `int8`, `uint8`, `binary`, `ubinary`, received `int4`. Pass one of these.',
    );
    expect(() => made.encode('a', { batchSize: 0 })).toThrow(
      'Expected `batchSize` to be a whole number above 0, received 0. Leave it out for 1024.',
    );
  });
});

describe('prompts', () => {
  const prompts = { query: 'the cat ', passage: 'a dog ', other: 'bread ' };

  it('put the prompt of the task before every text', async () => {
    const made = await model({ prompts });
    expect(made.encode('sat', { task: 'query' })).toEqual(made.encode('the cat sat'));
    expect(made.encode(['sat'], { task: 'document' })).toEqual(made.encode(['a dog sat']));
    expect(made.encode('sat')).toEqual(made.encode('sat', { prompt: '' }));
  });

  it('take the text over the name, the name over the task, the task over the default', async () => {
    const made = await model({ prompts, defaultPromptName: 'other' });
    const plain = (text: string): Float32Array => made.encode(text, { prompt: '' });
    expect(made.encode('sat', { prompt: 'log ', promptName: 'query', task: 'query' })).toEqual(plain('log sat'));
    expect(made.encode('sat', { promptName: 'passage', task: 'query' })).toEqual(plain('a dog sat'));
    expect(made.encode('sat', { task: 'query' })).toEqual(plain('the cat sat'));
    expect(made.encode('sat')).toEqual(plain('bread sat'));
  });

  it('refuse a name that the model does not have', async () => {
    const made = await model({ prompts });
    expect(() => made.encode('sat', { promptName: 'toString' })).toThrow(
      'Expected `promptName` to be one of `query`, `passage`, `other`, received `toString`. Pass the text itself as `prompt`.',
    );
  });
});

describe('quantisation', () => {
  it('is refused for a single text without ranges', async () => {
    const made = await model();
    expect(() => made.encode('the cat', { precision: 'int8' })).toThrow(
      'Expected at least 2 embeddings to measure quantisation ranges from, received 1. Call `calibrate` with a representative set of texts, or pass `ranges`.',
    );
    expect(() => made.calibrate(['the cat'])).toThrow('received 1');
  });

  it('is the work of the kernels of the model, batch by batch', async () => {
    const kernels = createTypeScriptKernels();
    const made = await model({ kernels });
    made.calibrate(TEXTS);
    const expected = made.encode(TEXTS, { precision: 'int8' });
    const scalar = vi.spyOn(kernels, 'quantizeScalar');
    const binary = vi.spyOn(kernels, 'quantizeBinary');
    expect(made.encode(TEXTS, { precision: 'int8', batchSize: 4 })).toEqual(expected);
    made.encode(TEXTS, { precision: 'binary', batchSize: 3 });
    expect(scalar.mock.calls.map(([{ rows }]) => rows)).toEqual([4, 2]);
    expect(binary.mock.calls.map(([{ rows }]) => rows)).toEqual([3, 3]);
  });

  it('gives one text its code among many once the model is calibrated', async () => {
    const made = await model();
    const itself = made.encode(TEXTS, { precision: 'uint8' });
    made.calibrate(TEXTS, { batchSize: 2 });
    const codes = made.encode(TEXTS, { precision: 'uint8', batchSize: 4 });
    expect(codes).toEqual(itself);
    for (const [row, text] of TEXTS.entries()) {
      expect(made.encode(text, { precision: 'uint8' })).toEqual(codes.data.slice(row * 6, row * 6 + 6));
    }
  });

  it('uses the stored ranges of the columns that are kept, where nothing is normalised', async () => {
    const made = await model();
    const whole = made.calibrate(TEXTS);
    const ranges = { data: Float32Array.of(...whole.data.slice(0, 2), ...whole.data.slice(6, 8)), rows: 2, columns: 2 };
    const expected = made.encode(TEXTS, { precision: 'int8', truncateDim: 2, ranges });
    expect(made.encode(TEXTS, { precision: 'int8', truncateDim: 2 })).toEqual(expected);
    expect(made.truncate(2).encode(TEXTS, { precision: 'int8' })).toEqual(expected);
  });

  it('keeps the ranges of every way of embedding, and refuses one that was not measured', async () => {
    const made = await model();
    made.calibrate(TEXTS);
    const message =
      'Expected the model to hold quantisation ranges for 6 dimensions with normalising, received others. Call `calibrate` with the same `truncateDim` and `normalize`, or pass `ranges`.';
    expect(() => made.encode(TEXTS, { precision: 'int8', normalize: true })).toThrow(message);
    made.calibrate(TEXTS, { normalize: true });
    expect(() => made.encode('a', { precision: 'int8', normalize: true, truncateDim: 3 })).toThrow(
      'ranges for 3 dimensions with normalising',
    );
    made.calibrate(TEXTS.slice(0, 2), { normalize: true });
    made.calibrate(TEXTS, { normalize: true, truncateDim: 3 });
    expect(made.storedRanges.map(({ normalize, ranges }) => [normalize, ranges.columns])).toEqual([
      [false, 6],
      [true, 6],
      [true, 3],
    ]);
    const narrow = made.truncate(3);
    models.push(narrow);
    expect(narrow.storedRanges.map(({ normalize, ranges }) => [normalize, ranges.columns])).toEqual([
      [true, 3],
      [false, 3],
    ]);
  });

  it('refuses ranges of another dimension', async () => {
    const made = await model();
    const ranges = { data: new Float32Array(4), rows: 2, columns: 2 };
    expect(() => made.encode('a', { precision: 'int8', ranges })).toThrow('of shape [2, 6], received [2, 2]');
  });
});

describe('similarity', () => {
  it('uses the function of the model and takes single embeddings', async () => {
    const made = await model({ similarityFunctionName: 'manhattan' });
    const embeddings = made.encode(TEXTS);
    expect(made.similarity(embeddings, embeddings).data[0]).toBeCloseTo(0);
    const first = made.encode(TEXTS[0]!);
    const second = made.encode(TEXTS[1]!);
    expect(made.similarity(first, second)).toEqual({
      data: made.similarity(embeddings, embeddings).data.slice(1, 2),
      rows: 1,
      columns: 1,
    });
    expect(made.pairwiseSimilarity(first, second)).toEqual(made.similarity(first, second).data);
  });
});

describe('truncate', () => {
  it('gives a narrower model that goes on when the wide one has ended', async () => {
    const made = await tinyModel();
    const expected = made.encode(TEXTS, { truncateDim: 4, normalize: true });
    const narrow = made.truncate(4);
    models.push(narrow);
    made.dispose();
    expect(narrow.dimension).toBe(4);
    expect(narrow.encode(TEXTS, { normalize: true })).toEqual(expected);
  });

  it('refuses more dimensions than the model has', async () => {
    const made = await model();
    expect(() => made.truncate(7)).toThrow("at most the model's 6 dimensions, received 7");
  });
});

describe('dispose', () => {
  it('makes every later call throw', async () => {
    const made = await tinyModel();
    made.dispose();
    made[Symbol.dispose]();
    const calls: (() => unknown)[] = [
      () => made.table,
      () => made.kernels,
      () => made.encode('a'),
      () => made.encode([]),
      () => made.embed(['a']),
      () => made.encodeStream(['a']),
      () => made.tokenize(['a']),
      () => made.calibrate(TEXTS),
      () => made.truncate(2),
      () => made.similarity(new Float32Array(1), new Float32Array(1)),
      () => made.pairwiseSimilarity(new Float32Array(1), new Float32Array(1)),
    ];
    for (const call of calls) {
      expect(call).toThrow(
        'Expected a model that is in use, received one that was disposed of. Load or create it again.',
      );
    }
    await expect(made.save('nowhere')).rejects.toMatchObject({ code: 'model-disposed' });
  });

  it('gives back all memory and leaves the kernels of the caller alive', async () => {
    const { kernels, held } = countingKernels();
    const made = await tinyModel({ kernels });
    made.encode(TEXTS);
    expect(() => made.encode(['a', 1 as unknown as string])).toThrow('Expected text 1');
    const narrow = made.truncate(2);
    made.dispose();
    narrow.dispose();
    expect(held()).toBe(0);
    kernels.release(kernels.allocateFloat32(1));
  });

  it('ends the kernels that the model made, with the last model on them', async () => {
    const made = await StaticEmbedding.create({ tokenizer: tinyTokenizer(), dimension: 6, seed: 1 });
    const { kernels } = made;
    const narrow = made.truncate(2);
    made.dispose();
    narrow.encode('the cat');
    narrow.dispose();
    expect(() => kernels.allocateFloat32(1)).toThrow(expect.objectContaining({ code: 'kernels-disposed' }));
  });

  it('does not mind that the caller ended its kernels first', async () => {
    const kernels = createTypeScriptKernels();
    const made = await tinyModel({ kernels });
    kernels.dispose();
    expect(() => made.dispose()).not.toThrow();
  });
});
