/**
 * `node tooling/transformers.mjs [--optional]`: @huggingface/transformers for the tests of @embedbag/distillation.
 *
 * It brings runtimes of 500 MB for three systems, so it is no part of the lockfile: it is installed without its scripts, which
 * would download more for GPUs, in `.cache/transformers`, or where EMBEDBAG_TRANSFORMERS says. Nothing that embedbag
 * publishes needs it. With `--optional` a machine where the install fails is told so and the exit code stays 0; the tests of
 * transformers as teachers are then skipped.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from './check/capture.mjs';
import { readJson, root, runMain, WorkspaceError } from './workspace.mjs';

const VERSION = '4.3.1';

/** The folder in whose node_modules the package lies, whether it is there yet or not. */
const transformersFolder = process.env.EMBEDBAG_TRANSFORMERS ?? path.join(root, '.cache', 'transformers');

/** @param {string} text */
function progress(text) {
  process.stderr.write(`${text}\n`);
}

function isReady() {
  const manifest = path.join(transformersFolder, 'node_modules', '@huggingface', 'transformers', 'package.json');
  return existsSync(manifest) && readJson(manifest).version === VERSION;
}

async function make() {
  const parent = path.dirname(transformersFolder);
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'transformers-'));
  try {
    progress(`Installing @huggingface/transformers ${VERSION} without its scripts ...`);
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', '--loglevel=error'];
    await capture('npm', ['install', ...quiet, `@huggingface/transformers@${VERSION}`], { cwd: folder });
    const tried = "require('@huggingface/transformers'); console.log('loaded')";
    const said = await capture(process.execPath, ['-e', tried], { cwd: folder, env: process.env });
    if (said.trim() !== 'loaded') throw new WorkspaceError(`Expected it to load, received \`${said.trim()}\`.`);
    rmSync(transformersFolder, { recursive: true, force: true });
    renameSync(folder, transformersFolder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  if (isReady()) return progress(`@huggingface/transformers is ready in ${transformersFolder}`);
  const startedAt = performance.now();
  try {
    await make();
  } catch (error) {
    if (!process.argv.includes('--optional') || !(error instanceof Error)) throw error;
    return progress(`@huggingface/transformers is left out, its tests will be skipped. ${error.message}`);
  }
  progress(
    `@huggingface/transformers is in ${transformersFolder}, made in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
}

runMain(main);
