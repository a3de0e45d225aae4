/**
 * A release as it would be now, in a temporary copy of the repository: `changeset version`, then `pnpm pack`.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root, runPnpm, WorkspaceError, workspacePackages } from '../workspace.mjs';
import { capture } from './capture.mjs';
import { commitAll, copyRepository } from './repository-copy.mjs';

/**
 * @typedef {object} Tarball
 * @property {string} name The package's.
 * @property {string} folder The package's, relative to the root.
 * @property {string} file The .tgz, absolute.
 * @property {string} contents The folder it was unpacked into, absolute.
 * @property {any} manifest Its package.json.
 */

/**
 * Gives the copy the versions and changelogs of the next release.
 *
 * @param {string} copy
 */
async function applyChangesets(copy) {
  await commitAll(copy);
  const changeset = path.join(root, 'node_modules', '@changesets', 'cli', 'bin.js');
  await capture(process.execPath, [changeset, 'version'], { cwd: copy });
}

/**
 * Packs every publishable package as the next release would, and unpacks it again to look inside.
 *
 * @param {string} folder An empty temporary folder.
 * @returns {Promise<Tarball[]>}
 */
export async function rehearseRelease(folder) {
  const copy = path.join(folder, 'repository');
  const packed = path.join(folder, 'packed');
  mkdirSync(packed, { recursive: true });
  copyRepository(copy, ['dist']);
  await applyChangesets(copy);
  /** @type {Tarball[]} */
  const tarballs = [];
  for (const one of workspacePackages().filter((candidate) => !candidate.isPrivate)) {
    const destination = path.join(packed, path.basename(one.folder));
    mkdirSync(destination);
    await runPnpm(['pack', '--pack-destination', destination], { quiet: true, cwd: path.join(copy, one.folder) });
    const [name] = readdirSync(destination);
    if (name === undefined)
      throw new WorkspaceError(`Expected \`pnpm pack\` to write a tarball of ${one.name}, received none.`);
    const file = path.join(destination, name);
    await capture('tar', ['-xzf', file], { cwd: destination });
    const contents = path.join(destination, 'package');
    const manifest = JSON.parse(readFileSync(path.join(contents, 'package.json'), 'utf8'));
    tarballs.push({ name: one.name, folder: one.folder, file, contents, manifest });
  }
  return tarballs;
}
