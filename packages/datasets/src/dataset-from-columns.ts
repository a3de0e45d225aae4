import { EmbedbagError } from '@embedbag/core';
import { type ColumnDataset, columnDataset } from './column-dataset.js';
import { checkNegatives, compareRoles, isTextRole, LIST_ROLE } from './column-roles.js';
import { describe } from './describe-value.js';
import { LabelCollector, type Labels } from './label-collector.js';
import { MOST_TEXTS, type RaggedColumns, RaggedColumnsBuilder } from './ragged-columns.js';
import { type TextColumn, TextColumnBuilder } from './text-column.js';

/** Texts that are in memory already, by role. */
export interface DatasetColumns {
  readonly anchor: readonly string[];
  readonly positive: readonly string[];
  readonly negative?: readonly string[];
  /** Any number of negatives a row, instead of `negative`, `negative_1`, ... */
  readonly negatives?: readonly (readonly string[])[];
  /** `negative_1`, `negative_2`, ... */
  readonly [negative: `negative_${number}`]: readonly string[];
}

/** What {@link datasetFromColumns} takes. */
export interface DatasetFromColumnsOptions {
  readonly name: string;
  /** Texts by role, all of the same length; copied. */
  readonly columns: DatasetColumns;
  /**
   * One number a row, or a list of numbers a row; copied. With `negatives` a row may have as many labels fewer as it has
   * negatives fewer than another row.
   */
  readonly labels?: ArrayLike<number> | readonly (readonly number[])[];
}

/**
 * Makes a dataset of texts that are in memory already.
 *
 * @throws EmbedbagError `missing-column`, `invalid-columns`, `column-length-mismatch`, `invalid-text`, `invalid-label`.
 *
 * @example
 * ```ts
 * const dataset = datasetFromColumns({ name: 'greetings', columns: { anchor: ['hello'], positive: ['hi'] } });
 * ```
 */
export function datasetFromColumns(options: DatasetFromColumnsOptions): ColumnDataset {
  const { name, labels } = options;
  const { negatives, ...single } = options.columns;
  const given: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    Object.entries<readonly string[] | undefined>(single).filter(([, texts]) => texts !== undefined),
  ) as Record<string, readonly string[]>;
  const roles = Object.keys(given).sort(compareRoles);
  checkRoles(name, roles);
  if (negatives !== undefined) checkNegatives([...roles, LIST_ROLE], `dataset \`${name}\``);
  checkLengths(name, { ...given, ...(negatives && { negatives }), ...(labels && { labels }) });
  const ragged = negatives && raggedColumns(name, negatives);
  const most = ragged?.columns.length ?? 0;
  return columnDataset({
    name,
    roles,
    columns: roles.map((role) => textColumn(name, role, given[role] ?? [])),
    ragged,
    labels: labels && collectLabels(name, labels, (row) => most - (ragged?.counts[row] ?? 0)),
    ignoredColumns: [],
  });
}

function checkLengths(dataset: string, columns: Readonly<Record<string, ArrayLike<unknown>>>): void {
  const limit = columns.anchor?.length ?? 0;
  const other = Object.entries(columns).find(([, { length }]) => length !== limit);
  if (other === undefined) return;
  const [column, { length: received }] = other;
  throw new EmbedbagError({
    code: 'column-length-mismatch',
    message: `Expected all columns of dataset \`${dataset}\` to have the ${limit} rows of \`anchor\`, received ${received} in \`${column}\`. Give every row a text in each column.`,
    details: { dataset, column, limit, received },
  });
}

function collectLabels(dataset: string, labels: ArrayLike<unknown>, missing: (row: number) => number): Labels {
  const collector = new LabelCollector({
    place: (row) => `row ${row} of the labels of dataset \`${dataset}\``,
    details: (row) => ({ dataset, row }),
  });
  for (let row = 0; row < labels.length; row++) collector.add(labels[row], row);
  return collector.finish(missing);
}

function raggedColumns(dataset: string, rows: readonly unknown[]): RaggedColumns {
  const builder = new RaggedColumnsBuilder(() => new TextColumnBuilder());
  for (const [row, texts] of rows.entries()) {
    const isList = Array.isArray(texts) && texts.length <= MOST_TEXTS;
    const wrong = isList ? texts.find((text) => typeof text !== 'string') : texts;
    if (isList && wrong === undefined && !texts.includes(undefined)) {
      builder.append(texts);
      continue;
    }
    throw new EmbedbagError({
      code: 'invalid-text',
      message: `Expected a list of at most ${MOST_TEXTS} strings in column \`${LIST_ROLE}\`, row ${row} of dataset \`${dataset}\`, received ${isList ? `one with ${describe(wrong)}` : describe(wrong)}. Give a row without negatives the list [].`,
      details: { dataset, column: LIST_ROLE, row },
    });
  }
  return builder.finish();
}

function checkRoles(name: string, roles: readonly string[]): void {
  const unknown = roles.find((role) => !isTextRole(role));
  if (unknown !== undefined) {
    throw new EmbedbagError({
      code: 'invalid-columns',
      message: `Expected the columns of dataset \`${name}\` to be \`anchor\`, \`positive\`, \`negative\`, \`negative_1\`, \`negative_2\`, ..., or \`negatives\`, received \`${unknown}\`. Name each column after its role; labels go into \`labels\`.`,
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
