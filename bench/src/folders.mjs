import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from './bench-error.mjs';

/** The folder of this package, an absolute path. */
export const benchFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Texts, tables and models that the sides read; git-ignored, made again when it is removed. */
export const cacheFolder = path.join(benchFolder, '.cache');

/** Where the figures lie, one file an entry and a major version of Node. */
export const resultsFolder = path.join(benchFolder, 'results');

/** Where `tooling/libtensorflow.mjs` puts native TensorFlow. */
export const libtensorflowFolder =
  process.env.EMBEDBAG_LIBTENSORFLOW ?? path.join(path.dirname(benchFolder), '.cache', 'libtensorflow');

/** The real texts, beside the repository. */
const dataFolder = path.join(path.dirname(path.dirname(benchFolder)), 'shared', 'data');

/**
 * A path inside the data. Throws a {@link BenchError} when the data are not there.
 *
 * @param {...string} parts
 */
export function dataPath(...parts) {
  const file = path.join(dataFolder, ...parts);
  if (existsSync(file)) return file;
  throw new BenchError(
    `Expected the real texts in ../shared/data beside the repository, received no ${path.join('shared', 'data', ...parts)}. Put them there and try again.`,
  );
}
