/**
 * A release as it would be now, in a temporary copy of the repository: `changeset version`, then `pnpm pack`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { repositoryFiles } from '../repository-files.mjs';
import { root, runPnpm, WorkspaceError, workspacePackages } from '../workspace.mjs';
import { capture } from './capture.mjs';

/**
 * @typedef {object} Tarball
 * @property {string} name The package's.
 * @property {string} folder The package's, relative to the root.
 * @property {string} file The .tgz, absolute.
 * @property {string} contents The folder it was unpacked into, absolute.
 * @property {any} manifest Its package.json.
 */

/** @param {string} copy */
function copyRepository(copy) {
  for (const file of repositoryFiles()) {
    mkdirSync(path.join(copy, path.dirname(file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  const packages = workspacePackages();
  const folderByName = new Map(packages.map((one) => [one.name, one.folder]));
  for (const one of packages) {
    const dist = path.join(one.path, 'dist');
    if (existsSync(dist)) cpSync(dist, path.join(copy, one.folder, 'dist'), { recursive: true });
    // pnpm reads the version that stands for `workspace:^` through these links.
    for (const name of Object.keys({ ...one.manifest.dependencies, ...one.manifest.devDependencies })) {
      const target = folderByName.get(name);
      if (target === undefined) continue;
      const link = path.join(copy, one.folder, 'node_modules', name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.join(copy, target), link, 'junction');
    }
  }
}

/**
 * Gives the copy the versions and changelogs of the next release.
 *
 * @param {string} copy
 */
async function applyChangesets(copy) {
  const identity = ['-c', 'user.name=embedbag', '-c', 'user.email=embedbag@localhost', '-c', 'commit.gpgsign=false'];
  await capture('git', ['init', '--quiet', '--initial-branch=main'], { cwd: copy });
  await capture('git', ['add', '--all'], { cwd: copy });
  await capture('git', [...identity, 'commit', '--quiet', '--no-verify', '--message=Copy'], { cwd: copy });
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
  copyRepository(copy);
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
