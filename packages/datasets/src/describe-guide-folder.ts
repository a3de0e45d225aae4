import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_NAME, readManifest } from './guide-folder.js';
import { checkGuideIsFinished } from './guide-journal.js';

/** What a folder of guide embeddings holds. */
export interface GuideFolder {
  readonly guideName: string;
  /** Numbers of an embedding. */
  readonly dimension: number;
  readonly datasets: readonly { readonly name: string; readonly rows: number; readonly columns: number }[];
}

/**
 * Reads what a folder of `writeGuideEmbeddings` holds; undefined where there is none, or a folder of another kind, such as a model.
 *
 * @throws EmbedbagError `guide-unfinished` where there is an unfinished one instead, `invalid-guide-folder` where its `guide.json` is
 * damaged or of another format.
 *
 * @example
 * ```ts
 * const { guideName, dimension } = (await describeGuideFolder('guide')) ?? {};
 * ```
 */
export async function describeGuideFolder(folder: string): Promise<GuideFolder | undefined> {
  const hasManifest = await stat(join(folder, MANIFEST_NAME)).then(
    () => true,
    () => false,
  );
  await checkGuideIsFinished(folder);
  const manifest = hasManifest ? await readManifest(folder) : undefined;
  if (manifest === undefined) return undefined;
  const { guide: guideName, dimension, datasets } = manifest;
  return {
    guideName,
    dimension,
    datasets: datasets.map(({ name, rows, columns }) => ({ name, rows, columns: columns.length })),
  };
}
