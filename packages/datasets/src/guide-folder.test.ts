import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, hashTexts, type TextDataset, type TextGuide } from '@embedbag/core';
import { describe, expect, test } from 'vitest';
import { datasetFromColumns } from './dataset-from-columns.js';
import { folderWith, refusal } from './fixtures/folder.js';
import { guideFromFolder } from './guide-from-folder.js';
import { type WriteGuideEmbeddingsOptions, writeGuideEmbeddings } from './write-guide-embeddings.js';

const DIMENSION = 3;

/** Three numbers that only the text decides. */
function vectorOf(text: string): number[] {
  const [low, high] = hashTexts([text]);
  return [low! / 2 ** 32, high! / 2 ** 32, text.length];
}

const guide: TextGuide = (texts) => {
  return { data: Float32Array.from(texts.flatMap(vectorOf)), rows: texts.length, columns: DIMENSION };
};

function datasetOf(name: string, rows: number, seed = 1): TextDataset {
  const random = createRandom(seed, name);
  const texts = (): string[] => Array.from({ length: rows }, () => `${name} ${random.uint32()}`);
  return datasetFromColumns({ name, columns: { anchor: texts(), positive: texts() } });
}

const DATASETS = [datasetOf('first', 150), datasetOf('second', 7)];

async function written(options: Partial<WriteGuideEmbeddingsOptions> = {}): Promise<string> {
  const folder = join(folderWith({}), 'guide');
  await writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'lengths', ...options });
  return folder;
}

describe('guide embeddings in a folder', () => {
  test.each([1, 4, 1000])('are those of the guide, row by row, written %d at a time', async (batchSize) => {
    const stored = await guideFromFolder(await written({ batchSize }), { datasets: DATASETS, guideName: 'lengths' });
    for (const dataset of DATASETS) {
      for (const column of [0, 1]) {
        const order = Int32Array.from({ length: dataset.rowCount }, (_, row) => row);
        createRandom(2).shuffle(order);
        const texts = await dataset.texts(column, order);
        const place = { dataset: dataset.name, column, rows: order };
        expect(await stored(texts, undefined, place)).toEqual(await guide(texts, undefined, place));
      }
    }
  });

  test('are .npy files that other programs read', async () => {
    const folder = await written();
    const bytes = readFileSync(join(folder, 'dataset-1-column-0.npy'));
    expect(bytes.toString('latin1', 10, 127)).toContain("'descr': '<f4', 'fortran_order': False, 'shape': (7, 3)");
    expect(bytes.length).toBe(128 + 7 * DIMENSION * 4);
  });

  test('are made once: a second call asks the guide nothing', async () => {
    const folder = await written();
    const silent: TextGuide = () => {
      throw new Error('asked');
    };
    await writeGuideEmbeddings(folder, { datasets: DATASETS, guide: silent, guideName: 'lengths' });
    await writeGuideEmbeddings(folder, { datasets: [DATASETS[1]!], guide: silent, guideName: 'lengths' });
  });

  test('tell how far they are', async () => {
    const seen: number[] = [];
    await written({
      batchSize: 100,
      onProgress: ({ texts, totalTexts }) => {
        expect(totalTexts).toBe(314);
        seen.push(texts);
      },
    });
    expect(seen).toEqual([100, 150, 250, 300, 307, 314]);
  });

  test('leave nothing behind when they are stopped or the guide fails', async () => {
    const parent = folderWith({});
    const folder = join(parent, 'guide');
    const stop = new AbortController();
    const options = { datasets: DATASETS, guide, guideName: 'lengths', batchSize: 10 };
    await expect(
      writeGuideEmbeddings(folder, {
        ...options,
        signal: stop.signal,
        onProgress: ({ texts }) => texts >= 50 && stop.abort(new Error('enough')),
      }),
    ).rejects.toThrow('enough');
    const narrow: TextGuide = (texts, signal, place) =>
      place.column === 0 ? guide(texts, signal, place) : { data: new Float32Array(99), rows: texts.length, columns: 2 };
    expect(await refusal(() => writeGuideEmbeddings(folder, { ...options, guide: narrow }))).toEqual({
      code: 'guide-shape',
      message:
        'Expected `guide` to return 10 rows of 3 dimensions for 10 texts, received 10 of 2. Return one embedding a text, all of one dimension.',
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('are not read after the run was stopped', async () => {
    const stored = await guideFromFolder(await written(), { datasets: DATASETS });
    const place = { dataset: 'first', column: 0, rows: Int32Array.of(1) };
    await expect(stored(['x'], AbortSignal.abort(new Error('enough')), place)).rejects.toThrow('enough');
  });
});

describe('what a folder of guide embeddings refuses', () => {
  const place = { column: 0, rows: Int32Array.of(0) };

  test.each<[string, TextDataset[], string | undefined, string]>([
    ['another guide', DATASETS, 'words', 'guide `words`, received those of `lengths`'],
    ['an unknown dataset', [datasetOf('third', 5)], undefined, 'dataset `third`, received those of `first`, `second`'],
    [
      'another length',
      [datasetOf('second', 8)],
      undefined,
      'dataset `second` with 8 rows in 2 columns, received 7 rows in 2 columns',
    ],
    [
      'other texts',
      [datasetOf('second', 7, 99)],
      undefined,
      'the texts in column 0 of dataset `second`, received those of other texts',
    ],
  ])('%s', async (_, datasets, guideName, difference) => {
    const folder = await written();
    const options = guideName === undefined ? { datasets } : { datasets, guideName };
    const expected = {
      code: 'guide-mismatch',
      message: `Expected the guide embeddings in ${folder} to be those of ${difference}. Write them anew into another folder, or remove this one.`,
    };
    expect(await refusal(() => guideFromFolder(folder, options))).toEqual(expected);
    const again = { datasets, guide, guideName: guideName ?? 'lengths' };
    expect(await refusal(() => writeGuideEmbeddings(folder, again))).toEqual(expected);
  });

  test('a file that was cut off', async () => {
    const folder = await written();
    truncateSync(join(folder, 'dataset-0-column-1.npy'), 500);
    expect((await refusal(() => guideFromFolder(folder, { datasets: DATASETS }))).message).toContain(
      'to be those of 150 rows in `dataset-0-column-1.npy`, 1928 bytes, received 500 bytes.',
    );
  });

  test('a folder that is missing, or holds something else', async () => {
    const folder = folderWith({ 'notes.txt': 'mine' });
    expect(await refusal(() => guideFromFolder(join(folder, 'none'), { datasets: DATASETS }))).toEqual({
      code: 'file-not-found',
      message: `Expected a folder of guide embeddings at ${folder}/none, received a path that does not exist. Make it with \`writeGuideEmbeddings\`.`,
    });
    const other = { datasets: DATASETS, guide, guideName: 'lengths' };
    expect(await refusal(() => writeGuideEmbeddings(folder, other))).toEqual({
      code: 'invalid-guide-folder',
      message: `Expected ${folder} to be a folder that \`writeGuideEmbeddings\` made, received one without \`guide.json\` (ENOENT). Name another folder.`,
    });
    expect(existsSync(join(folder, 'notes.txt'))).toBe(true);
    writeFileSync(join(folder, 'guide.json'), '{"format": 2');
    expect((await refusal(() => writeGuideEmbeddings(folder, other))).message).toContain(
      'received a `guide.json` of another format.',
    );
  });

  test('a dataset it was not opened for, and a batch of no texts', async () => {
    const stored = await guideFromFolder(await written(), { datasets: [DATASETS[0]!] });
    expect((await refusal(() => stored(['x'], undefined, { ...place, dataset: 'second' }))).message).toBe(
      'Expected guide embeddings of column 0 of dataset `second`, received those of `first`. Give `guideFromFolder` the datasets that are trained on.',
    );
    expect((await refusal(() => written({ batchSize: 0 }))).message).toBe(
      'Expected `batchSize` to be a whole number above 0, received 0. Leave it out for 256.',
    );
  });

  test('a place that cannot be written', async () => {
    const folder = join(folderWith({ file: '' }), 'file', 'guide');
    expect(
      (await refusal(() => writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'g' }))).code,
    ).toBe('file-not-writable');
  });
});
