import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BenchError } from './bench-error.mjs';

/**
 * @typedef {object} Check
 * @property {string} name The array that both sides hand out.
 * @property {number} tolerance The largest difference that is taken for the same; 0 for exactly equal.
 * @property {boolean} [isRelative] Relative to our value. Default: absolute.
 */

/**
 * @typedef {object} Comparison
 * @property {string} name
 * @property {number} length How many values were compared.
 * @property {number} largestDifference
 */

/**
 * @param {string} file
 * @param {string} type
 */
function readArray(file, type) {
  const bytes = readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  if (type === 'float32') return new Float32Array(buffer);
  if (type === 'int32') return new Int32Array(buffer);
  if (type === 'float64') return new Float64Array(buffer);
  throw new BenchError(
    `Expected an array of float32, float64 or int32 as \`${path.basename(file)}\`, received ${type}.`,
  );
}

/**
 * The largest difference between `ours` and `theirs`, and where it is.
 *
 * @param {ArrayLike<number>} ours
 * @param {ArrayLike<number>} theirs Of the same length.
 * @param {boolean} isRelative
 */
export function largestDifference(ours, theirs, isRelative) {
  let largest = 0;
  let index = -1;
  for (let i = 0; i < ours.length; i++) {
    const our = ours[i] ?? Number.NaN;
    const difference = Math.abs(our - (theirs[i] ?? Number.NaN)) / (isRelative ? Math.max(Math.abs(our), 1e-30) : 1);
    // A NaN on either side is a difference too.
    if (difference <= largest) continue;
    largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    index = i;
  }
  return { largest, index };
}

/**
 * Compares what two sides computed. Throws a {@link BenchError} when it is not the same.
 *
 * @param {readonly Check[]} checks Those whose array the peer does not hand out are passed over.
 * @param {{ folder: string, types: import('./side-process.mjs').OutputArrays }} ours
 * @param {{ folder: string, types: import('./side-process.mjs').OutputArrays, side: string }} theirs
 * @returns {Comparison[]}
 */
export function compareOutputs(checks, ours, theirs) {
  return checks
    .filter(({ name }) => theirs.types[name] !== undefined)
    .map(({ name, tolerance, isRelative = false }) => {
      const [our, their] = [ours, theirs].map(({ folder, types }) =>
        readArray(path.join(folder, name), types[name] ?? 'nothing'),
      );
      if (our === undefined || their === undefined || our.length === 0 || our.length !== their.length) {
        throw new BenchError(
          `Expected \`${name}\` of embedbag and ${theirs.side} to be of one length, received ${our?.length} and ${their?.length} values. They did not do the same work.`,
        );
      }
      const { largest, index } = largestDifference(our, their, isRelative);
      if (largest > tolerance) {
        throw new BenchError(
          `Expected \`${name}\` of embedbag and ${theirs.side} to differ by at most ${tolerance}, received ${our[index]} and ${their[index]} at ${index} of ${our.length}. They did not compute the same.`,
        );
      }
      return { name, length: our.length, largestDifference: largest };
    });
}
