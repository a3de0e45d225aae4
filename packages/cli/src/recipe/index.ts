export * from './evaluate-around.js';
export * from './listed-datasets.js';
export * from './plan-recipe.js';
export * from './recipe-data.js';
export * from './recipe-options.js';
export * from './recipe-plan-report.js';
export * from './recipe-report.js';
export * from './text-library.js';
