/**
 * `npm test`: installs what is missing, generates what is missing, runs vitest with the arguments it was given and prints
 * `N passed, N failed` as the last line of stdout. Needs Node and npm, nothing else.
 *
 *     npm test
 *     npm test -- packages/core -t 'the same seed'
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureGenerated, root, runMain } from './workspace.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, unhandledErrors: number }} TestCounts */

/**
 * The last line of `npm test`. Errors outside any test count as failures, and so does a run that ended before it could count.
 *
 * @param {TestCounts | undefined} counts What the reporter wrote; undefined when it wrote nothing.
 * @param {number} exitCode vitest's own.
 */
export function summarize(counts, exitCode) {
  const { passed, skipped } = counts ?? { passed: 0, skipped: 0 };
  let failed = counts === undefined ? 0 : counts.failed + counts.unhandledErrors;
  if (failed === 0 && exitCode !== 0 && (counts === undefined || passed + skipped > 0)) failed = 1;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, exitCode: failed > 0 || passed === 0 ? exitCode || 1 : 0 };
}

/**
 * @param {string} file
 * @returns {TestCounts | undefined}
 */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string[]} args
 * @param {string} countsFile
 * @returns {Promise<number>} The exit code.
 */
function runVitest(args, countsFile) {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default'];
  reporters.push(`--reporter=${path.join(root, 'tooling', 'vitest', 'count-reporter.mjs')}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: root,
      env: { ...process.env, EMBEDBAG_TEST_COUNTS: countsFile },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function main() {
  await ensureGenerated();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-test-'));
  try {
    const countsFile = path.join(folder, 'counts.json');
    const vitestCode = await runVitest(process.argv.slice(2), countsFile);
    const { line, exitCode } = summarize(readCounts(countsFile), vitestCode);
    if (exitCode !== 0 && line.startsWith('0 passed, 0 failed')) process.stderr.write('No test ran.\n');
    process.stdout.write(`${line}\n`);
    return exitCode;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === path.join(root, 'tooling', 'test.mjs')) {
  runMain(async () => {
    try {
      return await main();
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      process.stdout.write('0 passed, 1 failed\n');
      return 1;
    }
  });
}
