import { checkedDataset } from './checked-dataset.js';
import type { ColumnDataset } from './column-dataset.js';
import { type ColumnMapping, planColumns } from './column-roles.js';

/** Settings of {@link renameColumns}. */
export interface RenameColumnsOptions {
  /** The column of the dataset for each role, such as `{ anchor: 'positive', positive: 'anchor' }`. Others are left out. */
  readonly columns: ColumnMapping;
  /** A new name for the dataset. Default: its own. */
  readonly name?: string;
}

/**
 * The dataset with its columns in other roles, without copying them; labels stay.
 *
 * @throws EmbedbagError `invalid-columns`, `missing-column`.
 *
 * @example
 * ```ts
 * const answersFirst = renameColumns(dataset, { columns: { anchor: 'positive', positive: 'anchor' } });
 * ```
 */
export function renameColumns(
  dataset: ColumnDataset,
  { columns, name = dataset.name }: RenameColumnsOptions,
): ColumnDataset {
  const { texts } = planColumns(dataset.columns, columns, `dataset \`${dataset.name}\``);
  const sources = texts.map(({ source }) => dataset.columns.indexOf(source));
  const source = (column: number): number => sources[column] as number;
  const left = dataset.columns.filter((_, index) => !sources.includes(index));
  return checkedDataset({
    name,
    rowCount: dataset.rowCount,
    columns: texts.map(({ role }) => role),
    ignoredColumns: [...dataset.ignoredColumns, ...left].sort(),
    get sizeBytes() {
      return dataset.sizeBytes;
    },
    texts: (column, rows) => dataset.texts(source(column), rows),
    textHashes: (column) => dataset.textHashes(source(column)),
    ...(dataset.labels && { labels: dataset.labels }),
    ...(dataset.valid && { valid: (column, rows) => dataset.valid?.(source(column), rows) }),
  });
}
