import type { DatasetFile } from './dataset-files.js';
import type { DelimitedFormat } from './delimited-records.js';
import { readDelimitedBlock, readDelimitedRows } from './delimited-rows.js';
import { readJsonLinesBlock, readJsonLinesRows } from './json-lines-rows.js';
import type { BlockPlace, RowSink } from './row-sink.js';

/** How the rows of a file are read. */
export interface FileRowsOptions {
  /** For csv and tsv: the character around fields that hold a delimiter or a line end, or false. Default `"`. */
  readonly quote?: DelimitedFormat['quote'];
  readonly signal?: AbortSignal;
}

/** Hands the rows of `file` to `sink`. The readers of Parquet and Arrow are loaded when the first such file is read. */
export async function addFileRows(file: DatasetFile, sink: RowSink, options: FileRowsOptions): Promise<void> {
  const { signal } = options;
  switch (file.format) {
    case 'jsonl':
      return readJsonLinesRows(file, sink, signal);
    case 'parquet':
      return (await import('./parquet-rows.js')).readParquetRows(file.path, sink, signal);
    case 'arrow':
      return (await import('./arrow-rows.js')).readArrowRows(file.path, sink, signal);
    default:
      return readDelimitedRows(file, sink, { quote: options.quote ?? '"', signal });
  }
}

/** Hands the rows of a block of `file` to `sink`, one that `addFileRows` told with the same options. */
export async function addBlockRows(
  file: DatasetFile,
  place: BlockPlace,
  sink: RowSink,
  options: FileRowsOptions,
): Promise<void> {
  const { signal } = options;
  switch (file.format) {
    case 'jsonl':
      return readJsonLinesBlock(file, place, sink, signal);
    case 'parquet':
      return (await import('./parquet-rows.js')).readParquetBlock(file.path, place, sink, signal);
    case 'arrow':
      return (await import('./arrow-rows.js')).readArrowBlock(file.path, place, sink, signal);
    default:
      return readDelimitedBlock(file, place, sink, { quote: options.quote ?? '"', signal });
  }
}
