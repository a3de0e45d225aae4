import { join } from 'node:path';
import { EmbedbagError, type Matrix, type TextDataset, type TextGuide } from '@embedbag/core';
import { checkManifest, readManifest } from './guide-folder.js';
import { checkGuideIsFinished } from './guide-journal.js';
import { openRandomAccessFile } from './random-access-file.js';
import { readEmbeddingRows } from './read-embedding-rows.js';

/** What {@link guideFromFolder} takes. */
export interface GuideFromFolderOptions {
  /** The datasets that are trained on: the folder must hold embeddings of exactly their texts. */
  readonly datasets: readonly TextDataset[];
  /** Refuses embeddings of another guide. Default: any guide. */
  readonly guideName?: string;
}

/**
 * A guide whose embeddings lie in a folder that `writeGuideEmbeddings` made: the rows of a batch are read when a loss asks for
 * them, so no more than a batch is in memory.
 *
 * @throws EmbedbagError `file-not-found`, `guide-unfinished`, `invalid-guide-folder`, and `guide-mismatch` when the folder holds embeddings of
 * another guide, of other texts, or of another number of them. Its calls throw `guide-mismatch` for a dataset that was not given.
 *
 * @example
 * ```ts
 * const guide = await guideFromFolder('guide', { datasets });
 * const loss = gistEmbedLoss({ guide, guideName: 'first-run' });
 * ```
 */
export async function guideFromFolder(folder: string, options: GuideFromFolderOptions): Promise<TextGuide> {
  const { datasets, guideName } = options;
  await checkGuideIsFinished(folder);
  const manifest = await readManifest(folder);
  if (manifest === undefined) {
    throw new EmbedbagError({
      code: 'file-not-found',
      message: `Expected a folder of guide embeddings at ${folder}, received a path that does not exist. Make it with \`writeGuideEmbeddings\`.`,
      details: { path: folder },
    });
  }
  await checkManifest(folder, manifest, datasets, { guideName });
  const { dimension } = manifest;
  const files = new Map(
    datasets.map(({ name }) => [name, manifest.datasets.find((dataset) => dataset.name === name)!.columns]),
  );
  return async (_texts, signal, { dataset, column, rows }): Promise<Matrix> => {
    const name = files.get(dataset)?.[column]?.file;
    if (name === undefined) throw unknownColumn(dataset, column, [...files.keys()]);
    signal?.throwIfAborted();
    const data = new Float32Array(rows.length * dimension);
    const file = await openRandomAccessFile(join(folder, name));
    try {
      await readEmbeddingRows(file, { layout: manifest, rows, out: data, signal });
    } finally {
      await file.close();
    }
    return { data, rows: rows.length, columns: dimension };
  };
}

function unknownColumn(dataset: string, column: number, names: readonly string[]): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected guide embeddings of column ${column} of dataset \`${dataset}\`, received those of ${names.map((name) => `\`${name}\``).join(', ') || 'no dataset'}. Give \`guideFromFolder\` the datasets that are trained on.`,
    details: { dataset, column },
  });
}
