import { EmbedbagError } from '@embedbag/core';
import type { DatasetFile } from './dataset-files.js';
import { decompressedBytes } from './decompressed-bytes.js';
import { type DelimitedFormat, type DelimitedRecord, delimitedRecords } from './delimited-records.js';
import { notSeekable } from './not-seekable.js';
import type { BlockPlace, RowSink } from './row-sink.js';
import { fileBytes } from './source-blocks.js';

/** Where the values of a row lie among its fields; -1 for none. */
interface FieldIndices {
  readonly texts: readonly number[];
  readonly negatives: number;
  readonly label: number;
}

/** How the rows of a delimited file are read. */
interface DelimitedRowsOptions {
  readonly quote: DelimitedFormat['quote'];
  readonly signal: AbortSignal | undefined;
}

/** Adds the rows of a .csv or .tsv file to `collector`; its header says which columns it has. */
export async function readDelimitedRows(
  { path, compression, format }: DatasetFile,
  collector: RowSink,
  { quote, signal }: DelimitedRowsOptions,
): Promise<void> {
  if (compression !== undefined && collector.endBlock !== undefined) {
    throw notSeekable(path, `one compressed by ${compression}`);
  }
  const source = decompressedBytes(path, compression, signal);
  let indices: FieldIndices | undefined;
  let begin: DelimitedRecord['after'] = { byte: 0, line: 1 };
  let end = begin;
  const endBlock = (): void => {
    if (end.byte > begin.byte) collector.endBlock?.({ start: begin.byte, end: end.byte, first: begin.line });
    begin = end;
  };
  for await (const record of delimitedRecords(source, path, { delimiter: delimiterOf(format), quote })) {
    if (indices === undefined) {
      indices = beginRows(record, path, collector);
      begin = record.after;
      end = begin;
      continue;
    }
    if (collector.rowsToGo === 0) break;
    addRecord(record, indices, collector);
    end = record.after;
    if (end.byte - begin.byte >= (collector.blockBytes ?? Number.POSITIVE_INFINITY)) endBlock();
  }
  endBlock();
}

/** Adds the rows of a block of a .csv or .tsv file, of which `readDelimitedRows` told. */
export async function readDelimitedBlock(
  { path, format }: DatasetFile,
  place: BlockPlace,
  collector: RowSink,
  { quote, signal }: DelimitedRowsOptions,
): Promise<void> {
  const settings = { delimiter: delimiterOf(format), quote };
  let indices: FieldIndices | undefined;
  for await (const header of delimitedRecords(fileBytes(path, signal), path, settings)) {
    indices = beginRows(header, path, collector);
    break;
  }
  const records = delimitedRecords(fileBytes(path, signal, place), path, { ...settings, firstLine: place.first });
  for await (const record of records) if (indices !== undefined) addRecord(record, indices, collector);
}

function delimiterOf(format: DatasetFile['format']): DelimitedFormat['delimiter'] {
  return format === 'csv' ? ',' : '\t';
}

function beginRows({ fields, line }: DelimitedRecord, path: string, collector: RowSink): FieldIndices {
  checkHeader(fields, path, line);
  const plan = collector.begin({ path, unit: 'line' }, fields);
  const indexOf = (name: string | undefined): number => (name === undefined ? -1 : fields.indexOf(name));
  return {
    texts: plan.texts.map((column) => indexOf(column.source)),
    negatives: indexOf(plan.negatives),
    label: indexOf(plan.label),
  };
}

function addRecord({ fields, line }: DelimitedRecord, indices: FieldIndices, collector: RowSink): void {
  const { texts, negatives, label } = indices;
  const textAt = (_: string, index: number): unknown => fields[texts[index] as number];
  collector.add({ textAt, negatives: fields[negatives], label: fields[label], at: line });
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
