import { EmbedbagError } from '@embedbag/core';
import { readTable } from './saved-checkpoint.js';

/** Puts the mean of the tables of the checkpoints in `folders` into `out`, added up in float64. */
export async function averageTables(folders: readonly string[], out: Float32Array): Promise<void> {
  const sum = new Float64Array(out.length);
  for (const folder of folders) {
    await readTable(folder, out);
    for (let i = 0; i < sum.length; i++) sum[i]! += out[i]!;
  }
  for (let i = 0; i < sum.length; i++) out[i] = sum[i]! / folders.length;
}

/** Puts the table of the checkpoint in `folder` into `out`. Throws `best-checkpoint-missing` where it was taken away. */
export async function loadBestTable(folder: string, checkpoints: readonly string[], out: Float32Array): Promise<void> {
  if (checkpoints.includes(folder)) return readTable(folder, out);
  throw new EmbedbagError({
    code: 'best-checkpoint-missing',
    message: `Expected the best checkpoint, \`${folder}\`, for \`loadBestModelAtEnd\`, received no such folder. Keep the checkpoints of a run until it ends.`,
    details: { folder },
  });
}
