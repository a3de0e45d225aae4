/** Every pending changeset parses and names packages that exist. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { capture } from './capture.mjs';

/** @param {string[]} args */
function git(...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Where this branch left main. A clone of a single branch may know no main; then, and on main itself, it is HEAD,
 * and `changeset status` still reads every changeset, though it demands none.
 */
function branchPoint() {
  for (const main of ['origin/main', 'main']) {
    const base = git('merge-base', main, 'HEAD');
    if (base !== undefined && base !== '') return base;
  }
  return git('rev-parse', 'HEAD') ?? 'HEAD';
}

/** Resolves to what `changeset status` says; rejects when a changeset is broken or the branch needs one and has none. */
export function changesetStatus() {
  const changeset = path.join(root, 'node_modules', '@changesets', 'cli', 'bin.js');
  return capture(process.execPath, [changeset, 'status', `--since=${branchPoint()}`], { cwd: root });
}
