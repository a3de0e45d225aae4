import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Kernels, Matrix, SimilarityFunctionName } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { loadTokenizer } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantizeInto } from './quantization.js';
import { StaticEmbedding } from './static-embedding.js';

const golden = new URL('../../../../shared/golden/', import.meta.url);
const modelFolder = (name: string): string => fileURLToPath(new URL(`models/${name}`, golden));

type Rows = readonly (readonly number[])[];

interface Golden {
  readonly texts: readonly string[];
  readonly ids: Rows;
  readonly embeddings: Rows;
  readonly normalized_truncated_8: Rows;
  readonly ranges: Rows;
  readonly int8: Rows;
  readonly uint8: Rows;
  readonly binary: Rows;
  readonly ubinary: Rows;
  readonly model2vec_texts: readonly string[];
  readonly model2vec: Rows;
  readonly model2vec_normalized: Rows;
  readonly model2vec_mapped: Rows;
  readonly similarity: Readonly<Record<SimilarityFunctionName, Rows>>;
}

function matrix(rows: Rows): Matrix {
  return { data: Float32Array.from(rows.flat()), rows: rows.length, columns: rows[0]!.length };
}

/** Every value within float32 rounding of the reference. */
function expectClose(received: Matrix, expected: Rows, tolerance = 1e-6): void {
  expect([received.rows, received.columns]).toEqual([expected.length, expected[0]!.length]);
  const flat = expected.flat();
  let worst = 0;
  for (const [index, value] of flat.entries()) {
    worst = Math.max(worst, Math.abs(received.data[index]! - value) / Math.max(1, Math.abs(value)));
  }
  expect(worst).toBeLessThan(tolerance);
}

const backends: [string, () => Promise<Kernels>][] = [
  ['TypeScript', async () => createTypeScriptKernels()],
  ['WebAssembly on one thread', () => createKernels({ threads: 1 })],
  ['WebAssembly on two threads', () => createKernels({ threads: 2 })],
];

describe.skipIf(!existsSync(golden)).each(backends)('the reference on %s kernels', (_name, create) => {
  let kernels: Kernels;
  let reference: Golden;
  const models: StaticEmbedding[] = [];

  const load = async (
    name: string,
    options: { mode?: 'sentence-transformers' | 'model2vec'; truncateDim?: number } = {},
  ): Promise<StaticEmbedding> => {
    const model = await StaticEmbedding.load(modelFolder(name), { kernels, ...options });
    models.push(model);
    return model;
  };

  beforeAll(async () => {
    kernels = await create();
    reference = JSON.parse(readFileSync(new URL('encoding.json', golden), 'utf8')) as Golden;
  });

  afterAll(() => {
    for (const model of models) model.dispose();
    kernels.dispose();
  });

  it.each(['st-v6', 'st-v5', 'st-v3'])('gives the embeddings of the %s layout', async (name) => {
    const model = await load(name);
    expect(model.config.mode).toBe('sentence-transformers');
    expectClose(model.encode(reference.texts), reference.embeddings);
  });

  it('gives the token ids of every text', async () => {
    const { ids, offsets } = (await load('st-v6')).tokenize(reference.texts);
    const bags = reference.texts.map((_, bag) => Array.from(ids.subarray(offsets[bag], offsets[bag + 1])));
    expect(bags).toEqual(reference.ids);
  });

  it('gives one text the embedding it has among many', async () => {
    const model = await load('st-v6');
    const many = model.encode(reference.texts, { batchSize: 3 });
    for (const [row, text] of reference.texts.entries()) {
      expect(model.encode(text)).toEqual(many.data.slice(row * 32, (row + 1) * 32));
    }
  });

  it('truncates first and normalises then', async () => {
    const model = await load('st-v6');
    const embeddings = model.encode(reference.texts, { truncateDim: 8, normalize: true });
    expectClose(embeddings, reference.normalized_truncated_8);
    expect(model.truncate(8).encode(reference.texts, { normalize: true })).toEqual(embeddings);
    expect((await load('st-v6', { truncateDim: 8 })).encode(reference.texts, { normalize: true })).toEqual(embeddings);
  });

  it('measures the ranges of the reference', async () => {
    const model = await load('st-v6');
    expectClose(model.calibrate(reference.texts), reference.ranges);
  });

  it.each(['int8', 'uint8'] as const)('quantises the embeddings of the reference to %s, to the code', (precision) => {
    const expected = reference[precision].flat();
    const codes = precision === 'int8' ? new Int8Array(expected.length) : new Uint8Array(expected.length);
    quantizeInto(kernels, matrix(reference.embeddings), precision, matrix(reference.ranges), codes);
    expect(Array.from(codes)).toEqual(expected);
  });

  it.each(['int8', 'uint8'] as const)('encodes to %s within one code of the reference', async (precision) => {
    const model = await load('st-v6');
    const { data } = model.encode(reference.texts, { precision, ranges: matrix(reference.ranges) });
    const differences = reference[precision].flat().map((code, index) => Math.abs(code - data[index]!));
    // A mean that is off by the last bit can fall on the other side of a step.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThan(20);
  });

  it.each(['binary', 'ubinary'] as const)('encodes to %s, to the bit', async (precision) => {
    const { data, columns } = (await load('st-v6')).encode(reference.texts, { precision });
    expect(columns).toBe(4);
    expect(Array.from(data)).toEqual(reference[precision].flat());
  });

  it('gives the embeddings of model2vec', async () => {
    const model = await load('model2vec');
    expect(model.config).toMatchObject({ mode: 'model2vec', maxTokens: 512, normalize: false });
    expectClose(model.encode(reference.model2vec_texts), reference.model2vec);
    expectClose(model.encode(reference.model2vec_texts, { normalize: true }), reference.model2vec_normalized);
  });

  it('folds the mapping and the weights of model2vec into the table', async () => {
    const model = await load('model2vec-mapped');
    expect([model.table.rows, model.table.columns]).toEqual([1500, 32]);
    expectClose(model.encode(reference.model2vec_texts), reference.model2vec_mapped);
    const narrow = await load('model2vec-mapped', { truncateDim: 5 });
    expect(narrow.encode(reference.model2vec_texts)).toEqual(
      model.encode(reference.model2vec_texts, { truncateDim: 5 }),
    );
  });

  it('keeps the unknown token of a model2vec folder in sentence-transformers mode', async () => {
    const model = await load('model2vec', { mode: 'sentence-transformers' });
    expectClose(model.encode(reference.texts), reference.embeddings);
  });

  it.each(['cosine', 'dot', 'euclidean', 'manhattan'] as const)('gives the %s similarities', async (name) => {
    const { table } = await load('st-v6');
    const model = await StaticEmbedding.fromTable({
      tokenizer: await loadTokenizer(modelFolder('st-v6')),
      table: table.data.slice(0, table.rows * table.columns),
      dimension: table.columns,
      similarityFunctionName: name,
      kernels,
    });
    models.push(model);
    const a = model.encode(reference.texts.slice(0, 5));
    const b = model.encode(reference.texts.slice(5, 9));
    expectClose(model.similarity(a, b), reference.similarity[name], 2e-6);
    const pairs = model.pairwiseSimilarity({ ...a, rows: 4 }, b);
    expect(pairs[2]).toBeCloseTo(reference.similarity[name][2]![2]!, 5);
  });
});
