import { readFileSync } from 'node:fs';

/**
 * @param {string} file
 * @returns {any}
 */
export function readJsonFile(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * The texts of a JSON array.
 *
 * @param {string} file
 * @returns {readonly string[]}
 */
export function readTexts(file) {
  return readJsonFile(file);
}

/**
 * How long `work` takes.
 *
 * @param {() => void} work
 */
export function secondsOf(work) {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

/**
 * Every so many rows of a matrix, so that a comparison need not hold all of it twice.
 *
 * @param {import('@embedbag/core').Matrix} matrix
 * @param {number} [mostRows]
 */
export function someRows({ data, rows, columns }, mostRows = 5000) {
  const stride = Math.ceil(rows / mostRows);
  const kept = Math.ceil(rows / stride);
  const out = new Float32Array(kept * columns);
  for (let i = 0; i < kept; i++) out.set(data.subarray(i * stride * columns, (i * stride + 1) * columns), i * columns);
  return out;
}
