import { basename, dirname, resolve } from 'node:path';
import type { DatasetFile } from './dataset-files.js';

/** The name of a dataset of `files`: `train` for `train-00000-of-00002` and `train-00001-of-00002`. */
export function datasetName(files: readonly DatasetFile[]): string {
  const [first, ...others] = files;
  if (first === undefined) return '';
  if (others.length === 0) return first.stem;
  const stems = files.map(({ stem }) => stem);
  let length = 0;
  while (length < first.stem.length && stems.every((stem) => stem[length] === first.stem[length])) length += 1;
  return first.stem.slice(0, length).replace(/[\d\W_]+$/u, '') || basename(dirname(resolve(first.path)));
}
