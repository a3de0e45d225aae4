import { EmbedbagError, type RowBlocks, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import { BlockCache } from './block-cache.js';
import { requireColumn, requireRows } from './checked-dataset.js';
import { type ColumnDataset, labelsAt, validAt } from './column-dataset.js';
import type { DatasetFile } from './dataset-files.js';
import type { DatasetIndex } from './dataset-index.js';
import { addBlockRows, type FileRowsOptions } from './file-rows.js';
import { blockMapping, type IndexedBlock } from './index-collector.js';
import { collectedDataset, textCollector } from './row-collector.js';

/**
 * A dataset whose texts stay in their files. Its rows are read in blocks, some of which are held; what lies in memory beside them is 8
 * bytes of hash a row and column, the labels, and 2 bytes a row where rows have their own number of negatives.
 */
export interface StreamedDataset extends TextDataset {
  /** The columns of the file that have no role, sorted by name. */
  readonly ignoredColumns: readonly string[];
  /** Memory of the hashes and labels, and the most that blocks take. */
  readonly sizeBytes: number;
  readonly blocks: RowBlocks;
  /**
   * The texts, at once where all their blocks are held.
   *
   * @throws EmbedbagError `row-out-of-range`, `column-out-of-range`; later `dataset-changed`, and what `readDataset` throws of
   * files.
   */
  texts(column: number, rows: ArrayLike<number>): readonly string[] | Promise<readonly string[]>;
}

/** What a {@link StreamedDataset} is made of. */
export interface StreamedDatasetParts {
  readonly name: string;
  readonly index: DatasetIndex;
  readonly files: readonly DatasetFile[];
  readonly memoryBytes: number;
  /** How the files were read for the index. */
  readonly fileOptions: Pick<FileRowsOptions, 'quote'>;
}

/** Makes the dataset over the files of an index. */
export function streamedDataset(parts: StreamedDatasetParts): StreamedDataset {
  const { name, index, memoryBytes } = parts;
  const { plan, textHashes, labels, counts } = index;
  const columns = columnNames(index);
  const rowCount = (textHashes[0]?.length ?? 0) / 2;
  const blocks = rowBlocks(index.blocks, memoryBytes);
  const cache = new BlockCache(memoryBytes, (block) => readBlock(parts, index.blocks[block] as IndexedBlock));
  const isRagged = counts?.some((count) => count !== textHashes.length - plan.texts.length) ?? false;
  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount,
    columns,
    ignoredColumns: index.ignoredColumns,
    sizeBytes: [...textHashes, labels?.values, counts].reduce(
      (sum, values) => sum + (values?.byteLength ?? 0),
      memoryBytes,
    ),
    blocks,
    texts(column, rows) {
      requireColumn({ name, columns }, column);
      requireRows({ name, rowCount }, rows);
      return gatheredTexts(cache, blocks.firstRows, column, rows);
    },
    textHashes(column) {
      requireColumn({ name, columns }, column);
      return textHashes[column] as Uint32Array;
    },
    ...(labels && {
      labels(rows: ArrayLike<number>): Float32Array {
        requireRows({ name, rowCount }, rows);
        return labelsAt(labels, rows);
      },
    }),
    ...(isRagged &&
      counts && {
        valid(column: number, rows: ArrayLike<number>): Uint8Array | undefined {
          requireColumn({ name, columns }, column);
          requireRows({ name, rowCount }, rows);
          return validAt({ counts }, plan.texts.length)(column, rows);
        },
      }),
  };
}

function columnNames({ plan, textHashes }: DatasetIndex): readonly string[] {
  return textHashes.map((_, column) => plan.texts[column]?.role ?? `negative_${column - plan.texts.length + 1}`);
}

/** One block is drawn from less than fit: the next one is read while a batch still has rows of the one that is done. */
function rowBlocks(blocks: readonly IndexedBlock[], memoryBytes: number): RowBlocks {
  const largest = blocks.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 1);
  const all = blocks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const openBlocks = all <= memoryBytes ? blocks.length : Math.floor(memoryBytes / largest) - 2;
  return { firstRows: Int32Array.from(blocks, ({ firstRow }) => firstRow), openBlocks: Math.max(1, openBlocks) };
}

type Blocks = BlockCache<ColumnDataset>;

function gatheredTexts(
  cache: Blocks,
  firstRows: Int32Array,
  column: number,
  rows: ArrayLike<number>,
): readonly string[] | Promise<readonly string[]> {
  const texts = new Array<string>(rows.length);
  const indices = indicesByBlock(firstRows, rows);
  const take = (block: number, held: ColumnDataset): void => {
    const of = indices.get(block) ?? [];
    const firstRow = firstRows[block] as number;
    // Where no row of a block has so many negatives, it has no such column.
    const found =
      column < held.columns.length
        ? held.texts(
            column,
            of.map((index) => (rows[index] as number) - firstRow),
          )
        : [];
    for (const [at, index] of of.entries()) texts[index] = found[at] ?? '';
  };
  const missing: number[] = [];
  for (const block of indices.keys()) {
    const held = cache.peek(block);
    if (held === undefined) missing.push(block);
    else take(block, held);
  }
  if (missing.length === 0) return texts;
  // One after the other: of blocks that are being read none counts yet.
  const readMissing = async (): Promise<readonly string[]> => {
    for (const block of missing) take(block, await cache.get(block));
    return texts;
  };
  return readMissing();
}

/** By block, the places in `rows` of its rows. */
function indicesByBlock(firstRows: Int32Array, rows: ArrayLike<number>): ReadonlyMap<number, number[]> {
  const found = new Map<number, number[]>();
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    let low = 0;
    let high = firstRows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((firstRows[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    const list = found.get(low);
    if (list === undefined) found.set(low, [index]);
    else list.push(index);
  }
  return found;
}

async function readBlock(
  { name, index, files, fileOptions }: StreamedDatasetParts,
  block: IndexedBlock,
): Promise<ColumnDataset> {
  const { skipped, rows, place } = block;
  const file = files[block.file] as DatasetFile;
  const collector = textCollector(blockMapping(index.plan), {
    range: { from: skipped, to: skipped + rows },
    // The pass that made the index refused empty texts, if they were to be.
    allowEmptyTexts: true,
  });
  await addBlockRows(file, place, collector, fileOptions);
  const read = collector.keptCount === rows ? collectedDataset(collector, name) : undefined;
  if (read !== undefined && hasHashes(read, index, block)) return read;
  throw new EmbedbagError({
    code: 'dataset-changed',
    message: `Expected the ${rows} rows of ${file.path} from ${place.first} on to be those that dataset \`${name}\` was opened with, received others: the file has changed. Open the dataset again, and make its index anew where it has one.`,
    details: { dataset: name, path: file.path, rows },
  });
}

/** Whether the texts that were read are those that were there when the index was made. */
function hasHashes(read: ColumnDataset, { textHashes }: DatasetIndex, { firstRow, rows }: IndexedBlock): boolean {
  if (read.columns.length > textHashes.length) return false;
  return read.columns.every((_, column) => {
    const hashes = read.textHashes(column);
    const expected = (textHashes[column] as Uint32Array).subarray(firstRow * 2, (firstRow + rows) * 2);
    return bytesOf(hashes).equals(bytesOf(expected));
  });
}

function bytesOf(array: Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
