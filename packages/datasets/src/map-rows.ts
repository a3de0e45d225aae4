import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { LIST_ROLE } from './column-roles.js';
import { collectedDataset, textCollector } from './row-collector.js';

/** Rows that are decoded at a time. */
const BLOCK_ROWS = 4096;

/**
 * One row by role: `anchor`, `positive`, `negative`, `negative_1`, ... are texts. Where rows have their own number of negatives,
 * `negatives` is the list of them instead.
 */
export interface DatasetRow {
  readonly anchor: string;
  readonly positive: string;
  readonly negatives?: readonly string[];
  readonly label?: number | readonly number[];
  readonly [negative: `negative_${number}`]: string;
  readonly negative?: string;
}

/** Settings of {@link mapRows}. */
export interface MapRowsOptions {
  /** A new name for the dataset. Default: its own. */
  readonly name?: string;
}

/**
 * A new dataset of what `change` makes of each row; a row of which it makes nothing is left out. The texts are copied.
 *
 * @throws EmbedbagError `missing-column`, `missing-text`, `invalid-text`, `ragged-column`, `invalid-label`, `no-rows` where none is
 * left.
 *
 * @example
 * ```ts
 * const long = mapRows(dataset, (row) => (row.positive.length > 20 ? { ...row, anchor: row.anchor.trim() } : undefined));
 * ```
 */
export function mapRows(
  dataset: ColumnDataset,
  change: (row: DatasetRow, index: number) => DatasetRow | undefined,
  options: MapRowsOptions = {},
): ColumnDataset {
  const place = `dataset \`${dataset.name}\``;
  const collector = textCollector(undefined);
  let plan: ReturnType<typeof collector.begin> | undefined;
  for (let first = 0; first < dataset.rowCount; first += BLOCK_ROWS) {
    for (const [offset, row] of rowsFrom(dataset, first, Math.min(dataset.rowCount, first + BLOCK_ROWS)).entries()) {
      const changed = change(row, first + offset) as Readonly<Record<string, unknown>> | undefined;
      if (changed === undefined) continue;
      const names = Object.keys(changed);
      plan ??= collector.begin({ path: place, unit: 'row' }, names);
      collector.notice(names, first + offset);
      collector.add({
        textAt: (role) => changed[role],
        negatives: changed[plan.negatives ?? LIST_ROLE],
        label: changed[plan.label ?? 'label'],
        at: first + offset,
      });
    }
  }
  if (collector.rowCount === 0) {
    throw new EmbedbagError({
      code: 'no-rows',
      message: `Expected \`change\` to keep at least one of the ${dataset.rowCount} rows of ${place}, received none. Return the row to keep it.`,
      details: { dataset: dataset.name },
    });
  }
  return collectedDataset(collector, options.name ?? dataset.name);
}

function rowsFrom(dataset: ColumnDataset, first: number, end: number): DatasetRow[] {
  const rows = Int32Array.from({ length: end - first }, (_, index) => first + index);
  const labels = dataset.labels?.(rows);
  const width = labels === undefined ? 0 : labels.length / rows.length;
  const columns = dataset.columns.map((role, column) => ({
    role,
    texts: dataset.texts(column, rows),
    valid: dataset.valid?.(column, rows),
  }));
  return Array.from(rows, (_, index) => {
    const row: Record<string, unknown> = {};
    const negatives: string[] = [];
    for (const { role, texts, valid } of columns) {
      if (valid === undefined) row[role] = texts[index];
      else if (valid[index] === 1) negatives.push(texts[index] as string);
    }
    if (dataset.valid !== undefined) row[LIST_ROLE] = negatives;
    if (labels !== undefined) {
      row.label = width === 1 ? labels[index] : Array.from(labels.subarray(index * width, (index + 1) * width));
    }
    return row as unknown as DatasetRow;
  });
}
