import { EmbedbagError, type EvaluationCsv, type EvaluationResult } from '@embedbag/core';

/** Where {@link appendEvaluationCsv} writes, and of which moment. */
export interface AppendCsvOptions {
  /** Made where it is missing. */
  readonly folder: string;
  /** Epochs trained so far, with fraction. Default: -1, which stands for no training. */
  readonly epoch?: number;
  /** Steps trained so far. Default: -1. */
  readonly steps?: number;
}

/** As Python writes a float: `1.0`, `1e-05`, `nan`. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value !== 0 && Math.abs(value) < 1e-4) {
    const [digits, exponent] = value.toExponential().split('e-') as [string, string];
    return `${digits}e-${exponent.padStart(2, '0')}`;
  }
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

function lines({ columns, values, lineEnd }: EvaluationCsv, moment: readonly string[], isNew: boolean): string {
  const header = isNew ? `${['epoch', 'steps', ...columns].join(',')}${lineEnd}` : '';
  return `${header}${[...moment, ...values.map(pythonFloat)].join(',')}${lineEnd}`;
}

/**
 * Adds a row to each CSV file that sentence-transformers would write for `result`, and begins those that are missing with
 * a header: `epoch`, `steps` and the metrics. Nothing is written for a result without `csv`.
 *
 * Throws `folder-unusable` where the folder or a file cannot be written.
 *
 * @returns The paths of the files.
 *
 * @example
 * ```ts
 * const result = await evaluator.evaluate(model);
 * await appendEvaluationCsv(result, { folder: 'my-model/eval', epoch: 1, steps: 500 });
 * ```
 */
export async function appendEvaluationCsv(
  result: Pick<EvaluationResult, 'csv'>,
  { folder, epoch = -1, steps = -1 }: AppendCsvOptions,
): Promise<string[]> {
  const { appendFile, mkdir, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const moment = [epoch === -1 ? '-1' : pythonFloat(epoch), String(steps)];
  const paths: string[] = [];
  try {
    for (const csv of result.csv ?? []) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, csv.fileName.replaceAll(/[/\\]/g, '_'));
      const size = await stat(path).then(
        (file) => file.size,
        () => 0,
      );
      await appendFile(path, lines(csv, moment, size === 0));
      paths.push(path);
    }
  } catch (cause) {
    throw new EmbedbagError({
      code: 'folder-unusable',
      message: `Expected to write CSV files into \`${folder}\`, received ${(cause as Error).message}. Choose a folder that can be written.`,
      details: { folder },
      cause,
    });
  }
  return paths;
}
