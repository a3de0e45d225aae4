import type { IndexProgress } from '@embedbag/datasets';

const INTERVAL_MS = 5_000;

/** Writes a line about the pass over the files of a dataset to `stream` every five seconds. */
export function readingProgress(stream: { write(text: string): unknown }): (progress: IndexProgress) => void {
  let nextMs = performance.now() + INTERVAL_MS;
  return ({ rows, file, totalFiles }) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + INTERVAL_MS;
    stream.write(`reading: ${rows.toLocaleString('en')} rows, file ${file}${totalFiles ? ` of ${totalFiles}` : ''}\n`);
  };
}
