import { EmbedbagError } from '@embedbag/core';
import { columnNotices } from './column-notices.js';
import { checkMapping } from './column-roles.js';
import type { DatasetFile } from './dataset-files.js';
import { blockBytesFor, type IndexedFiles, type IndexProgress, indexFiles } from './dataset-index.js';
import { type IndexSettings, openIndex, type StoredIndex, writeIndex } from './index-folder.js';
import type { OpenHubDataset } from './open-hub-dataset.js';
import { openSource } from './open-source.js';
import type { ReadDatasetOptions } from './read-dataset.js';
import { type StreamedDataset, streamedDataset } from './streamed-dataset.js';

/** The most memory that blocks take by default: 256 MiB. */
export const MEMORY_BYTES: number = 1 << 28;

/** Settings of {@link openDataset} and of `openDatasets`. */
export interface OpenDatasetOptions extends ReadDatasetOptions {
  /**
   * A folder for what the pass over the files finds out. It is made where there is none; where there is one, the files are not
   * read again.
   */
  readonly indexFolder?: string;
  /** Memory for the texts of a dataset, in bytes. Default: 256 MiB. */
  readonly memoryBytes?: number;
  /** Is told how far the pass over the files is, about every 8 MB. */
  readonly onProgress?: (progress: IndexProgress) => void;
}

/**
 * Opens rows of texts that may be more than fit into memory: their files are read once to check every row and to hash every text, and
 * from then on in blocks, when a batch needs them.
 *
 * Sources, columns and checks are those of `readDataset`. Files are .parquet, whose blocks are row groups, or parts of them where
 * there is a page index; Arrow IPC files, whose blocks are record batches; and .jsonl, .csv and .tsv that are not compressed. What
 * stays in memory is 8 bytes of hash a row and column, labels, and up to `memoryBytes` of blocks, a third of which the largest must
 * not exceed.
 *
 * Samplers shuffle such a dataset by blocks, of which as many are open as fit; where all fit, as any other. The files must stay as
 * they are: a block whose texts have other hashes is refused.
 *
 * @throws EmbedbagError `not-seekable`, `block-too-large`, `index-outdated`, `invalid-index`, `file-not-writable`, and those of
 * `readDataset`.
 *
 * @example
 * ```ts
 * const dataset = await openDataset('corpus/*.parquet', { indexFolder: 'corpus-index' });
 * ```
 */
export async function openDataset(
  source: string | readonly string[],
  options: OpenDatasetOptions & {
    /** Default: as of `readDataset`. */
    readonly name?: string;
  } = {},
): Promise<StreamedDataset> {
  if (options.columns !== undefined) checkMapping(options.columns);
  return openedDataset(await openSource(source, options), options);
}

/** The dataset of files that were found. */
export async function openedDataset(
  found: OpenHubDataset,
  options: OpenDatasetOptions & { readonly name?: string },
): Promise<StreamedDataset> {
  const { memoryBytes = MEMORY_BYTES, indexFolder, quote, allowEmptyTexts = false } = options;
  checkMemory(memoryBytes);
  const stored = indexFolder === undefined ? undefined : await openIndex(indexFolder);
  const settings: IndexSettings = {
    columns: options.columns,
    quote,
    allowEmptyTexts,
    range: found.range,
    blockBytes: blockBytesFor(memoryBytes),
  };
  const { index, files } =
    stored === undefined
      ? await newIndex(found, options, { ...settings, memoryBytes })
      : await storedIndex(found, stored, settings);
  for (const notice of columnNotices({ ...index.plan }, files[0]?.path ?? '')) options.onNotice?.(notice);
  const fileOptions = quote === undefined ? {} : { quote };
  return streamedDataset({ name: options.name ?? found.name, index, files, memoryBytes, fileOptions });
}

function checkMemory(memoryBytes: number): void {
  if (Number.isSafeInteger(memoryBytes) && memoryBytes > 0) return;
  throw new EmbedbagError({
    code: 'invalid-memory',
    message: `Expected \`memoryBytes\` to be a whole number above 0, received ${memoryBytes}. Leave it out for 256 MiB.`,
    details: { received: String(memoryBytes) },
  });
}

async function newIndex(
  { files, range, requireRows }: OpenHubDataset,
  options: OpenDatasetOptions,
  settings: IndexSettings & { readonly memoryBytes: number },
): Promise<Omit<IndexedFiles, 'rowCount'>> {
  const { indexFolder } = options;
  const { rowCount, ...indexed } = await indexFiles(files, { ...options, range, memoryBytes: settings.memoryBytes });
  requireRows(rowCount);
  if (indexFolder !== undefined) await writeIndex(indexFolder, indexed.index, { files: indexed.files, settings });
  return indexed;
}

async function storedIndex(
  { files }: OpenHubDataset,
  stored: StoredIndex,
  settings: IndexSettings,
): Promise<Omit<IndexedFiles, 'rowCount'>> {
  const found: DatasetFile[] = [];
  const isWhole = settings.range.to === Number.POSITIVE_INFINITY;
  for await (const file of files) {
    found.push(file);
    // Of a slice, files behind its last row are not asked for.
    if (!isWhole && found.length === stored.fileCount) break;
  }
  return { index: await stored.read(found, settings), files: found };
}
