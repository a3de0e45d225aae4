import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Matrix } from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DistillOptions, distill } from './distill.js';
import { letterTeacher } from './fixtures/letter-teacher.js';
import { principalComponents } from './principal-components.js';
import { sifWeights } from './sif-weights.js';
import { teachTokens } from './teach-tokens.js';
import { teacherFromVectors } from './teacher-from-vectors.js';

const texts = ['a zebra sees a zoo', 'the ant eats the apple', 'bees buzz and ants run', 'a zoo of bees', 'an apple'];
const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused0]', '[unused1]'];
const tokenizer = tokenizerFromJson(trainWordPiece(texts, { vocabularySize: 90, minFrequency: 1, specialTokens }));
const options = { tokenizer, teacherName: 'letters', kernels: createTypeScriptKernels(), pca: 8 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-distill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    dot += value * b[i]!;
    aa += value * value;
    bb += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(aa * bb);
}

describe('distill', () => {
  it('gives every token its principal components times its weight', async () => {
    const { teacher } = letterTeacher();
    const { model, report } = await distill(teacher, options);
    const kept = Array.from({ length: model.tokenizer.vocabularySize }, (_, id) => model.tokenizer.idToToken(id)!);
    const vectors = (await teacher(
      kept.map((token) => token.replace('##', '')),
      undefined,
      {} as never,
    )) as Matrix;
    const { scores, explained } = await principalComponents(vectors, 8);
    const weights = sifWeights(kept.length, 1e-4);
    // One factor for the whole table.
    const factor = model.table.data[0]! / (scores.data[0]! * weights[0]!);
    for (const [id] of kept.entries()) {
      for (let column = 0; column < 8; column++) {
        const expected = scores.data[id * 8 + column]! * weights[id]! * factor;
        expect(model.table.data[id * 8 + column]).toBeCloseTo(expected, 4);
      }
    }
    expect(report).toEqual({
      teacher: 'letters',
      tokens: kept.length,
      teacherDimension: 26,
      pca: 8,
      explainedVariance: explained,
      sif: 1e-4,
      droppedTokens: 5,
      addedWords: 0,
      skippedWords: 0,
      seed: 42,
    });
    model.dispose();
  });

  it('drops special tokens and those of the pattern, and numbers the rest anew', async () => {
    const { model } = await distill(letterTeacher().teacher, options);
    expect(model.tokenizer.vocabularySize).toBe(tokenizer.vocabularySize - 5);
    for (const token of ['[CLS]', '[SEP]', '[MASK]', '[unused0]']) {
      expect(model.tokenizer.tokenToId(token)).toBeUndefined();
    }
    expect(model.tokenizer.tokenToId('[UNK]')).toBe(1);
    const names = (t: typeof tokenizer): (string | undefined)[] =>
      [...t.tokenize(texts).ids].slice(0, 20).map((id) => t.idToToken(id));
    expect(names(model.tokenizer)).toEqual(names(tokenizer));
    model.dispose();
    const other = await distill(letterTeacher().teacher, { ...options, drop: /z|oo|un/ });
    const { tokenToId } = other.model.tokenizer;
    const has = (token: string): boolean => tokenToId.call(other.model.tokenizer, token) !== undefined;
    expect(['zoo', 'zebra', 'run', 'bees'].map(has)).toEqual([false, false, true, true]);
    other.model.dispose();
  });

  it('orders columns by variance and fills up with random ones of the seed behind them', async () => {
    const made = async (more: Partial<DistillOptions>): Promise<Float32Array> => {
      const { model } = await distill(letterTeacher().teacher, { ...options, dimension: 12, sif: null, ...more });
      const { data, rows } = model.table;
      const table = data.slice(0, rows * 12);
      model.dispose();
      return table;
    };
    const table = await made({});
    const rows = table.length / 12;
    const power = Array.from({ length: 12 }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += table[row * 12 + column]! ** 2;
      return sum / rows;
    });
    expect(power.slice(0, 8)).toEqual(power.slice(0, 8).toSorted((a, b) => b - a));
    expect(power.slice(0, 8).reduce((sum, value) => sum + value, 0) / 8).toBeCloseTo(1, 5);
    for (const value of power.slice(8)) expect(value).toBeGreaterThan(0.4);
    expect(await made({})).toEqual(table);
    const other = await made({ seed: 43 });
    expect(other.subarray(0, 8)).toEqual(table.subarray(0, 8));
    expect(other.subarray(8, 12)).not.toEqual(table.subarray(8, 12));
    const quiet = await made({ fill: 0 });
    expect(quiet.subarray(8, 12).every((value) => value === 0)).toBe(true);
  });

  it('adds words that the teacher then embeds whole', async () => {
    const { teacher, asked } = letterTeacher();
    const { model, report } = await distill(teacher, { ...options, words: ['Xylophone', 'zebra', 'two words'] });
    expect(report).toMatchObject({ addedWords: 1, skippedWords: 2 });
    expect(asked).toContain('xylophone');
    const [first, end] = model.tokenize(['xylophone']).offsets;
    expect([first, end]).toEqual([0, 1]);
    model.dispose();
  });

  it('weighs by the frequencies in texts where there are some', async () => {
    const datasets = [datasetFromColumns({ name: 'texts', columns: { anchor: texts, positive: texts } })];
    const norm = async (more: Partial<DistillOptions>): Promise<(token: string) => number> => {
      const { model } = await distill(letterTeacher().teacher, { ...options, sif: 1e-2, ...more });
      const { data } = model.table;
      const norms = (token: string): number => {
        const id = model.tokenizer.tokenToId(token)!;
        return Math.hypot(...data.subarray(id * 8, id * 8 + 8));
      };
      const values = new Map(['a', 'run'].map((token) => [token, norms(token)]));
      model.dispose();
      return (token) => values.get(token)!;
    };
    const counted = await norm({ datasets });
    const plain = await norm({ sif: null });
    expect(counted('a') / plain('a')).toBeLessThan((0.7 * counted('run')) / plain('run'));
  });

  it('refuses what cannot be', async () => {
    const { teacher } = letterTeacher();
    await expect(distill(teacher, { ...options, pca: 27 })).rejects.toThrow(
      'Expected `pca` to be at most 26, the dimensions of the teacher, received 27. Lower it, or leave it out to keep all that there are.',
    );
    await expect(distill(teacher, { ...options, dimension: 4 })).rejects.toThrow(
      'Expected `pca` to be at most 4, the dimensions of the table, received 8.',
    );
    await expect(distill(teacher, { ...options, sif: 1 })).rejects.toThrow(
      'Expected `sif` to be a number above 0 and below 1, received 1. Leave it out for the default.',
    );
    await expect(distill(teacher, { ...options, drop: /\[UNK/ })).rejects.toThrow(
      'Expected `drop` to leave `[UNK]`, the unknown token, received a pattern that matches it. Give a narrower pattern.',
    );
    const short: typeof teacher = () => ({ data: new Float32Array(26), rows: 1, columns: 26 });
    await expect(distill(short, options)).rejects.toThrow(
      'Expected the teacher to give 61 embeddings of some dimensions for 61 texts, received 1 of 26. Take a teacher that gives one embedding a text, all of one dimension.',
    );
    const broken: typeof teacher = (given) => ({
      data: new Float32Array(given.length).fill(Number.NaN),
      rows: given.length,
      columns: 1,
    });
    await expect(distill(broken, options)).rejects.toThrow(
      'Expected the teacher to give finite numbers, received NaN for text 0 of a batch. Check the teacher with that text.',
    );
  });

  it('keeps the ids of a tokenizer that cannot be changed, and has zero rows for what would go', async () => {
    const json = JSON.parse(tokenizer.toJson()) as { normalizer: unknown };
    json.normalizer = { type: 'Lowercase' };
    const other = tokenizerFromJson(JSON.stringify(json));
    const { model, report } = await distill(letterTeacher().teacher, { ...options, tokenizer: other });
    expect(report.droppedTokens).toBe(6);
    const id = other.tokenToId('[CLS]')!;
    expect(model.table.data.subarray(id * 8, id * 8 + 8)).toEqual(new Float32Array(8));
    expect(model.tokenizer.tokenToId('[CLS]')).toBe(id);
    model.dispose();
    await expect(
      distill(letterTeacher().teacher, { ...options, tokenizer: other, words: ['xylophone'] }),
    ).rejects.toThrow(
      'Expected the tokenizer to be a `WordPiece` with a `BertNormalizer` and a `BertPreTokenizer`, received `WordPiece`, `Lowercase`, `BertPreTokenizer`.',
    );
  });
});

describe('the cache of token vectors', () => {
  const tokens = Array.from({ length: 20 }, (_, index) => `token${String.fromCharCode(97 + index)}`);
  const settings = { teacherName: 'letters', kind: 'wordpiece', batchSize: 3 };

  it('goes on where a stopped run ended', async () => {
    const cacheFolder = join(folder, 'stopped');
    const controller = new AbortController();
    const first = letterTeacher();
    const seen: number[] = [];
    const stop = ({ tokens: done }: { tokens: number }): void => {
      seen.push(done);
      if (done >= 9) controller.abort(new Error('enough'));
    };
    await expect(
      teachTokens(first.teacher, tokens, { ...settings, cacheFolder, signal: controller.signal, onProgress: stop }),
    ).rejects.toThrow('enough');
    expect(seen).toEqual([0, 3, 6, 9]);
    const second = letterTeacher();
    const vectors = await teachTokens(second.teacher, tokens, { ...settings, cacheFolder });
    expect(second.asked).toEqual(tokens.slice(9));
    expect(vectors).toEqual(await teachTokens(letterTeacher().teacher, tokens, settings));
    const third = letterTeacher();
    expect(await teachTokens(third.teacher, tokens, { ...settings, cacheFolder })).toEqual(vectors);
    expect(third.asked).toEqual([]);
  });

  it('writes again what a kill left half-written', async () => {
    const cacheFolder = join(folder, 'killed');
    const expected = await teachTokens(letterTeacher().teacher, tokens, { ...settings, cacheFolder });
    const [file] = await readdir(cacheFolder);
    const path = join(cacheFolder, file!);
    const { truncate } = await import('node:fs/promises');
    await truncate(path, 8 + 7 * 26 * 4 + 5);
    const { teacher, asked } = letterTeacher();
    expect(await teachTokens(teacher, tokens, { ...settings, cacheFolder })).toEqual(expected);
    expect(asked).toEqual(tokens.slice(7));
    await writeFile(path, 'something else');
    const again = letterTeacher();
    expect(await teachTokens(again.teacher, tokens, { ...settings, cacheFolder })).toEqual(expected);
    expect(again.asked).toEqual(tokens);
    await appendFile(path, 'more');
    expect(await teachTokens(again.teacher, tokens, { ...settings, cacheFolder })).toEqual(expected);
  });

  it('asks again for another teacher and for other tokens', async () => {
    const cacheFolder = join(folder, 'others');
    await teachTokens(letterTeacher().teacher, tokens, { ...settings, cacheFolder });
    const other = letterTeacher();
    await teachTokens(other.teacher, tokens, { ...settings, cacheFolder, teacherName: 'other' });
    await teachTokens(other.teacher, tokens.slice(1), { ...settings, cacheFolder });
    expect(other.asked.length).toBe(39);
    expect((await readdir(cacheFolder)).length).toBe(3);
  });

  it('says where it cannot be written', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    await expect(
      teachTokens(letterTeacher().teacher, tokens, { ...settings, cacheFolder: join(file, 'cache') }),
    ).rejects.toThrow(
      /^Expected to keep token vectors in `.*a-file.cache.*`, received ENOTDIR\. Choose another cache folder, or free space there\.$/,
    );
  });
});

describe('teacherFromVectors', () => {
  const rows = tokenizer.vocabularySize;
  const data = Float32Array.from({ length: rows * 3 }, (_, index) => Math.sin(index));
  const vectors = { data, rows, columns: 3 };

  it('gives a token its row, also where the new vocabulary has other ids', async () => {
    const teacher = teacherFromVectors(vectors, { tokenizer });
    const { model } = await distill(teacher, { ...options, pca: 3, sif: null });
    const rowOf = (table: Float32Array, id: number): Float32Array => table.slice(id * 3, id * 3 + 3);
    // Principal components keep angles between differences.
    const difference = (table: Float32Array, ids: readonly number[]): Float32Array =>
      rowOf(table, ids[0]!).map((value, i) => value - rowOf(table, ids[1]!)[i]!);
    const words = ['zebra', 'apple', 'bees'] as const;
    const [old, made] = [tokenizer, model.tokenizer].map((t) => words.map((word) => t.tokenToId(word)!)) as [
      number[],
      number[],
    ];
    expect(made[0]).not.toBe(old[0]);
    const angle = (table: Float32Array, [a, b, c]: number[]): number =>
      cosine(difference(table, [a!, b!]), difference(table, [b!, c!]));
    expect(angle(model.table.data, made)).toBeCloseTo(angle(data, old), 4);
    model.dispose();
  });

  it('gives a new word the mean of its pieces', async () => {
    const teacher = teacherFromVectors(vectors, { tokenizer });
    const { ids, offsets } = tokenizer.tokenize(['zebrant']);
    const { data: made } = await teacher.tokens!(['zebrant'], undefined, {} as never);
    const pieces = [...ids.subarray(0, offsets[1])];
    expect(pieces.length).toBeGreaterThan(1);
    expect(made[0]).toBeCloseTo(pieces.reduce((sum, id) => sum + data[id * 3]!, 0) / pieces.length, 5);
  });

  it('refuses another count than the vocabulary', () => {
    expect(() => teacherFromVectors({ ...vectors, rows: rows - 1 }, { tokenizer })).toThrow(
      `Expected a vector for each of the tokenizer's ${rows} tokens, received ${rows - 1}. Give the vectors in the order of the ids, or the tokenizer that they were made with.`,
    );
  });
});
