import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { BenchError } from './bench-error.mjs';
import { commandFor, startProcess } from './side-process.mjs';

/**
 * Starts a program, gives it `settings` as its argument, and times until the line it prints is here.
 *
 * @param {import('./side-process.mjs').SideDefinition} definition
 * @param {string | undefined} python
 * @param {Readonly<Record<string, unknown>>} settings
 * @returns {Promise<{ seconds: number, peakBytes: number, embedding: number[] }>}
 */
function startOnce(definition, python, settings) {
  const { command, args } = commandFor(definition.language, definition.module, python);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = startProcess(command, [...args, definition.variant ?? '', JSON.stringify(settings)]);
    let printed = '';
    let said = '';
    let seconds = 0;
    child.stdin?.end();
    child.stdout?.on('data', (chunk) => {
      printed += chunk;
      if (seconds === 0 && printed.includes('\n')) seconds = (performance.now() - started) / 1000;
    });
    child.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0 || seconds === 0) {
        reject(new BenchError(`The side \`${definition.name}\` ended with ${code}. The last it said:\n${said}`));
        return;
      }
      resolve({ seconds, ...JSON.parse(printed) });
    });
  });
}

/**
 * A side whose every round is a process of its own, from its start to its first embedding. It has the methods of a
 * `SideProcess`.
 *
 * @param {import('./side-process.mjs').SideDefinition} definition
 * @param {string | undefined} python
 */
export function openStartup(definition, python) {
  /** @type {Readonly<Record<string, unknown>>} */
  let settings = {};
  /** @type {number[]} */
  let embedding = [];
  return {
    definition,
    /** @param {Readonly<Record<string, unknown>>} given */
    async prepare(given) {
      settings = given;
      return undefined;
    },
    async round() {
      const { seconds, peakBytes, embedding: printed } = await startOnce(definition, python, settings);
      embedding = printed;
      return { seconds, count: 1, peakBytes };
    },
    /**
     * @param {string} folder
     * @returns {Promise<import('./side-process.mjs').OutputArrays>}
     */
    async output(folder) {
      writeFileSync(path.join(folder, 'embedding'), new Uint8Array(Float32Array.from(embedding).buffer));
      return { embedding: 'float32' };
    },
    async end() {},
  };
}
