export type { MiningRule } from './choose-negatives.js';
export { type CollectRowsOptions, collectRows } from './collect-rows.js';
export type { ColumnDataset } from './column-dataset.js';
export type { DatasetNotice } from './column-notices.js';
export type { ColumnMapping } from './column-roles.js';
export { type ConcatenateDatasetsOptions, concatenateDatasets } from './concatenate-datasets.js';
export type { DatasetFormat } from './dataset-format.js';
export { type DatasetColumns, type DatasetFromColumnsOptions, datasetFromColumns } from './dataset-from-columns.js';
export type { IndexProgress } from './dataset-index.js';
export { describeGuideFolder, type GuideFolder } from './describe-guide-folder.js';
export type { EmbeddingRows } from './embedding-rows.js';
export { type EmbeddingsToArrowOptions, embeddingsToArrow } from './embeddings-to-arrow.js';
export { embeddingsToNpy } from './embeddings-to-npy.js';
export { embeddingsToParquet } from './embeddings-to-parquet.js';
export { type GuideFromFolderOptions, guideFromFolder } from './guide-from-folder.js';
export { type HeldOutRows, type HoldOutRowsOptions, holdOutRows } from './hold-out-rows.js';
export { listDatasetFolders } from './list-dataset-folders.js';
export { type DatasetRow, type MapRowsOptions, mapRows } from './map-rows.js';
export { mineHardNegatives } from './mine-hard-negatives.js';
export type { MinedRow, MiningFormat } from './mined-row.js';
export type {
  MinedRows,
  MineHardNegativesOptions,
  MiningEncoder,
  MiningEvent,
  PairRescorer,
} from './mining-options.js';
export type { MiningSummary, ScoreStatistics } from './mining-summary.js';
export { createNpyWriter, type NpyWriter } from './npy-writer.js';
export { type OpenDatasetOptions, openDataset } from './open-dataset.js';
export { openDatasets } from './open-datasets.js';
export { pairsFromMarkdown } from './pairs-from-markdown.js';
export { pairsFromTypeScript } from './pairs-from-typescript.js';
export { type ReadDatasetOptions, readDataset } from './read-dataset.js';
export { type ReadDatasetTreeOptions, readDatasetTree } from './read-dataset-tree.js';
export { readDatasets } from './read-datasets.js';
export {
  isRetrievalFolder,
  listRetrievalFolders,
  type ReadRetrievalFolderOptions,
  type RetrievalData,
  readRetrievalFolder,
} from './read-retrieval-folder.js';
export { type ReadRowsOptions, readRows } from './read-rows.js';
export { type ReadTextsOptions, readTexts } from './read-texts.js';
export { type RenameColumnsOptions, renameColumns } from './rename-columns.js';
export { selectRows } from './select-rows.js';
export { type ShuffleRowsOptions, shuffleRows } from './shuffle-rows.js';
export type { ByteSource } from './source-blocks.js';
export { type DatasetSplit, type SplitRowsOptions, splitRows } from './split-rows.js';
export type { StreamedDataset } from './streamed-dataset.js';
export type { TableRow } from './table-rows.js';
export { takeRows } from './take-rows.js';
export type { PairOptions, SplitPairs, TextPairs } from './text-pairs.js';
export {
  type GuideProgress,
  type WriteGuideEmbeddingsOptions,
  writeGuideEmbeddings,
} from './write-guide-embeddings.js';
