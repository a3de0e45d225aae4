/** A copy of the repository in a temporary folder, whose packages find each other there and everything else here. */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { repositoryFiles } from '../repository-files.mjs';
import { root, workspacePackages } from '../workspace.mjs';
import { capture } from './capture.mjs';

/**
 * The names of the packages that are installed in a `node_modules` folder.
 *
 * @param {string} folder Absolute.
 */
function installedNames(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(path.join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
    );
}

/**
 * Copies what git tracks or would add, links what is installed, and copies what the build left in `outputs`.
 *
 * @param {string} copy An empty folder, or one that is not there yet.
 * @param {readonly string[]} outputs Folders inside a package, such as `dist`.
 */
export function copyRepository(copy, outputs) {
  for (const file of repositoryFiles()) {
    mkdirSync(path.join(copy, path.dirname(file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  const packages = workspacePackages();
  const folderByName = new Map(packages.map((one) => [one.name, one.folder]));
  for (const one of packages) {
    for (const output of outputs) {
      const from = path.join(one.path, output);
      if (existsSync(from)) cpSync(from, path.join(copy, one.folder, output), { recursive: true });
    }
    const installed = path.join(one.path, 'node_modules');
    for (const name of installedNames(installed)) {
      const inside = folderByName.get(name);
      const target = inside === undefined ? realpathSync(path.join(installed, name)) : path.join(copy, inside);
      const link = path.join(copy, one.folder, 'node_modules', name);
      mkdirSync(path.dirname(link), { recursive: true });
      if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(target, link, 'junction');
    }
  }
}

/**
 * Makes the copy a git repository with one commit.
 *
 * @param {string} copy
 */
export async function commitAll(copy) {
  const identity = ['-c', 'user.name=embedbag', '-c', 'user.email=embedbag@localhost', '-c', 'commit.gpgsign=false'];
  await capture('git', ['init', '--quiet', '--initial-branch=main'], { cwd: copy });
  await capture('git', ['add', '--all'], { cwd: copy });
  await capture('git', [...identity, 'commit', '--quiet', '--no-verify', '--message=Copy'], { cwd: copy });
}
