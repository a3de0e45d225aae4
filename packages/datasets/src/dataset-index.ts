import { EmbedbagError } from '@embedbag/core';
import type { ColumnMapping, ColumnPlan } from './column-roles.js';
import type { DatasetFile } from './dataset-files.js';
import { addFileRows, type FileRowsOptions } from './file-rows.js';
import { IndexCollector, type IndexedBlock } from './index-collector.js';
import type { Labels } from './label-collector.js';
import { emptyFile } from './row-collector.js';
import type { RowRange } from './split-slice.js';

/** What is known of the rows of files without holding their texts. */
export interface DatasetIndex {
  readonly plan: Pick<ColumnPlan, 'texts' | 'negatives' | 'label' | 'isMapped'>;
  /** By column, those of a list of negatives last, the hashes of the texts, `[rows * 2]`. */
  readonly textHashes: readonly Uint32Array[];
  /** By row, how many negatives it has, where rows have lists of them. */
  readonly counts: Uint16Array | undefined;
  readonly labels: Labels | undefined;
  readonly ignoredColumns: readonly string[];
  /** In the order of their rows. */
  readonly blocks: readonly IndexedBlock[];
}

/** How far the pass over the files of a dataset is. */
export interface IndexProgress {
  /** Rows that were read so far. */
  readonly rows: number;
  /** The number of the file that is read, from 1, and of all, where that is known. */
  readonly file: number;
  readonly totalFiles: number | undefined;
}

/** Settings of {@link indexFiles}. */
export interface IndexFilesOptions extends FileRowsOptions {
  readonly columns?: ColumnMapping;
  readonly allowEmptyTexts?: boolean;
  /** Default: all rows. */
  readonly range: RowRange;
  /** The most memory that blocks may take; three of them must fit. */
  readonly memoryBytes: number;
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** The blocks of text files and of Parquet with a page index are about so large, if the memory takes many of them. */
const BLOCK_BYTES = 1 << 23;
const BLOCKS_IN_MEMORY = 16;
/** One that is drawn from, the next one, and one that is being read. */
const LEAST_BLOCKS = 3;

/** An index and the files that its blocks are in. */
export interface IndexedFiles {
  readonly index: DatasetIndex;
  readonly files: readonly DatasetFile[];
  /** Rows of all files that were read, those included that are not in `range`. */
  readonly rowCount: number;
}

/** About how large the blocks of text files are. */
export function blockBytesFor(memoryBytes: number): number {
  return Math.max(1, Math.min(BLOCK_BYTES, Math.floor(memoryBytes / BLOCKS_IN_MEMORY)));
}

/**
 * Reads the rows of `files` in `range` once, checks them, and keeps their hashes. Files behind the last row are not asked for.
 *
 * @throws EmbedbagError `block-too-large`, `not-seekable`, and what `readDataset` throws of files.
 */
export async function indexFiles(
  files: Iterable<DatasetFile> | AsyncIterable<DatasetFile>,
  options: IndexFilesOptions,
): Promise<IndexedFiles> {
  const { memoryBytes, range, columns, allowEmptyTexts, onProgress } = options;
  const totalFiles = Array.isArray(files) ? files.length : undefined;
  const read: DatasetFile[] = [];
  const blocks: IndexedBlock[] = [];
  const collector = new IndexCollector({
    mapping: columns,
    allowEmptyTexts,
    range,
    blockBytes: blockBytesFor(memoryBytes),
    onBlock(block) {
      if (block.sizeBytes * LEAST_BLOCKS > memoryBytes)
        throw blockTooLarge(read[block.file]?.path ?? '', block, memoryBytes);
      blocks.push(block);
      onProgress?.({ rows: block.firstRow + block.rows, file: read.length, totalFiles });
    },
  });
  for await (const file of files) {
    const before = collector.rowCount;
    read.push(file);
    await addFileRows(file, collector, options);
    if (collector.rowCount === before) throw emptyFile(file.path);
    if (collector.rowsToGo === 0) break;
  }
  const { rowCount } = collector;
  if (blocks.length === 0) return { index: NOTHING, files: read, rowCount };
  const { plan, columns: texts, ragged, labels, ignoredColumns } = collector.finish();
  const textHashes = [...texts, ...(ragged?.columns ?? [])];
  const { takesAnyType: _, ...kept } = plan;
  return {
    index: { plan: kept, textHashes, counts: ragged?.counts, labels, ignoredColumns, blocks },
    files: read,
    rowCount,
  };
}

const NOTHING: DatasetIndex = {
  plan: { texts: [], negatives: undefined, label: undefined, isMapped: false },
  textHashes: [],
  counts: undefined,
  labels: undefined,
  ignoredColumns: [],
  blocks: [],
};

function blockTooLarge(path: string, { place, rows, sizeBytes }: IndexedBlock, memoryBytes: number): EmbedbagError {
  return new EmbedbagError({
    code: 'block-too-large',
    message: `Expected parts of ${path} of at most ${Math.floor(memoryBytes / LEAST_BLOCKS)} bytes, a third of \`memoryBytes\`, received one of ${rows} rows with ${sizeBytes} bytes from row ${place.first}. Write the file with smaller row groups or record batches, or Parquet with a page index, or raise \`memoryBytes\`.`,
    details: { path, limit: Math.floor(memoryBytes / LEAST_BLOCKS), received: sizeBytes },
  });
}
