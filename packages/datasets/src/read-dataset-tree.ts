import { relative, sep } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { listDatasetFolders } from './list-dataset-folders.js';
import type { ReadDatasetOptions } from './read-dataset.js';
import { readDatasets } from './read-datasets.js';
import { renameColumns } from './rename-columns.js';

/** Settings of {@link readDatasetTree}. */
export interface ReadDatasetTreeOptions extends ReadDatasetOptions {
  /** Leave out datasets of fewer rows. Default 1. */
  readonly minRows?: number;
  /** Is told of each dataset that was left out. */
  readonly onLeftOut?: (dataset: { readonly name: string; readonly rowCount: number }) => void;
}

/**
 * Reads the files of `folder` and of all folders inside it, one dataset each, as `readDatasets` reads those of one folder. A
 * dataset is named after its path, such as `tatoeba/en-deu`, so that files of one name in different folders are told apart.
 *
 * @throws EmbedbagError `too-few-rows` where all datasets are left out, and all of `listDatasetFolders` and `readDatasets`.
 *
 * @example
 * ```ts
 * const datasets = await readDatasetTree('data/train', {
 *   columns: { anchor: 'english', positive: 'non_english' },
 *   minRows: 100,
 * });
 * ```
 */
export async function readDatasetTree(folder: string, options: ReadDatasetTreeOptions = {}): Promise<ColumnDataset[]> {
  const { minRows = 1, onLeftOut, ...readOptions } = options;
  const kept: ColumnDataset[] = [];
  const leftOut: ColumnDataset[] = [];
  for (const path of await listDatasetFolders(folder)) {
    const inside = relative(folder, path).split(sep).join('/');
    for (const dataset of await readDatasets(path, readOptions)) {
      const named = inside === '' ? dataset : renamed(dataset, `${inside}/${dataset.name}`);
      (named.rowCount < minRows ? leftOut : kept).push(named);
    }
  }
  if (kept.length === 0) throw tooFewRows(folder, minRows, leftOut);
  for (const { name, rowCount } of leftOut) onLeftOut?.({ name, rowCount });
  return kept;
}

function renamed(dataset: ColumnDataset, name: string): ColumnDataset {
  return renameColumns(dataset, { columns: Object.fromEntries(dataset.columns.map((role) => [role, role])), name });
}

function tooFewRows(folder: string, minRows: number, leftOut: readonly ColumnDataset[]): EmbedbagError {
  const most = Math.max(...leftOut.map(({ rowCount }) => rowCount));
  return new EmbedbagError({
    code: 'too-few-rows',
    message: `Expected a file of at least ${minRows} rows in the folder ${folder}, received ${leftOut.length} with at most ${most}. Lower \`minRows\` or check the path.`,
    details: { path: folder, minRows, received: most },
  });
}
