import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The number in the second column, `steps`. */
const ROW = /^[^,]*,(\d+)(?:,|$)/;

/**
 * Takes the rows of steps after `step` out of the CSV files in `folder`: a run that goes on from that step makes them again.
 * A folder that is not there has none.
 */
export async function trimEvaluationCsv(folder: string, step: number): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for (const name of names.filter((each) => each.endsWith('.csv'))) {
    const file = path.join(folder, name);
    const text = await readFile(file, 'utf8');
    const lines = text.split(/(?<=\n)/);
    const kept = lines.filter((line) => Number(ROW.exec(line)?.[1] ?? 0) <= step).join('');
    if (kept === text) continue;
    const partial = path.join(folder, `.${name}.saving`);
    await writeFile(partial, kept);
    await rename(partial, file);
  }
}
