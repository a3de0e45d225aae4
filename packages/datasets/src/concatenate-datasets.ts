import { EmbedbagError } from '@embedbag/core';
import { checkedDataset } from './checked-dataset.js';
import type { ColumnDataset } from './column-dataset.js';

/** Settings of {@link concatenateDatasets}. */
export interface ConcatenateDatasetsOptions {
  /** Default: the name of the first dataset. */
  readonly name?: string;
}

interface Part {
  readonly dataset: ColumnDataset;
  readonly firstRow: number;
}

/**
 * The rows of `datasets` one after the other, as a view. All have the same columns and the same number of labels a row, or none.
 *
 * @throws EmbedbagError `no-datasets`, `different-columns`, `invalid-label`.
 *
 * @example
 * ```ts
 * const all = concatenateDatasets([english, german], { name: 'both' });
 * ```
 */
export function concatenateDatasets(
  datasets: readonly ColumnDataset[],
  options: ConcatenateDatasetsOptions = {},
): ColumnDataset {
  const first = datasets[0];
  if (first === undefined) {
    throw new EmbedbagError({
      code: 'no-datasets',
      message: 'Expected at least one dataset to concatenate, received none. Give those to put one after the other.',
    });
  }
  const width = labelWidth(datasets.find((dataset) => dataset.rowCount > 0) ?? first);
  for (const dataset of datasets) checkAlike(first, dataset, width);
  const parts: Part[] = [];
  let rowCount = 0;
  for (const dataset of datasets) {
    parts.push({ dataset, firstRow: rowCount });
    rowCount += dataset.rowCount;
  }
  const hashes = new Map<number, Uint32Array>();
  return checkedDataset({
    name: options.name ?? first.name,
    rowCount,
    columns: first.columns,
    ignoredColumns: [...new Set(datasets.flatMap(({ ignoredColumns }) => ignoredColumns))].sort(),
    get sizeBytes() {
      const own = hashes.size * rowCount * 8;
      return datasets.reduce((sum, { sizeBytes }) => sum + sizeBytes, own);
    },
    texts: (column, rows) => gathered(parts, rows, (part, row) => part.dataset.texts(column, [row])[0] as string),
    textHashes(column) {
      const known = hashes.get(column) ?? joinedHashes(parts, column, rowCount);
      hashes.set(column, known);
      return known;
    },
    ...(width > 0 && {
      labels: (rows) =>
        Float32Array.from(gathered(parts, rows, ({ dataset }, row) => [...labelsOf(dataset, row)]).flat()),
    }),
    ...(datasets.some(({ valid }) => valid) && {
      valid(column, rows) {
        if (datasets.every(({ valid }) => valid?.(column, []) === undefined)) return undefined;
        return Uint8Array.from(gathered(parts, rows, ({ dataset }, row) => dataset.valid?.(column, [row])?.[0] ?? 1));
      },
    }),
  });
}

function gathered<T>(parts: readonly Part[], rows: ArrayLike<number>, valueAt: (part: Part, row: number) => T): T[] {
  return Array.from({ length: rows.length }, (_, index) => {
    const row = rows[index] as number;
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((parts[middle] as Part).firstRow <= row) low = middle;
      else high = middle - 1;
    }
    const part = parts[low] as Part;
    return valueAt(part, row - part.firstRow);
  });
}

function joinedHashes(parts: readonly Part[], column: number, rowCount: number): Uint32Array {
  const hashes = new Uint32Array(rowCount * 2);
  for (const { dataset, firstRow } of parts) hashes.set(dataset.textHashes(column), firstRow * 2);
  return hashes;
}

function labelsOf(dataset: ColumnDataset, row: number): Float32Array {
  return (dataset.rowCount > 0 ? dataset.labels?.([row]) : undefined) ?? new Float32Array(0);
}

function labelWidth(dataset: ColumnDataset): number {
  return labelsOf(dataset, 0).length;
}

function checkAlike(first: ColumnDataset, dataset: ColumnDataset, width: number): void {
  const words = ({ columns }: ColumnDataset): string => columns.map((name) => `\`${name}\``).join(', ');
  if (words(first) !== words(dataset)) {
    throw new EmbedbagError({
      code: 'different-columns',
      message: `Expected the columns ${words(first)} in dataset \`${dataset.name}\`, as in \`${first.name}\`, received ${words(dataset)}. Train on them as datasets of their own, or choose columns with \`renameColumns\`.`,
      details: { dataset: dataset.name, expected: first.columns, received: dataset.columns },
    });
  }
  const received = labelWidth(dataset);
  if (received === width || dataset.rowCount === 0) return;
  throw new EmbedbagError({
    code: 'invalid-label',
    message: `Expected ${width} labels a row in dataset \`${dataset.name}\`, as in \`${first.name}\`, received ${received}. Give both the same labels, or leave them out.`,
    details: { dataset: dataset.name, expected: width, received },
  });
}
