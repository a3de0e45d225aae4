import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { appendEvaluationCsv } from '@embedbag/evaluators';
import { byteSink } from './byte-sink.js';
import { chartPng } from './chart-png.js';
import { type EvaluatedSet, evaluationPanels } from './evaluation-report.js';
import { scoreChart } from './score-chart.js';

/** Where results go; what is not named is not written. */
export interface EvaluationFiles {
  /** A folder. */
  readonly csv?: string;
  readonly svg?: string;
  readonly png?: string;
  /** A JSON object a line. */
  readonly items?: string;
  /** Of the picture. */
  readonly title: string;
  readonly dims: readonly number[];
}

/** Makes the folder, where it can, and the file, which appears whole. Throws `file-not-writable`. */
async function writeWhole(path: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(resolve(path)), { recursive: true }).catch(() => undefined);
  const sink = await byteSink(path, process.stdout);
  try {
    await sink.write(bytes);
    await sink.close();
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

/** A line for each item: its names, and its value of every metric that is a mean. Of correlations there are none. */
function itemLines(sets: readonly EvaluatedSet[]): string {
  return sets
    .filter(({ result: { items } }) => Object.keys(items?.values ?? {}).length > 0)
    .flatMap(({ name, result: { items } }) =>
      (items?.ids ?? []).map((id, i) => {
        const metrics = Object.fromEntries(Object.entries(items!.values).map(([key, values]) => [key, values[i]!]));
        return `${JSON.stringify({ set: name, id, metrics })}\n`;
      }),
    )
    .join('');
}

/** Writes the files that are asked for. Throws `file-not-writable` and `folder-unusable`. */
export async function writeEvaluationFiles(sets: readonly EvaluatedSet[], files: EvaluationFiles): Promise<void> {
  const { csv, svg, png, items, title, dims } = files;
  if (csv !== undefined) for (const { result } of sets) await appendEvaluationCsv(result, { folder: csv });
  if (items !== undefined) await writeWhole(items, itemLines(sets));
  if (svg === undefined && png === undefined) return;
  const picture = scoreChart(evaluationPanels(sets, dims), { title, dims });
  if (svg !== undefined) await writeWhole(svg, picture);
  if (png !== undefined) await writeWhole(png, await chartPng(picture));
}
