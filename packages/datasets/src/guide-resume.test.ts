import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, hashTexts, type TextDataset, type TextGuide } from '@embedbag/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { datasetFromColumns } from './dataset-from-columns.js';
import { describeGuideFolder } from './describe-guide-folder.js';
import { folderWith, refusal } from './fixtures/folder.js';
import { guideFromFolder } from './guide-from-folder.js';
import {
  type GuideProgress,
  type WriteGuideEmbeddingsOptions,
  writeGuideEmbeddings,
} from './write-guide-embeddings.js';

function datasetOf(name: string, rows: number, seed = 1): TextDataset {
  const random = createRandom(seed, name);
  const texts = (): string[] => Array.from({ length: rows }, () => `text ${random.uint32() % 3000}`);
  return datasetFromColumns({ name, columns: { anchor: texts(), positive: texts() } });
}

/** Batches of 512, 512, 276; the same again; 512, 188; the same again: 4,000 texts, of which some are equal. */
const DATASETS = [datasetOf('first', 1300), datasetOf('second', 700)];
const TOTAL = 4000;

/** A guide that counts what it is asked, and answers by the text and, as transformers do a little, by what comes with it. */
function countingGuide(): { readonly guide: TextGuide; readonly asked: string[] } {
  const asked: string[] = [];
  const guide: TextGuide = (texts) => {
    asked.push(...texts);
    const [low] = hashTexts([texts.join('\n')]);
    const data = Float32Array.from(texts.flatMap((text) => [...hashTexts([text]), low!]));
    return { data, rows: texts.length, columns: 3 };
  };
  return { guide, asked };
}

type Options = Partial<WriteGuideEmbeddingsOptions>;

function write(folder: string, options: Options): Promise<void> {
  const { guide } = countingGuide();
  return writeGuideEmbeddings(folder, { datasets: DATASETS, guide, guideName: 'counting', batchSize: 100, ...options });
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]));
}

/** Stops after so many texts, and says what the call ended with. */
async function stopped(folder: string, after: number, options: Options = {}): Promise<unknown> {
  const stop = new AbortController();
  const onProgress = ({ texts }: GuideProgress): void => {
    if (texts >= after) stop.abort(new Error('enough'));
  };
  return write(folder, { ...options, signal: stop.signal, onProgress }).catch((error: Error) => error.message);
}

let whole: Record<string, string>;
let askedOfWhole: string[];
beforeAll(async () => {
  const { guide, asked } = countingGuide();
  const folder = mkdtempSync(join(tmpdir(), 'embedbag-resume-'));
  await write(join(folder, 'guide'), { guide });
  whole = contents(join(folder, 'guide'));
  askedOfWhole = asked;
  rmSync(folder, { recursive: true });
});

describe('guide embeddings after a stop', () => {
  test.each([512, 1300, 1812, 3300, 3812])(
    'go on behind text %d, ask nothing twice, and end in the same bytes',
    async (after) => {
      const folder = join(folderWith({}), 'guide');
      const first = countingGuide();
      expect(await stopped(folder, after, { guide: first.guide })).toBe('enough');
      expect([existsSync(folder), existsSync(`${folder}.partial`)]).toEqual([false, true]);
      const second = countingGuide();
      const seen: GuideProgress[] = [];
      await write(folder, { guide: second.guide, onProgress: (progress) => seen.push(progress) });
      expect(contents(folder)).toEqual(whole);
      expect([...first.asked, ...second.asked]).toEqual(askedOfWhole);
      expect(seen[0]).toMatchObject({ texts: seen[0]!.keptTexts, askedTexts: 0 });
      expect(seen[0]!.keptTexts).toBeGreaterThanOrEqual(after);
      expect(seen.at(-1)).toEqual({
        texts: TOTAL,
        totalTexts: TOTAL,
        keptTexts: seen[0]!.keptTexts,
        askedTexts: second.asked.length,
      });
      expect(existsSync(`${folder}.partial`)).toBe(false);
    },
  );

  test('go on after a second stop, as often as it takes', async () => {
    const folder = join(folderWith({}), 'guide');
    const { guide, asked } = countingGuide();
    for (const after of [600, 1300, 1301, 3000]) expect(await stopped(folder, after, { guide })).toBe('enough');
    await write(folder, { guide });
    expect(asked).toEqual(askedOfWhole);
    expect(contents(folder)).toEqual(whole);
  });

  test('are not taken for whole ones', async () => {
    const folder = join(folderWith({}), 'guide');
    await stopped(folder, 1300);
    const expected = {
      code: 'guide-unfinished',
      message: `Expected whole guide embeddings in ${folder}, received unfinished ones in ${folder}.partial. Go on with \`writeGuideEmbeddings\`, or the command \`embedbag guide\`, as they were begun.`,
    };
    expect(await refusal(() => guideFromFolder(folder, { datasets: DATASETS }))).toEqual(expected);
    expect(await refusal(() => describeGuideFolder(folder))).toEqual(expected);
  });

  test('keep what was done when the guide fails', async () => {
    const folder = join(folderWith({}), 'guide');
    const first = countingGuide();
    const failing: TextGuide = (texts, ...more) => {
      if (first.asked.length > 550) throw new Error('endpoint gone');
      return first.guide(texts, ...more);
    };
    await expect(write(folder, { guide: failing })).rejects.toThrow('endpoint gone');
    const seen: GuideProgress[] = [];
    await write(folder, { onProgress: (progress) => seen.push(progress) });
    expect(seen[0]!.keptTexts).toBe(512);
    expect(contents(folder)).toEqual(whole);
  });

  test('keep what was done when the disk is full, and say so', async () => {
    const folder = join(folderWith({}), 'guide');
    const partial = `${folder}.partial`;
    const file = join(partial, 'dataset-0-column-1.arrow');
    const refused = await refusal(() =>
      write(folder, { onProgress: ({ texts }) => texts === 1300 && symlinkSync('/dev/full', file) }),
    );
    expect(refused).toEqual({
      code: 'file-not-writable',
      message: `Expected to write ${partial}, received ENOSPC. Check that its disk has room and its parent folder can be written; what is whole in it is kept, and the same call goes on from there.`,
    });
    rmSync(file);
    const seen: GuideProgress[] = [];
    await write(folder, { onProgress: (progress) => seen.push(progress) });
    expect(seen[0]!.keptTexts).toBe(1300);
    expect(contents(folder)).toEqual(whole);
  });

  test('of a kill at any byte of any file are made anew as far as needed', async () => {
    const stoppedFolder = join(folderWith({}), 'guide');
    await stopped(stoppedFolder, 3812);
    const partial = `${stoppedFolder}.partial`;
    const files = readdirSync(partial).sort();
    expect(files).toHaveLength(5);
    const damages = fc.record({
      file: fc.constantFrom(...files),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      kind: fc.constantFrom('cut', 'zeros', 'more', 'gone'),
    });
    await fc.assert(
      fc.asyncProperty(damages, async ({ file, share, kind }) => {
        // A folder without a journal is not known to be ours.
        fc.pre(file !== 'guide-progress.txt' || kind !== 'gone');
        const folder = join(stoppedFolder, '..', 'again');
        rmSync(folder, { recursive: true, force: true });
        cpSync(partial, `${folder}.partial`, { recursive: true });
        const path = join(`${folder}.partial`, file);
        const at = Math.floor(statSync(path).size * share);
        if (kind === 'cut') truncateSync(path, at);
        if (kind === 'zeros') writeFileSync(path, Buffer.alloc(100), { flag: 'r+' });
        if (kind === 'more') appendFileSync(path, 'more of it'.repeat(500));
        if (kind === 'gone') rmSync(path);
        await write(folder, {});
        expect(contents(folder)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test('with a damaged start are begun anew, also after another failure', async () => {
    const folder = join(folderWith({}), 'guide');
    await stopped(folder, 3812);
    const partial = `${folder}.partial`;
    writeFileSync(join(partial, 'guide-progress.txt'), '{"guideName": ');
    writeFileSync(join(partial, 'dataset-9-column-0.arrow'), 'of more datasets');
    const failing: TextGuide = () => {
      throw new Error('endpoint gone');
    };
    await expect(write(folder, { guide: failing })).rejects.toThrow('endpoint gone');
    expect(existsSync(partial)).toBe(false);
    mkdirSync(partial);
    writeFileSync(join(partial, 'guide-progress.txt.new'), 'begun');
    await write(folder, {});
    expect(contents(folder)).toEqual(whole);
  });

  test('that were whole but for their name get it without the guide', async () => {
    const folder = join(folderWith({}), 'guide');
    const message = await write(folder, {
      onProgress: ({ texts }) => {
        if (texts === TOTAL) throw new Error('killed');
      },
    }).catch((error: Error) => error.message);
    expect(message).toBe('killed');
    const { guide, asked } = countingGuide();
    await write(folder, { guide });
    expect(asked).toEqual([]);
    expect(contents(folder)).toEqual(whole);
  });
});

describe('unfinished guide embeddings refuse', () => {
  test.each<[string, Options, string]>([
    ['another guide', { guideName: 'words' }, 'guide `words`, received those of `counting`'],
    [
      'another version',
      { guideVersion: '2' },
      'guide `counting` as it is now, received those of another version of it',
    ],
    [
      'other texts',
      { datasets: [DATASETS[0]!, datasetOf('second', 700, 9)] },
      'the texts in column 0 of dataset `second`, received those of other texts',
    ],
    [
      'another order',
      { datasets: [...DATASETS].reverse() },
      'the datasets `second`, `first`, in this order, received those of `first`, `second`',
    ],
    [
      'fewer datasets',
      { datasets: [DATASETS[0]!] },
      'the datasets `first`, in this order, received those of `first`, `second`',
    ],
  ])('%s, and stay as they are', async (_, options, difference) => {
    const folder = join(folderWith({}), 'guide');
    await stopped(folder, 1812, { guideVersion: '1' });
    const before = contents(`${folder}.partial`);
    expect(await refusal(() => write(folder, { guideVersion: '1', ...options }))).toEqual({
      code: 'guide-mismatch',
      message: `Expected the guide embeddings in ${folder}.partial to be those of ${difference}. Write them anew into another folder, or remove this one.`,
    });
    expect(contents(`${folder}.partial`)).toEqual(before);
  });

  test('to take the place of something else', async () => {
    const parent = folderWith({ 'guide.partial/notes.txt': 'mine' });
    const folder = join(parent, 'guide');
    expect(await refusal(() => write(folder, {}))).toEqual({
      code: 'invalid-guide-folder',
      message: `Expected ${folder}.partial to be a folder that \`writeGuideEmbeddings\` made, received one without \`guide-progress.txt\`. Name another folder.`,
    });
    expect(readdirSync(parent)).toEqual(['guide.partial']);
  });

  test('a guide of another dimension', async () => {
    const folder = join(folderWith({}), 'guide');
    await stopped(folder, 1812);
    const wide: TextGuide = (texts) => ({ data: new Float32Array(texts.length * 4), rows: texts.length, columns: 4 });
    expect((await refusal(() => write(folder, { guide: wide }))).message).toBe(
      'Expected `guide` to return 100 rows of 3 dimensions for 100 texts, received 100 of 4. Return one embedding a text, all of one dimension.',
    );
  });
});
