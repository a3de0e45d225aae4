import { spawn } from 'node:child_process';
import { WorkspaceError } from '../workspace.mjs';

/**
 * Runs a command to its end and resolves to its stdout; rejects with all of its output when it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, shell?: boolean }} options
 * @returns {Promise<string>}
 */
export function capture(command, args, options) {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let all = '';
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      all += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const name = [command, ...args].join(' ');
      reject(new WorkspaceError(`\`${name}\` failed with ${signal ?? `exit code ${code}`}:\n${all.trimEnd()}`));
    });
  });
}

/**
 * Applies `work` to every item, at most `limit` at a time, and resolves to the results in order.
 *
 * @template Item, Result
 * @param {readonly Item[]} items
 * @param {number} limit
 * @param {(item: Item) => Promise<Result>} work
 * @returns {Promise<Result[]>}
 */
export async function mapAtMost(items, limit, work) {
  /** @type {Result[]} */
  const results = new Array(items.length);
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(/** @type {Item} */ (items[i]));
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
