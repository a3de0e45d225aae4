/**
 * `pnpm check`: what must hold before a release. Unused code and dependencies, changesets, a rehearsed release, the packed
 * tarballs, a smoke test of them in an empty folder, and the guide to a loss of one's own, followed there step by step.
 * Every section runs, also after one has failed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleForBrowser } from './check/browser-bundle.mjs';
import { capture, mapAtMost } from './check/capture.mjs';
import { changesetStatus } from './check/changesets.mjs';
import { walkDocument } from './check/document-walk.mjs';
import { tryNewLoss } from './check/new-loss-trial.mjs';
import { rehearseRelease } from './check/release-rehearsal.mjs';
import { smokeTest } from './check/smoke-test.mjs';
import { checkFiles, checkManifest, checkSize, gzipBytesOf } from './check/tarball-rules.mjs';
import { ensureReleasable, readJson, root, runMain } from './workspace.mjs';

/** @typedef {import('./check/release-rehearsal.mjs').Tarball} Tarball */

/** @param {string[]} parts */
const tool = (...parts) => path.join(root, 'node_modules', ...parts);

const failures = /** @type {string[]} */ ([]);

/**
 * Runs one section, prints how it went and how long it took, and resolves to its result, or undefined when it failed.
 *
 * @template Result
 * @param {string} name
 * @param {() => Promise<Result>} work
 */
async function section(name, work) {
  const started = performance.now();
  /** @type {Result | undefined} */
  let result;
  let verdict = 'ok';
  try {
    result = await work();
  } catch (error) {
    verdict = 'FAILED';
    failures.push(name);
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
  }
  process.stdout.write(`${name}: ${verdict}, ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}

/** @param {string[]} problems */
function expectNone(problems) {
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/**
 * @param {string} folder
 * @returns {Map<string, Buffer>}
 */
function readTree(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, file).replaceAll(path.sep, '/'), readFileSync(file)];
    }),
  );
}

/** @param {readonly Tarball[]} tarballs */
async function checkTarballs(tarballs) {
  const ceilings = readJson('tooling/check/size-ceilings.json');
  const versions = new Map(tarballs.map((one) => [one.name, one.manifest.version]));
  const problems = tarballs.flatMap((one) => {
    const files = readTree(one.contents);
    const gzipBytes = gzipBytesOf(files);
    process.stdout.write(
      `  ${one.name} ${one.manifest.version}: ${gzipBytes} of ${ceilings[one.name]} bytes gzipped\n`,
    );
    const found = [
      ...checkManifest(one.manifest, readJson(`${one.folder}/package.json`), versions),
      ...checkFiles(files, root),
      ...checkSize(one.name, gzipBytes, ceilings),
    ];
    return found.map((problem) => `${one.name}: ${problem}`);
  });
  expectNone(problems);
}

/**
 * Runs a linter over every tarball, two at a time, and gathers what it says of all of them.
 *
 * @param {readonly Tarball[]} tarballs
 * @param {(file: string) => string[]} argumentsFor
 */
async function lintTarballs(tarballs, argumentsFor) {
  const problems = await mapAtMost(tarballs, 2, async (one) => {
    try {
      await capture(process.execPath, argumentsFor(one.file), { cwd: path.dirname(one.file) });
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
  expectNone(problems.flat());
}

async function main() {
  await ensureReleasable();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-check-'));
  try {
    await section('knip', () => capture(process.execPath, [tool('knip', 'bin', 'knip.js')], { cwd: root }));
    await section('changeset status', changesetStatus);
    await section('a loss inside the workspace', () => tryNewLoss(path.join(folder, 'new-loss')));
    const tarballs = await section('changeset version and pnpm pack', () => rehearseRelease(folder));
    if (tarballs !== undefined) {
      await section('tarballs', () => checkTarballs(tarballs));
      const publint = tool('publint', 'src', 'cli.js');
      await section('publint', () => lintTarballs(tarballs, (file) => [publint, 'run', file, '--strict']));
      const attw = tool('@arethetypeswrong', 'cli', 'dist', 'index.js');
      const profile = ['--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji'];
      await section('attw', () => lintTarballs(tarballs, (file) => [attw, file, ...profile]));
      await section('smoke test', () => smokeTest(tarballs, path.join(folder, 'smoke')));
      await section('a bundle for browsers', () => bundleForBrowser(path.join(folder, 'smoke')));
      await section('a loss outside the workspace', () => walkDocument(tarballs, path.join(folder, 'walk')));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(failures.length === 0 ? 'All checks passed.\n' : `Failed: ${failures.join(', ')}.\n`);
  return failures.length === 0 ? 0 : 1;
}

runMain(main);
