export { createHub } from './create-hub.js';
export type { HubEvent } from './hub-event.js';
export type { HubOptions } from './hub-settings.js';
export { ensureModelRepository, type ModelRepositoryOptions } from './model-repository.js';
export { type UploadedModel, type UploadModelOptions, uploadModel } from './upload-model.js';
