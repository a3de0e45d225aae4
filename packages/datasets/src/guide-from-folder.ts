import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Matrix, type TextDataset, type TextGuide } from '@embedbag/core';
import { NPY_HEADER_BYTES } from './embeddings-to-npy.js';
import { checkManifest, readManifest } from './guide-folder.js';

/** What {@link guideFromFolder} takes. */
export interface GuideFromFolderOptions {
  /** The datasets that are trained on: the folder must hold embeddings of exactly their texts. */
  readonly datasets: readonly TextDataset[];
  /** Refuses embeddings of another guide. Default: any guide. */
  readonly guideName?: string;
}

/** Rows asked of the file system at a time. */
const READS_AT_ONCE = 64;

/**
 * A guide whose embeddings lie in a folder that `writeGuideEmbeddings` made: the rows of a batch are read when a loss asks for
 * them, so no more than a batch is in memory.
 *
 * @throws EmbedbagError `file-not-found`, `invalid-guide-folder`, and `guide-mismatch` when the folder holds embeddings of
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
  const manifest = await readManifest(folder);
  if (manifest === undefined) {
    throw new EmbedbagError({
      code: 'file-not-found',
      message: `Expected a folder of guide embeddings at ${folder}, received a path that does not exist. Make it with \`writeGuideEmbeddings\`.`,
      details: { path: folder },
    });
  }
  await checkManifest(folder, manifest, datasets, guideName);
  const { dimension } = manifest;
  const files = new Map(
    datasets.map(({ name }) => [name, manifest.datasets.find((dataset) => dataset.name === name)!.columns]),
  );
  return async (_texts, signal, { dataset, column, rows }): Promise<Matrix> => {
    const file = files.get(dataset)?.[column]?.file;
    if (file === undefined) throw unknownColumn(dataset, column, [...files.keys()]);
    const data = new Float32Array(rows.length * dimension);
    const handle = await open(join(folder, file));
    try {
      for (let first = 0; first < rows.length; first += READS_AT_ONCE) {
        signal?.throwIfAborted();
        const last = Math.min(rows.length, first + READS_AT_ONCE);
        const indices = Array.from({ length: last - first }, (_, index) => first + index);
        await Promise.all(indices.map((index) => readRow(handle, rows[index]!, data, index * dimension, dimension)));
      }
    } finally {
      await handle.close();
    }
    return { data, rows: rows.length, columns: dimension };
  };
}

async function readRow(
  handle: FileHandle,
  row: number,
  data: Float32Array,
  offset: number,
  dimension: number,
): Promise<void> {
  const bytes = new Uint8Array(data.buffer, offset * 4, dimension * 4);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, NPY_HEADER_BYTES + row * dimension * 4);
  if (bytesRead === bytes.length) return;
  throw new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected guide embeddings of row ${row}, received a file that ends before it. Write them anew.`,
    details: { row },
  });
}

function unknownColumn(dataset: string, column: number, names: readonly string[]): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected guide embeddings of column ${column} of dataset \`${dataset}\`, received those of ${names.map((name) => `\`${name}\``).join(', ') || 'no dataset'}. Give \`guideFromFolder\` the datasets that are trained on.`,
    details: { dataset, column },
  });
}
