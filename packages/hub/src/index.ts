export { createHub } from './create-hub.js';
export type { HubEvent } from './hub-event.js';
export type { HubOptions } from './hub-settings.js';
