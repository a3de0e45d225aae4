/**
 * The direction of the house: `core` <- leaves <- `static-embedding` <- `trainer`, `distillation` <- `cli` <- apps.
 *
 * A package imports only from layers below its own, so leaves never import each other. `testing` and `tensorflow` stand
 * beside, on `core` alone, and nothing but a test imports `testing`. A heavy library is imported in exactly one package.
 */

/** By package folder: its layer. A package that is not listed here fails the check until someone decides where it belongs. */
const LAYERS = new Map([
  ['packages/core', 0],
  ['packages/kernels', 1],
  ['packages/tokenization', 1],
  ['packages/losses', 1],
  ['packages/samplers', 1],
  ['packages/datasets', 1],
  ['packages/evaluators', 1],
  ['packages/hub', 1],
  ['packages/testing', 1],
  ['packages/tensorflow', 1],
  ['packages/static-embedding', 2],
  ['packages/distillation', 3],
  ['packages/trainer', 3],
  ['packages/cli', 4],
]);

/** An app composes everything, the pieces of the command included. */
const LAYER_OF_APPS = 5;

/** Packages that only tests import. */
const TEST_ONLY = new Set(['packages/testing']);

/** Libraries that one package alone imports; a name that ends in `*` stands for all that begin so. */
const HOME_OF_LIBRARY = new Map([
  ['apache-arrow', 'packages/datasets'],
  ['@huggingface/tokenizers', 'packages/tokenization'],
  ['@huggingface/hub', 'packages/hub'],
  ['@huggingface/transformers', 'packages/distillation'],
  ['ml-matrix', 'packages/distillation'],
  ['@wandb/sdk', 'packages/trainer'],
  ['@tensorflow/*', 'packages/tensorflow'],
]);

/** Packages that also run in a browser: Node's modules only inside the function that needs them. */
const BROWSER_PACKAGES = new Set([
  'packages/core',
  'packages/kernels',
  'packages/tokenization',
  'packages/static-embedding',
  'packages/losses',
  'packages/samplers',
]);

/**
 * @typedef {object} ImportSite
 * @property {string} specifier What stands between the quotes.
 * @property {number} line Counted from 1.
 * @property {boolean} isTypeOnly
 * @property {boolean} isDynamic `import('...')` in a function.
 */

/**
 * @typedef {object} ImportingPackage
 * @property {string} folder Such as `packages/losses`.
 * @property {any} manifest The parsed package.json.
 */

/**
 * The name of the package that a specifier belongs to: `@scope/name` of `@scope/name/sub/path`.
 *
 * @param {string} specifier
 */
function packageNameOf(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

/** @param {string} folder */
function layerOf(folder) {
  return folder.startsWith('apps/') ? LAYER_OF_APPS : LAYERS.get(folder);
}

/** @param {string} name */
function homeOf(name) {
  for (const [library, home] of HOME_OF_LIBRARY) {
    if (library.endsWith('*') ? name.startsWith(library.slice(0, -1)) : library === name) return home;
  }
  return undefined;
}

/**
 * @param {ImportingPackage} importer
 * @param {string} target Folder of the imported package.
 * @param {string} name Its name.
 * @returns {string | undefined}
 */
function checkLayer(importer, target, name) {
  const own = layerOf(importer.folder);
  const below = layerOf(target);
  if (own === undefined || below === undefined) {
    const missing = own === undefined ? importer.folder : target;
    return `Expected \`${missing}\` to have a layer, received none. Add it to tooling/lint/direction.mjs.`;
  }
  if (TEST_ONLY.has(target)) {
    return `Expected \`${name}\` to be imported by tests only, received an import from \`${importer.folder}\`. Move the code into a test.`;
  }
  if (below < own) return undefined;
  if (below === own) {
    return `Expected \`${importer.folder}\` to import only from layers below it, received \`${name}\` of the same layer. Take what you need as an argument, or put the contract in \`core\`.`;
  }
  return `Expected \`${importer.folder}\` to import only from layers below it, received \`${name}\` of a layer above. Move the code up, or put the contract in \`core\`.`;
}

/**
 * What is wrong with one import, or undefined.
 *
 * @param {ImportSite} site
 * @param {ImportingPackage} importer
 * @param {boolean} isTest Tests may import whatever their package.json lists.
 * @param {ReadonlyMap<string, string>} folderByName The workspace's packages.
 * @returns {string | undefined}
 */
export function checkImport(site, importer, isTest, folderByName) {
  const { specifier } = site;
  if (specifier.startsWith('node:')) {
    if (isTest || site.isTypeOnly || site.isDynamic || !BROWSER_PACKAGES.has(importer.folder)) return undefined;
    return `Expected \`${importer.folder}\` to run in a browser, received a static import of \`${specifier}\`. Use \`await import('${specifier}')\` in the function that needs it.`;
  }
  const name = packageNameOf(specifier);
  if (name === importer.manifest.name) {
    return isTest
      ? undefined
      : `Expected a relative import inside \`${name}\`, received its own name. Import the file.`;
  }
  const home = homeOf(name);
  if (home !== undefined && home !== importer.folder) {
    return `Expected \`${name}\` to be imported in \`${home}\` alone, received an import in \`${importer.folder}\`. Take bytes or typed arrays from \`${home}\`.`;
  }
  const target = folderByName.get(name);
  if (target !== undefined && !isTest) {
    const problem = checkLayer(importer, target, name);
    if (problem !== undefined) return problem;
  }
  const { dependencies, peerDependencies, devDependencies } = importer.manifest;
  const listed = { ...dependencies, ...peerDependencies, ...(isTest ? devDependencies : {}) };
  if (name in listed) return undefined;
  return `Expected \`${name}\` to be listed in ${importer.folder}/package.json, received nothing. Add it to \`${isTest ? 'devDependencies' : 'dependencies'}\`.`;
}
