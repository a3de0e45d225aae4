import type { DatasetFormat } from './dataset-format.js';
import { addFileRows, type FileRowsOptions } from './file-rows.js';
import type { HubDatasetOptions } from './hub-dataset.js';
import { openSource } from './open-source.js';
import { type TableRow, TableRows } from './table-rows.js';

/** Settings of {@link readRows}. */
export interface ReadRowsOptions extends HubDatasetOptions, FileRowsOptions {
  /** Default: by each file's extension. */
  readonly format?: DatasetFormat;
  /** The columns to read; one that a file does not have is left out. Default: all. */
  readonly columns?: readonly string[];
}

/**
 * Reads the rows of a table as they are, without roles: of a file, a folder, a pattern, a list of these, or a dataset of the
 * hub, in the formats and by the addresses of `readDataset`. The rows of one file are held at a time.
 *
 * @throws EmbedbagError What `readDataset` throws of files and of the hub.
 *
 * @example
 * ```ts
 * for await (const { _id, text } of readRows('corpus.parquet', { columns: ['_id', 'text'] })) console.log(_id, text);
 * ```
 */
export async function* readRows(
  source: string | readonly string[],
  options: ReadRowsOptions = {},
): AsyncGenerator<TableRow> {
  const { files, range, requireRows } = await openSource(source, options);
  const rows = new TableRows(options.columns, range);
  for await (const file of files) {
    await addFileRows(file, rows, options);
    yield* rows.take();
    if (rows.rowsToGo === 0) break;
  }
  requireRows(rows.rowCount);
}
