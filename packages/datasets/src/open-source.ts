import { type DatasetFile, findDatasetFiles } from './dataset-files.js';
import type { DatasetFormat } from './dataset-format.js';
import { datasetName } from './dataset-name.js';
import type { FileRowsOptions } from './file-rows.js';
import type { HubDatasetOptions } from './hub-dataset.js';
import { checkHubOptions, checkNoneOfHub, isHubDataset } from './hub-dataset-id.js';
import type { OpenHubDataset } from './open-hub-dataset.js';
import { ALL_ROWS } from './split-slice.js';

/** Finds the files of `source`, on this machine or of the hub; see `readDataset`. */
export async function openSource(
  source: string | readonly string[],
  options: HubDatasetOptions & FileRowsOptions & { readonly format?: DatasetFormat },
): Promise<OpenHubDataset> {
  if (typeof source === 'string' && isHubDataset(source)) {
    return (await import('./open-hub-dataset.js')).openHubDataset(source, options);
  }
  checkHubOptions(options);
  if (typeof source !== 'string') checkNoneOfHub(source);
  const files: readonly DatasetFile[] = await findDatasetFiles(source, options.format);
  return { name: datasetName(files), files, range: ALL_ROWS, requireRows: () => {} };
}
