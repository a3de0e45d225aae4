import { basename, extname } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { type ColumnMapping, type ColumnPlan, checkMapping, planColumns } from './column-roles.js';
import { delimitedRecords } from './delimited-records.js';
import { jsonObjects } from './json-lines.js';
import { emptyFile, RowCollector } from './row-collector.js';
import { type ByteSource, fileBytes } from './source-blocks.js';

/** How rows are written in a file: one JSON object a line, or delimited fields with a header. */
export type DatasetFormat = 'jsonl' | 'csv' | 'tsv';

/** Settings of {@link readDataset} and of `readDatasets`. */
export interface ReadDatasetOptions {
  /** Default: by the file's extension. */
  readonly format?: DatasetFormat;
  /** Which column of the file holds which role. Default: the file's columns are named after the roles. */
  readonly columns?: ColumnMapping;
  /** For csv and tsv: the character around fields that hold a delimiter or a line end, or false. Default `"`. */
  readonly quote?: '"' | false;
  readonly signal?: AbortSignal;
}

const FORMATS: Readonly<Record<string, DatasetFormat>> = { '.jsonl': 'jsonl', '.csv': 'csv', '.tsv': 'tsv' };

/** The format that the extension of `path` stands for, or undefined. */
export function formatOf(path: string): DatasetFormat | undefined {
  return FORMATS[extname(path).toLowerCase()];
}

/**
 * Reads rows of texts from a .jsonl, .csv or .tsv file.
 *
 * Without `columns` the file has the columns `anchor` and `positive`, and may have `negative`, `negative_1`,
 * `negative_2`, ..., or `negatives` with a list of them a row, of any length; a row that has fewer than another has no text in
 * the columns `negative_2`, `negative_3`, ... that the list becomes. A column `label` or `score` of numbers, or of lists of
 * numbers, gives the labels. In csv and tsv a list is written as JSON. With `columns` exactly the named columns are read. Other columns are left out and listed in `ignoredColumns`. The file is read in pieces; UTF-8, with or without byte
 * order mark, line ends LF or CRLF, empty lines are skipped.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`, `unknown-format`, `invalid-columns`, `empty-file`, and with file and
 * line in the message: `missing-column`, `missing-text`, `invalid-text`, `ragged-column`, `invalid-label`, `invalid-json`,
 * `wrong-field-count`, `invalid-csv`, `invalid-utf8`, `line-too-long`.
 *
 * @example
 * ```ts
 * const dataset = await readDataset('faq.csv', { columns: { anchor: 'question', positive: 'answer' } });
 * ```
 */
export async function readDataset(
  path: string,
  options: ReadDatasetOptions & {
    /** Default: the file's name without extension. */
    readonly name?: string;
  } = {},
): Promise<ColumnDataset> {
  const format = options.format ?? formatOf(path);
  if (format === undefined) throw unknownFormat(path);
  if (options.columns !== undefined) checkMapping(options.columns);
  const name = options.name ?? basename(path, extname(path));
  const source = fileBytes(path, options.signal);
  const collector =
    format === 'jsonl'
      ? await collectObjects(source, path, options)
      : await collectRecords(source, path, format, options);
  if (collector === undefined) throw emptyFile(path);
  return collector.finish(name);
}

function unknownFormat(path: string): EmbedbagError {
  const extension = extname(path);
  return new EmbedbagError({
    code: 'unknown-format',
    message: `Expected a file ending in .jsonl, .csv or .tsv, received ${extension === '' ? 'no extension' : extension} in ${path}. Rename it, or give the option \`format\`.`,
    details: { path, received: extension },
  });
}

async function collectObjects(
  source: ByteSource,
  path: string,
  options: ReadDatasetOptions,
): Promise<RowCollector | undefined> {
  let collector: RowCollector | undefined;
  let plan: ColumnPlan | undefined;
  let known = new Set<string>();
  for await (const rows of jsonObjects(source, path)) {
    for (const { value, line } of rows) {
      if (plan === undefined || collector === undefined) {
        plan = planColumns(Object.keys(value), options.columns, path);
        collector = new RowCollector(plan, path);
        known = plannedColumns(plan);
      }
      for (const key in value) if (!known.has(key)) collector.ignore(key, line);
      const at = (column: string | undefined): unknown => (column === undefined ? undefined : value[column]);
      collector.add({ textAt: at, negatives: at(plan.negatives), label: at(plan.label), line });
    }
  }
  return collector;
}

async function collectRecords(
  source: ByteSource,
  path: string,
  format: 'csv' | 'tsv',
  options: ReadDatasetOptions,
): Promise<RowCollector | undefined> {
  const delimiter = format === 'csv' ? ',' : '\t';
  let collector: RowCollector | undefined;
  let indices: readonly number[] = [];
  let listIndex = -1;
  let labelIndex = -1;
  for await (const { fields, line } of delimitedRecords(source, path, { delimiter, quote: options.quote ?? '"' })) {
    if (collector === undefined) {
      checkHeader(fields, path, line);
      const plan = planColumns(fields, options.columns, path);
      collector = new RowCollector(plan, path);
      const known = plannedColumns(plan);
      for (const name of fields) if (!known.has(name)) collector.ignore(name, line);
      indices = plan.texts.map((column) => fields.indexOf(column.source));
      listIndex = plan.negatives === undefined ? -1 : fields.indexOf(plan.negatives);
      labelIndex = plan.label === undefined ? -1 : fields.indexOf(plan.label);
      continue;
    }
    const textAt = (_: string, index: number): unknown => fields[indices[index] as number];
    collector.add({ textAt, negatives: fields[listIndex], label: fields[labelIndex], line });
  }
  return collector;
}

function plannedColumns(plan: ColumnPlan): Set<string> {
  const names = new Set(plan.texts.map((column) => column.source));
  for (const name of [plan.negatives, plan.label]) if (name !== undefined) names.add(name);
  return names;
}

function checkHeader(names: readonly string[], path: string, line: number): void {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return;
  throw new EmbedbagError({
    code: 'repeated-column',
    message: `Expected different column names on line ${line} of ${path}, received \`${repeated}\` more than once. Rename one of them.`,
    details: { path, line, column: repeated },
  });
}
