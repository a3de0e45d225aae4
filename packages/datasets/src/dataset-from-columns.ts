import { EmbedbagError } from '@embedbag/core';
import { type ColumnDataset, columnDataset } from './column-dataset.js';
import { compareRoles, isTextRole } from './column-roles.js';
import { describe } from './row-collector.js';
import { type TextColumn, TextColumnBuilder } from './text-column.js';

/** Texts that are in memory already, by role. */
export interface DatasetColumns {
  readonly anchor: readonly string[];
  readonly positive: readonly string[];
  readonly negative?: readonly string[];
  /** `negative_1`, `negative_2`, ... */
  readonly [negative: `negative_${number}`]: readonly string[];
}

/** What {@link datasetFromColumns} takes. */
export interface DatasetFromColumnsOptions {
  readonly name: string;
  /** Texts by role, all of the same length; copied. */
  readonly columns: DatasetColumns;
  /** One number a row; copied. */
  readonly labels?: ArrayLike<number>;
}

/**
 * Makes a dataset of texts that are in memory already.
 *
 * @throws EmbedbagError `missing-column`, `invalid-columns`, `column-length-mismatch`, `invalid-text`.
 *
 * @example
 * ```ts
 * const dataset = datasetFromColumns({ name: 'greetings', columns: { anchor: ['hello'], positive: ['hi'] } });
 * ```
 */
export function datasetFromColumns(options: DatasetFromColumnsOptions): ColumnDataset {
  const { name, labels } = options;
  const given = Object.fromEntries(Object.entries<readonly string[] | undefined>({ ...options.columns }));
  const roles = Object.keys(given).filter((role) => given[role] !== undefined);
  checkRoles(name, roles);
  roles.sort(compareRoles);
  const rowCount = given.anchor?.length ?? 0;
  const lengths = roles.map((role) => ({ role, length: given[role]?.length ?? 0 }));
  if (labels !== undefined) lengths.push({ role: 'labels', length: labels.length });
  const other = lengths.find(({ length }) => length !== rowCount);
  if (other !== undefined) {
    throw new EmbedbagError({
      code: 'column-length-mismatch',
      message: `Expected all columns of dataset \`${name}\` to have the ${rowCount} rows of \`anchor\`, received ${other.length} in \`${other.role}\`. Give every row a text in each column.`,
      details: { dataset: name, column: other.role, limit: rowCount, received: other.length },
    });
  }
  return columnDataset({
    name,
    roles,
    columns: roles.map((role) => textColumn(name, role, given[role] ?? [])),
    labels: labels === undefined ? undefined : Float32Array.from(labels),
    ignoredColumns: [],
  });
}

function checkRoles(name: string, roles: readonly string[]): void {
  const unknown = roles.find((role) => !isTextRole(role));
  if (unknown !== undefined) {
    throw new EmbedbagError({
      code: 'invalid-columns',
      message: `Expected the columns of dataset \`${name}\` to be \`anchor\`, \`positive\`, \`negative\`, \`negative_1\`, \`negative_2\`, ..., received \`${unknown}\`. Name each column after its role; labels go into \`labels\`.`,
      details: { dataset: name, received: unknown },
    });
  }
  const missing = ['anchor', 'positive'].find((role) => !roles.includes(role));
  if (missing !== undefined) {
    throw new EmbedbagError({
      code: 'missing-column',
      message: `Expected the columns \`anchor\` and \`positive\` in dataset \`${name}\`, received ${roles.map((role) => `\`${role}\``).join(', ') || 'none'}. Add \`${missing}\`.`,
      details: { dataset: name, missing, received: roles },
    });
  }
}

function textColumn(dataset: string, role: string, texts: readonly unknown[]): TextColumn {
  const builder = new TextColumnBuilder();
  for (const [row, text] of texts.entries()) {
    if (typeof text === 'string') {
      builder.append(text);
      continue;
    }
    throw new EmbedbagError({
      code: 'invalid-text',
      message: `Expected a string in column \`${role}\`, row ${row} of dataset \`${dataset}\`, received ${describe(text)}. Give every row a text.`,
      details: { dataset, column: role, row },
    });
  }
  return builder.finish();
}
