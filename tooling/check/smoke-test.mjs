/** Installs the tarballs into an empty folder with npm, as a user would, and uses them there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WorkspaceError } from '../workspace.mjs';
import { capture } from './capture.mjs';

/** @typedef {import('./release-rehearsal.mjs').Tarball} Tarball */

const NPM_OPTIONS = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Every specifier under which a package can be imported, its package.json left out.
 *
 * @param {any} manifest
 * @returns {string[]}
 */
export function entriesOf(manifest) {
  return Object.keys(manifest.exports ?? {})
    .filter((entry) => entry !== './package.json' && !entry.includes('*'))
    .map((entry) => (entry === '.' ? manifest.name : `${manifest.name}${entry.slice(1)}`));
}

/** @param {readonly string[]} specifiers */
function probe(specifiers) {
  return `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const specifier of ${JSON.stringify(specifiers)}) {
  const imported = await import(specifier);
  const required = require(specifier);
  const names = Object.keys(imported).sort();
  if (names.length === 0) throw new Error(\`Expected \${specifier} to export something, received nothing.\`);
  for (const name of names) {
    if (required[name] !== imported[name]) throw new Error(\`Expected require and import of \${specifier} to give the same \${name}.\`);
  }
}
`;
}

/**
 * @param {readonly Tarball[]} tarballs
 * @param {string} folder An empty temporary folder outside the repository.
 */
export async function smokeTest(tarballs, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'smoke-test', private: true, type: 'module' }),
  );
  const shell = process.platform === 'win32';
  const files = tarballs.map((one) => one.file);
  await capture('npm', ['install', ...NPM_OPTIONS, ...files], { cwd: folder, shell });
  const specifiers = tarballs.flatMap((one) => entriesOf(one.manifest));
  writeFileSync(path.join(folder, 'probe.mjs'), probe(specifiers));
  await capture(process.execPath, ['probe.mjs'], { cwd: folder });
  const binaries = tarballs.flatMap((one) => Object.keys(one.manifest.bin ?? {}));
  for (const binary of binaries) {
    const help = await capture('npx', ['--no-install', binary, '--help'], { cwd: folder, shell });
    if (!/usage/i.test(help))
      throw new WorkspaceError(`Expected \`${binary} --help\` to print its usage, received:\n${help}`);
  }
  return { specifiers, binaries };
}
