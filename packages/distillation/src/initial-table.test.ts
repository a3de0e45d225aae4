import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, type TextDataset } from '@embedbag/core';
import { datasetFromColumns, embeddingsToNpy } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { changeVocabulary, tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countDocuments } from './count-documents.js';
import { createInitialModel, createInitialTable } from './create-initial-table.js';
import { idfWeights } from './idf-weights.js';
import { checkInitialTable, type InitialTable } from './initial-table.js';

const anchor = ['the cat', 'the dog', 'the the bird'];
const positive = ['a cat sleeps', 'the dog barks', 'the bird sings'];
const tokenizer = tokenizerFromJson(trainWordPiece([...anchor, ...positive], { vocabularySize: 80, minFrequency: 1 }));
const datasets = [datasetFromColumns({ name: 'animals', columns: { anchor, positive } })];
const idOf = (token: string): number => tokenizer.tokenToId(token)!;
const options = { tokenizer, dimension: 6, seed: 5 };

function norm(table: Float32Array, token: string): number {
  const row = table.subarray(idOf(token) * 6, idOf(token) * 6 + 6);
  return Math.hypot(...row);
}

describe('countDocuments', () => {
  it('counts a text once for each token it holds, over all columns', async () => {
    const { documents, counts } = await countDocuments(datasets, { tokenizer });
    expect(documents).toBe(6);
    expect([counts[idOf('the')], counts[idOf('cat')], counts[idOf('sings')], counts[tokenizer.unknownId!]]).toEqual([
      5, 2, 1, 0,
    ]);
  });

  it('leaves out what a ragged column does not have', async () => {
    const dataset: TextDataset = datasets[0]!;
    const ragged: TextDataset = {
      ...dataset,
      texts: dataset.texts.bind(dataset),
      textHashes: dataset.textHashes.bind(dataset),
      rowCount: 3,
      name: 'ragged',
      columns: dataset.columns,
      valid: (column) => (column === 1 ? Uint8Array.of(0, 1, 0) : undefined),
    };
    const { documents, counts } = await countDocuments([ragged], { tokenizer });
    expect([documents, counts[idOf('cat')], counts[idOf('barks')]]).toEqual([4, 1, 1]);
  });

  it('ends with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(countDocuments(datasets, { tokenizer, signal })).rejects.toThrow('enough');
  });
});

describe('idfWeights', () => {
  it('is the smoothed inverse document frequency to a power, with a mean square of 1', () => {
    const counts = Float64Array.of(0, 1, 9, 99);
    for (const exponent of [0, 0.5, 1, 2.3]) {
      const expected = [...counts].map((count) => (Math.log(100 / (count + 1)) + 1) ** exponent);
      const scale = Math.sqrt(4 / expected.reduce((sum, value) => sum + value * value, 0));
      const weights = idfWeights({ documents: 99, counts }, exponent);
      for (const [index, value] of expected.entries()) expect(weights[index]).toBeCloseTo(value * scale, 13);
    }
  });
});

describe('createInitialTable', () => {
  it('gives random rows the bytes of a new model', async () => {
    const kernels = createTypeScriptKernels();
    const model = await StaticEmbedding.create({ ...options, kernels });
    expect(await createInitialTable({ kind: 'random' }, options)).toEqual(model.table.data);
    model.dispose();
  });

  it('makes a frequent word short and a rare one long, in the direction of its random row', async () => {
    const random = await createInitialTable({ kind: 'random' }, options);
    const table = await createInitialTable({ kind: 'idf' }, { ...options, datasets });
    const ratio = (token: string): number => norm(table, token) / norm(random, token);
    expect(ratio('the') / ratio('sings')).toBeCloseTo((Math.log(7 / 6) + 1) / (Math.log(7 / 2) + 1), 5);
    expect(table[idOf('the') * 6]! / random[idOf('the') * 6]!).toBeCloseTo(ratio('the'), 5);
  });

  it('makes the same of counts as of the datasets they are from', async () => {
    const documentCounts = await countDocuments(datasets, { tokenizer });
    const initial: InitialTable = { kind: 'idf', exponent: 0.5 };
    const fromCounts = await createInitialTable(initial, { ...options, documentCounts });
    expect(fromCounts).toEqual(await createInitialTable(initial, { ...options, datasets }));
    expect(fromCounts).not.toEqual(await createInitialTable({ kind: 'idf' }, { ...options, documentCounts }));
  });

  it('makes a model of it', async () => {
    const kernels = createTypeScriptKernels();
    const model = await createInitialModel({ kind: 'idf' }, { ...options, datasets, kernels });
    const random = createRandom(5, 'initial-table');
    expect(Math.sign(model.table.data[0]!)).toBe(Math.sign(random.normal()));
    expect(model.table.data).toEqual(await createInitialTable({ kind: 'idf' }, { ...options, datasets }));
    model.dispose();
  });

  it('says what it lacks', async () => {
    await expect(createInitialTable({ kind: 'idf' }, options)).rejects.toThrow(
      'Expected `datasets` or `documentCounts` for the initial table `idf`, received neither. Give the datasets that will be trained on.',
    );
    const documentCounts = { documents: 2, counts: Float64Array.of(1, 3) };
    await expect(createInitialTable({ kind: 'idf' }, { ...options, documentCounts })).rejects.toThrow(
      `Expected \`documentCounts\` to hold a count from 0 to 2 for each of the tokenizer's ${tokenizer.vocabularySize} tokens, received 2 counts up to 3. Count with \`countDocuments\` and the same tokenizer.`,
    );
    await expect(createInitialTable({ kind: 'random' }, { ...options, dimension: 1.5 })).rejects.toMatchObject({
      code: 'dimension-invalid',
    });
  });
});

describe('tables of vectors', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedbag-initial-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const rows = tokenizer.vocabularySize;
  const vectors = { data: Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * i)), rows, columns: 4 };
  const rowOf = (table: Float32Array, token: string, width = 6): Float32Array =>
    table.slice(idOf(token) * width, idOf(token) * width + width);
  const power = (table: Float32Array, column: number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += table[row * 6 + column]! ** 2;
    return sum / rows;
  };

  it('take principal components of a file, random columns behind them, and weights', async () => {
    const file = join(folder, 'vectors.npy');
    await writeFile(file, embeddingsToNpy(vectors));
    const plain = await createInitialTable({ kind: 'teacher', vectors: file, exponent: 0 }, options);
    const means = [0, 1, 2, 3].map((column) => power(plain, column));
    expect(means).toEqual(means.toSorted((a, b) => b - a));
    expect(means.reduce((sum, value) => sum + value, 0) / 4).toBeCloseTo(1, 5);
    expect(power(plain, 4)).toBeGreaterThan(0.5);
    const weighted = await createInitialTable({ kind: 'teacher', vectors: file }, { ...options, datasets });
    const weights = idfWeights(await countDocuments(datasets, { tokenizer }), 1);
    for (const token of ['the', 'sings']) {
      const expected = rowOf(plain, token).map((value) => value * weights[idOf(token)]!);
      for (const [i, value] of rowOf(weighted, token).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
    const quiet: InitialTable = { kind: 'teacher', vectors: file, exponent: 0, pca: 2, fill: 0 };
    const table = await createInitialTable(quiet, options);
    expect([power(table, 1) > 0, power(table, 2), power(table, 5)]).toEqual([true, 0, 0]);
    await expect(createInitialTable({ ...quiet, pca: 5 }, options)).rejects.toThrow(
      'Expected `pca` to be at most 4, the dimensions of the teacher, received 5.',
    );
  });

  it('take the rows of a model by their tokens, whatever their ids', async () => {
    const kernels = createTypeScriptKernels();
    const other = tokenizerFromJson(changeVocabulary(tokenizer.toJson(), { drop: /cat|sings/ }).json);
    const table = Float32Array.from({ length: other.vocabularySize * 4 }, (_, i) => Math.sin(i * i));
    const model = await StaticEmbedding.fromTable({ tokenizer: other, table, dimension: 4, kernels });
    const path = join(folder, 'model');
    await model.save(path);
    model.dispose();
    const made = await createInitialTable({ kind: 'model2vec', model: path, fill: 0 }, options);
    const sourceRow = (id: number): Float32Array => table.subarray(id * 4, id * 4 + 4);
    const factor = rowOf(made, 'the')[0]! / sourceRow(other.tokenToId('the')!)[0]!;
    const dog = rowOf(made, 'dog');
    for (const [i, value] of sourceRow(other.tokenToId('dog')!).entries())
      expect(dog[i]).toBeCloseTo(value * factor, 5);
    const pieces = [...other.tokenize(['cat']).ids];
    expect(pieces.length).toBeGreaterThan(1);
    const mean = pieces.reduce((sum, id) => sum + sourceRow(id)[0]!, 0) / pieces.length;
    expect(rowOf(made, 'cat')[0]).toBeCloseTo(mean * factor, 5);
  });
});

describe('checkInitialTable', () => {
  it.each([
    [
      { kind: 'zeros' },
      'Expected the initial table to be one of `random`, `idf`, `teacher`, `model2vec`, received `"zeros"`. Name one of them.',
    ],
    [
      {},
      'Expected the initial table to be one of `random`, `idf`, `teacher`, `model2vec`, received nothing. Name one of them.',
    ],
    [
      { kind: 'random', exponent: 1 },
      'Expected the options of the initial table `random` to be none, received `exponent`. Leave it out.',
    ],
    [
      { kind: 'idf', exponent: -1 },
      'Expected `exponent` of the initial table `idf` to be a finite number of at least 0, received `-1`. Leave it out for the default.',
    ],
    [
      { kind: 'teacher', exponent: 1 },
      'Expected `vectors` with the initial table `teacher`, received none. Give it beside `kind`.',
    ],
    [
      { kind: 'model2vec', model: '' },
      'Expected `model` of the initial table `model2vec` to be a string that is not empty, received `""`. Give one.',
    ],
    [
      { kind: 'model2vec', model: 'a', pca: 0 },
      'Expected `pca` of the initial table `model2vec` to be a whole number above 0, received `0`. Leave it out for the default.',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => checkInitialTable(value)).toThrow(message);
  });
});
