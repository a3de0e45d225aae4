import { EmbedbagError } from '@embedbag/core';
import type { DatasetFile } from './dataset-files.js';
import { decompressedBytes } from './decompressed-bytes.js';
import { type DelimitedFormat, delimitedRecords } from './delimited-records.js';
import type { RowSink } from './row-sink.js';

/** Where the values of a row lie among its fields; -1 for none. */
interface FieldIndices {
  readonly texts: readonly number[];
  readonly negatives: number;
  readonly label: number;
}

/** Adds the rows of a .csv or .tsv file to `collector`; its header says which columns it has. */
export async function readDelimitedRows(
  { path, compression, format }: DatasetFile,
  collector: RowSink,
  { quote, signal }: { readonly quote: DelimitedFormat['quote']; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const source = decompressedBytes(path, compression, signal);
  let indices: FieldIndices | undefined;
  for await (const { fields, line } of delimitedRecords(source, path, {
    delimiter: format === 'csv' ? ',' : '\t',
    quote,
  })) {
    if (indices === undefined) {
      checkHeader(fields, path, line);
      const plan = collector.begin({ path, unit: 'line' }, fields);
      const indexOf = (name: string | undefined): number => (name === undefined ? -1 : fields.indexOf(name));
      indices = {
        texts: plan.texts.map((column) => indexOf(column.source)),
        negatives: indexOf(plan.negatives),
        label: indexOf(plan.label),
      };
      continue;
    }
    if (collector.rowsToGo === 0) return;
    const { texts, negatives, label } = indices;
    const textAt = (_: string, index: number): unknown => fields[texts[index] as number];
    collector.add({ textAt, negatives: fields[negatives], label: fields[label], at: line });
  }
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
