export { type CountDocumentsOptions, countDocuments, type DocumentCounts } from './count-documents.js';
export { createInitialModel, createInitialTable, type InitialTableOptions } from './create-initial-table.js';
export { type DistilledModel, type DistillOptions, type DistillReport, distill } from './distill.js';
export { distilledModelCard } from './distilled-model-card.js';
export { type EndpointTeacherOptions, endpointTeacher } from './endpoint-teacher.js';
export { idfWeights } from './idf-weights.js';
export {
  checkInitialTable,
  type IdfInitialTable,
  INITIAL_TABLE_KINDS,
  type InitialTable,
  type Model2vecInitialTable,
  type RandomInitialTable,
  type TeacherInitialTable,
} from './initial-table.js';
export { type PrincipalComponents, principalComponents } from './principal-components.js';
export { readVectors } from './read-vectors.js';
export type { Pooling } from './run-encoder.js';
export { sifWeights } from './sif-weights.js';
export type { TeachingProgress } from './teach-tokens.js';
export type { Teacher } from './teacher.js';
export { teacherFromVectors } from './teacher-from-vectors.js';
export { type TransformerTeacher, type TransformerTeacherOptions, transformerTeacher } from './transformer-teacher.js';
