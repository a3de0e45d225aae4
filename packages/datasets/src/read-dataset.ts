import type { ColumnDataset } from './column-dataset.js';
import type { DatasetNotice } from './column-notices.js';
import { type ColumnMapping, checkMapping } from './column-roles.js';
import { type DatasetFile, findDatasetFiles } from './dataset-files.js';
import type { DatasetFormat } from './dataset-format.js';
import { datasetName } from './dataset-name.js';
import { addFileRows, type FileRowsOptions } from './file-rows.js';
import type { HubDatasetOptions } from './hub-dataset.js';
import { checkHubOptions, checkNoneOfHub, isHubDataset } from './hub-dataset-id.js';
import { collectedDataset, emptyFile, type RowCollector, textCollector } from './row-collector.js';
import type { RowRange } from './split-slice.js';
import type { TextColumn } from './text-column.js';

/** Settings of {@link readDataset} and of `readDatasets`. */
export interface ReadDatasetOptions extends HubDatasetOptions, FileRowsOptions {
  /** Default: by each file's extension. Of a folder only files of this format are read. */
  readonly format?: DatasetFormat;
  /** Which column of the file holds which role. Default: the file's columns are named after the roles. */
  readonly columns?: ColumnMapping;
  /** Take empty texts as they are: their embeddings are zero. Default: the row is refused. */
  readonly allowEmptyTexts?: boolean;
  /** Is told what can be read but may not be what was meant: roles that look swapped, columns that have the name of ids. */
  readonly onNotice?: (notice: DatasetNotice) => void;
}

/**
 * Reads rows of texts from files: .jsonl, .csv and .tsv, plain or compressed as .gz or .zst, .parquet, and Arrow IPC files and
 * streams (.arrow, .feather).
 *
 * `source` is a file, a folder (its own files, sorted by name), a pattern such as `data/train-*.parquet`, or a list of these; the
 * rows of all its files, which have the same columns, come one after the other.
 *
 * With `hub` it may be a dataset of the Hugging Face Hub: `hf://datasets/owner/name@revision/config/train[:100000]`, where all
 * behind the name may be missing. Its files are those that its README.md names for the config, or those in a folder of the
 * config's name, or the hub's conversion to Parquet; of a slice from the start only the files that hold it are downloaded.
 *
 * Without `columns` the files have the columns `anchor` and `positive`, and may have `negative`, `negative_1`,
 * `negative_2`, ..., or `negatives` with a list of them a row, of any length; a row that has fewer than another has no text in
 * the columns `negative_2`, `negative_3`, ... that the list becomes. A column `label`, `labels`, `score` or `scores` of numbers, or of lists of
 * numbers, gives the labels. In text files a list is written as JSON. With `columns` exactly the named columns are read. Other
 * columns are left out and listed in `ignoredColumns`. Files are read in pieces: lines, row groups or record batches. Texts are
 * UTF-8; text files have line ends LF or CRLF, with or without byte order mark, and empty lines are skipped.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`, `unknown-format`, `empty-folder`, `no-match`, `invalid-columns`,
 * `missing-column`, `different-columns`, `empty-file`, `cut-file`, `invalid-compression`, `unexpected-compression`,
 * `invalid-parquet`, `unknown-codec`, `invalid-arrow`, `invalid-column-type`, and with file and line or row in the message:
 * `missing-text`, `invalid-text`, `ragged-column`, `invalid-label`, `invalid-json`, `wrong-field-count`, `invalid-csv`,
 * `invalid-utf8`, `line-too-long`; for the hub `hub-missing`, `invalid-hub-dataset`, `unknown-config`, `unknown-split`,
 * `invalid-slice`, `empty-split`, `no-data-files`, `invalid-dataset-card`, and what the hub throws.
 *
 * @example
 * ```ts
 * const dataset = await readDataset('faq.csv', { columns: { anchor: 'question', positive: 'answer' } });
 * ```
 */
export async function readDataset(
  source: string | readonly string[],
  options: ReadDatasetOptions & {
    /**
     * Default: the file's name without extensions; of several files, what their names begin with, or their folder's name; of the
     * hub the repository's name without its owner, and the config where it has several.
     */
    readonly name?: string;
  } = {},
): Promise<ColumnDataset> {
  if (options.columns !== undefined) checkMapping(options.columns);
  if (typeof source === 'string' && isHubDataset(source)) {
    return (await import('./read-hub-dataset.js')).readHubDataset(source, options);
  }
  checkHubOptions(options);
  if (typeof source !== 'string') checkNoneOfHub(source);
  const files = await findDatasetFiles(source, options.format);
  return readDatasetFiles(files, options.name ?? datasetName(files), options);
}

/** Reads `files`, at least one, as the dataset `name`. */
export async function readDatasetFiles(
  files: readonly DatasetFile[],
  name: string,
  options: ReadDatasetOptions,
): Promise<ColumnDataset> {
  return finishRows(await collectRows(files, options), name, options);
}

/** The dataset of the rows that were collected; what is suspicious in them is told. */
export function finishRows(
  collector: RowCollector<TextColumn>,
  name: string,
  options: ReadDatasetOptions,
): ColumnDataset {
  for (const notice of collector.notices) options.onNotice?.(notice);
  return collectedDataset(collector, name);
}

/** The rows of `files` in `range`, which is not empty; files behind the last row of it are not asked for. */
export async function collectRows(
  files: Iterable<DatasetFile> | AsyncIterable<DatasetFile>,
  options: ReadDatasetOptions,
  range?: RowRange,
): Promise<RowCollector<TextColumn>> {
  const collector = textCollector(options.columns, { range, allowEmptyTexts: options.allowEmptyTexts });
  for await (const file of files) {
    const before = collector.rowCount;
    await addFileRows(file, collector, options);
    if (collector.rowCount === before) throw emptyFile(file.path);
    if (collector.rowsToGo === 0) break;
  }
  return collector;
}
