import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, hashTexts, type TextDataset, type TextGuide } from '@embedbag/core';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { datasetFromColumns } from './dataset-from-columns.js';
import { describeGuideFolder } from './describe-guide-folder.js';
import { folderWith, refusal } from './fixtures/folder.js';
import { guideFromFolder } from './guide-from-folder.js';
import {
  type GuideProgress,
  type WriteGuideEmbeddingsOptions,
  writeGuideEmbeddings,
} from './write-guide-embeddings.js';

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

/** Columns of texts that have one length, so that a guide gets them in their order. */
function equalLengths(rows: number): { anchor: string[]; positive: string[] } {
  const texts = (letter: string): string[] =>
    Array.from({ length: rows }, (_, row) => `${letter}${String(row).padStart(4, '0')}`);
  return { anchor: texts('a'), positive: texts('p') };
}

/** Rows of which every third has no second negative. */
function collectedRows(anchors: string[], positives: string[], negatives: string[]): TextDataset {
  const lists = negatives.map((text, row) => (row % 3 === 0 ? [text] : [text, `${text}`]));
  return datasetFromColumns({ name: 'ragged', columns: { anchor: anchors, positive: positives, negatives: lists } });
}

async function written(options: Partial<WriteGuideEmbeddingsOptions> = {}): Promise<string> {
  const folder = join(folderWith({}), 'guide');
  await writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'lengths', ...options });
  return folder;
}

describe('guide embeddings in a folder', () => {
  test.each([1, 40, 512])('are those of the guide, row by row, written %d at a time', async (batchSize) => {
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

  test('are Arrow files that other programs read, a record batch every 512 rows', async () => {
    const dataset = datasetOf('long', 1200);
    const folder = await written({ datasets: [dataset] });
    expect(readdirSync(folder).sort()).toEqual(['dataset-0-column-0.arrow', 'dataset-0-column-1.arrow', 'guide.json']);
    const table = tableFromIPC(readFileSync(join(folder, 'dataset-0-column-1.arrow')));
    expect(table.schema.toString()).toBe('Schema<{ 0: embedding: FixedSizeList[3]<Float32> }>');
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([512, 512, 176]);
    const texts = await dataset.texts(1, [0, 511, 512, 1199]);
    const rows = [0, 511, 512, 1199].map((row) => [...table.getChildAt(0)!.get(row)]);
    expect(rows).toEqual(texts.map((text) => vectorOf(text).map(Math.fround)));
  });

  test('have no text embedded twice, and none that is not there', async () => {
    const asked: string[] = [];
    const listening: TextGuide = (texts, signal, place) => {
      asked.push(...texts);
      return guide(texts, signal, place);
    };
    const random = createRandom(3);
    const texts = (): string[] => Array.from({ length: 1500 }, () => `text ${random.uint32() % 700}`);
    const negatives = texts();
    const ragged = collectedRows(texts(), texts(), negatives);
    const datasets = [datasetFromColumns({ name: 'first', columns: { anchor: texts(), positive: texts() } }), ragged];
    const seen: GuideProgress[] = [];
    const folder = await written({ datasets, guide: listening, onProgress: (progress) => seen.push(progress) });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.every((text) => text.startsWith('text '))).toBe(true);
    expect(seen.at(-1)).toEqual({ texts: 9000, totalTexts: 9000, keptTexts: 0, askedTexts: asked.length });
    const stored = await guideFromFolder(folder, { datasets });
    const rows = Int32Array.from({ length: 1500 }, (_, row) => row);
    for (const dataset of datasets) {
      for (const column of dataset.columns.keys()) {
        const all = await dataset.texts(column, rows);
        const { data } = await stored(all, undefined, { dataset: dataset.name, column, rows });
        const valid = dataset.valid?.(column, rows);
        const expected = all.flatMap((text, row) => (valid?.[row] === 0 ? [0, 0, 0] : vectorOf(text)));
        expect(data).toEqual(Float32Array.from(expected));
      }
    }
  });

  test('come of the longest texts of a record batch first', async () => {
    const lengths: number[] = [];
    const texts = Array.from({ length: 600 }, (_, row) => 'x'.repeat((row * 37) % 601) + row);
    const datasets = [datasetFromColumns({ name: 'lengths', columns: { anchor: texts, positive: texts } })];
    const folder = await written({
      datasets,
      batchSize: 100,
      guide: (given, signal, place) => {
        lengths.push(...given.map(({ length }) => length));
        return guide(given, signal, place);
      },
    });
    expect(lengths).toHaveLength(600);
    const isSorted = (list: readonly number[]): boolean =>
      list.every((length, at) => at === 0 || list[at - 1]! >= length);
    expect([isSorted(lengths.slice(0, 512)), isSorted(lengths.slice(512)), isSorted(lengths)]).toEqual([
      true,
      true,
      false,
    ]);
    const place = { dataset: 'lengths', column: 1, rows: Int32Array.of(599, 3) };
    const stored = await guideFromFolder(folder, { datasets });
    expect((await stored([], undefined, place)).data).toEqual(
      Float32Array.from([...vectorOf(texts[599]!), ...vectorOf(texts[3]!)]),
    );
  });

  test('are told by what they hold', async () => {
    expect(await describeGuideFolder(await written())).toEqual({
      guideName: 'lengths',
      dimension: 3,
      datasets: [
        { name: 'first', rows: 150, columns: 2 },
        { name: 'second', rows: 7, columns: 2 },
      ],
    });
    const other = folderWith({ 'notes.txt': 'mine' });
    expect([await describeGuideFolder(other), await describeGuideFolder(join(other, 'none'))]).toEqual([
      undefined,
      undefined,
    ]);
    writeFileSync(join(other, 'guide.json'), '{}');
    expect((await refusal(() => describeGuideFolder(other))).code).toBe('invalid-guide-folder');
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
    const seen: GuideProgress[] = [];
    await written({ datasets: [datasetOf('long', 600)], onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ texts }) => texts)).toEqual([512, 600, 1112, 1200]);
    expect(seen[1]).toEqual({ texts: 600, totalTexts: 1200, keptTexts: 0, askedTexts: 600 });
  });

  test('leave nothing behind when the first batch fails', async () => {
    const parent = folderWith({});
    const folder = join(parent, 'guide');
    const narrow: TextGuide = (texts, signal, place) =>
      place.rows[0]! < 100
        ? guide(texts, signal, place)
        : { data: new Float32Array(99), rows: texts.length, columns: 2 };
    const datasets = [datasetFromColumns({ name: 'a', columns: equalLengths(150) })];
    const options = { datasets, guide: narrow, guideName: 'lengths', batchSize: 10 };
    expect(await refusal(() => writeGuideEmbeddings(folder, options))).toEqual({
      code: 'guide-shape',
      message:
        'Expected `guide` to return 10 rows of 3 dimensions for 10 texts, received 10 of 2. Return one embedding a text, all of one dimension.',
    });
    const infinite: TextGuide = (texts) => {
      return {
        data: Float32Array.from(texts, (text) => 1 / (Number(text.slice(1)) - 77)),
        rows: texts.length,
        columns: 1,
      };
    };
    expect(await refusal(() => writeGuideEmbeddings(folder, { ...options, guide: infinite }))).toEqual({
      code: 'guide-not-finite',
      message:
        'Expected `guide` to return finite numbers, received Infinity for the text in row 77 of column 0 of dataset `a`. Try the guide with that text.',
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
    truncateSync(join(folder, 'dataset-0-column-1.arrow'), 500);
    expect((await refusal(() => guideFromFolder(folder, { datasets: DATASETS }))).message).toContain(
      'to be those of 150 rows in `dataset-0-column-1.arrow`, 2242 bytes, received 500 bytes.',
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
    for (const [text, received] of [
      ['{"format": 2', 'that is damaged'],
      ['{"format": 2, "guide": "a", "datasets": [{}]}', 'that is damaged'],
      ['{"format": 1, "guide": "a", "dimension": 3, "datasets": []}', 'of another format'],
    ] as const) {
      writeFileSync(join(folder, 'guide.json'), text);
      expect((await refusal(() => writeGuideEmbeddings(folder, other))).message).toContain(
        `received a \`guide.json\` ${received}. Name another folder.`,
      );
    }
  });

  test('a dataset it was not opened for, and a batch of no texts', async () => {
    const stored = await guideFromFolder(await written(), { datasets: [DATASETS[0]!] });
    expect((await refusal(() => stored(['x'], undefined, { ...place, dataset: 'second' }))).message).toBe(
      'Expected guide embeddings of column 0 of dataset `second`, received those of `first`. Give `guideFromFolder` the datasets that are trained on.',
    );
    for (const batchSize of [0, 513, 1.5]) {
      expect((await refusal(() => written({ batchSize }))).message).toBe(
        `Expected \`batchSize\` to be a whole number from 1 to 512, received ${batchSize}. Leave it out for 256.`,
      );
    }
  });

  test('no datasets, an empty one, and two of one name', async () => {
    expect((await refusal(() => written({ datasets: [] }))).code).toBe('no-dataset');
    expect((await refusal(() => written({ datasets: [datasetOf('none', 0)] }))).message).toBe(
      'Expected dataset `none` to have rows, received none. Leave it out.',
    );
    expect((await refusal(() => written({ datasets: [datasetOf('a', 5), datasetOf('a', 6)] }))).message).toBe(
      'Expected every dataset to have a name of its own, by which its guide embeddings are found, received `a` twice. Rename one of them.',
    );
  });

  test('another version of the guide', async () => {
    const folder = await written({ guideVersion: '1' });
    await writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'lengths', guideVersion: '1' });
    const newer = { datasets: DATASETS, guide, guideName: 'lengths', guideVersion: '2' };
    expect(await refusal(() => writeGuideEmbeddings(folder, newer))).toEqual({
      code: 'guide-mismatch',
      message: `Expected the guide embeddings in ${folder} to be those of guide \`lengths\` as it is now, received those of another version of it. Write them anew into another folder, or remove this one.`,
    });
  });

  test('a place that cannot be written', async () => {
    const folder = join(folderWith({ file: '' }), 'file', 'guide');
    expect(
      (await refusal(() => writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'g' }))).code,
    ).toBe('file-not-writable');
  });
});
