export type { ColumnDataset } from './column-dataset.js';
export type { ColumnMapping } from './column-roles.js';
export { type DatasetColumns, type DatasetFromColumnsOptions, datasetFromColumns } from './dataset-from-columns.js';
export { pairsFromMarkdown } from './pairs-from-markdown.js';
export { pairsFromTypeScript } from './pairs-from-typescript.js';
export { type DatasetFormat, type ReadDatasetOptions, readDataset } from './read-dataset.js';
export { readDatasets } from './read-datasets.js';
export {
  isRetrievalFolder,
  listRetrievalFolders,
  type ReadRetrievalFolderOptions,
  type RetrievalData,
  readRetrievalFolder,
} from './read-retrieval-folder.js';
export type { PairOptions, SplitPairs, TextPairs } from './text-pairs.js';
