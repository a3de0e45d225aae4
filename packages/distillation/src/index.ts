export { type CountDocumentsOptions, countDocuments, type DocumentCounts } from './count-documents.js';
export { createInitialModel, createInitialTable, type InitialTableOptions } from './create-initial-table.js';
export { idfWeights } from './idf-weights.js';
export {
  checkInitialTable,
  type IdfInitialTable,
  INITIAL_TABLE_KINDS,
  type InitialTable,
  type RandomInitialTable,
} from './initial-table.js';
