export * from './kernel-options.js';
export * from './option-values.js';
export * from './program-hub.js';
export * from './run-command.js';
export * from './run-program.js';
export * from './search-index.js';
export * from './text-table.js';
export * from './typed-lines.js';
