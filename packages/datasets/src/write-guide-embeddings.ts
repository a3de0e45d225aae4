import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Matrix, type TextDataset, type TextGuide } from '@embedbag/core';
import { checkManifest, describeDatasets, MANIFEST_NAME, manifestText, readManifest } from './guide-folder.js';
import { createNpyWriter } from './npy-writer.js';
import { systemErrorCode } from './system-error.js';

/** How far {@link writeGuideEmbeddings} is. */
export interface GuideProgress {
  /** Texts embedded so far, of all columns and datasets. */
  readonly texts: number;
  readonly totalTexts: number;
}

/** What {@link writeGuideEmbeddings} takes. */
export interface WriteGuideEmbeddingsOptions {
  readonly datasets: readonly TextDataset[];
  /** Gives one embedding a text; a model of ours by `guideFromModel`, or a function that asks any other. */
  readonly guide: TextGuide;
  /** Tells this guide from others; give a changed guide another name. */
  readonly guideName: string;
  /** Texts the guide gets at a time. Default: 256. */
  readonly batchSize?: number;
  /** Ends the work after the texts that are under way; nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Is told after every batch of texts. */
  readonly onProgress?: (progress: GuideProgress) => void;
}

/**
 * Makes a guide's embeddings of every text of `datasets` once and keeps them in `folder`, for `guideFromFolder`.
 *
 * A folder that already holds them is left as it is, so a program may call this at each start. Each text column becomes a .npy
 * file of float32, `[rowCount, dimension]`; beside them lies `guide.json` with the guide's name and the hashes of the texts. The
 * folder appears under its name when all is done.
 *
 * @throws EmbedbagError `guide-mismatch` when the folder holds those of another guide or of other data, `invalid-guide-folder`
 * when it holds something else, `guide-shape`, `invalid-batch-size`, `file-not-writable`.
 *
 * @example
 * ```ts
 * const guide = guideFromModel(await StaticEmbedding.load('first-run/final'));
 * await writeGuideEmbeddings('guide', { datasets, guide, guideName: 'first-run' });
 * ```
 */
export async function writeGuideEmbeddings(folder: string, options: WriteGuideEmbeddingsOptions): Promise<void> {
  const { datasets, guideName, batchSize = 256, signal, onProgress } = options;
  checkBatchSize(batchSize);
  signal?.throwIfAborted();
  const manifest = await readManifest(folder);
  if (manifest !== undefined) return checkManifest(folder, manifest, datasets, guideName);
  const described = describeDatasets(datasets);
  const partial = `${folder}.partial`;
  await makeEmpty(partial);
  try {
    const totalTexts = datasets.reduce((sum, { rowCount, columns }) => sum + rowCount * columns.length, 0);
    let texts = 0;
    let dimension = 0;
    const onTexts = (count: number): void => {
      texts += count;
      onProgress?.({ texts, totalTexts });
    };
    for (const [index, dataset] of datasets.entries()) {
      for (const [column, { file }] of described[index]!.columns.entries()) {
        dimension = await writeColumn(join(partial, file), {
          ...options,
          batchSize,
          dataset,
          column,
          dimension,
          onTexts,
        });
      }
    }
    await writeFile(join(partial, MANIFEST_NAME), manifestText(guideName, dimension, described));
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new EmbedbagError({
      code: 'file-not-writable',
      message: `Expected to write ${folder}, received ${systemErrorCode(error)}. Check that its parent folder can be written.`,
      details: { path: folder, reason: systemErrorCode(error) },
      cause: error,
    });
  }
}

function checkBatchSize(batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize > 0) return;
  throw new EmbedbagError({
    code: 'invalid-batch-size',
    message: `Expected \`batchSize\` to be a whole number above 0, received ${batchSize}. Leave it out for 256.`,
    details: { received: batchSize },
  });
}

interface ColumnOptions extends WriteGuideEmbeddingsOptions {
  readonly batchSize: number;
  readonly dataset: TextDataset;
  readonly column: number;
  /** Of the columns before; 0 for the first. */
  readonly dimension: number;
  readonly onTexts: (count: number) => void;
}

/** Writes one column and returns the dimension of its embeddings. */
async function writeColumn(path: string, options: ColumnOptions): Promise<number> {
  const { dataset, column, guide, batchSize, signal, onTexts } = options;
  const writer = await createNpyWriter(path);
  let { dimension } = options;
  try {
    for (let first = 0; first < dataset.rowCount; first += batchSize) {
      signal?.throwIfAborted();
      const count = Math.min(batchSize, dataset.rowCount - first);
      const rows = Int32Array.from({ length: count }, (_, index) => first + index);
      const texts = await dataset.texts(column, rows);
      const matrix = await guide(texts, signal, { dataset: dataset.name, column, rows });
      dimension ||= matrix.columns;
      checkShape(matrix, count, dimension);
      await writer.write(matrix);
      onTexts(count);
    }
    await writer.close();
    return dimension;
  } finally {
    await writer.discard();
  }
}

function checkShape({ rows, columns }: Matrix, texts: number, dimension: number): void {
  if (rows === texts && columns === dimension && dimension > 0) return;
  throw new EmbedbagError({
    code: 'guide-shape',
    message: `Expected \`guide\` to return ${texts} rows of ${dimension || 'some'} dimensions for ${texts} texts, received ${rows} of ${columns}. Return one embedding a text, all of one dimension.`,
    details: { rows, columns },
  });
}
