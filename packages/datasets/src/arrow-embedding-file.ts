import { type RecordBatch, RecordBatchFileWriter, tableToIPC } from 'apache-arrow';
import type { EmbeddingRows } from './embedding-rows.js';
import { embeddingTable } from './embeddings-to-arrow.js';

/** What is lost of long work that is stopped is less than so many rows; their message takes 0.1 % of the file or less. */
export const ROWS_PER_BATCH = 512;
/** What comes before the first record batch. */
export const ARROW_FILE_START: Uint8Array = new TextEncoder().encode('ARROW1\0\0');
const MAGIC_BYTES = ARROW_FILE_START.length;
/** A message's continuation marker, and the length of its metadata. */
const PREFIX_BYTES = 8;

/**
 * Where the values lie in an Arrow IPC file of one column of float32 lists, in record batches of the same number of rows, not
 * compressed: their metadata are of one length, so the place of any row follows from its number.
 */
export interface ArrowEmbeddingLayout {
  readonly dimension: number;
  /** Rows of every record batch but the last. */
  readonly rowsPerBatch: number;
  /** Bytes of a record batch before its values. */
  readonly metadataBytes: number;
}

/** The layout of a new file of embeddings with `dimension` numbers. */
export function arrowEmbeddingLayout(dimension: number): ArrowEmbeddingLayout {
  const bytes = fileOf({ data: new Float32Array(dimension), rows: 1, columns: dimension });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const metadataBytes = PREFIX_BYTES + view.getInt32(MAGIC_BYTES + 4, true);
  return { dimension, rowsPerBatch: ROWS_PER_BATCH, metadataBytes };
}

/** The byte at which the values of `row` begin. */
export function rowStart(layout: ArrowEmbeddingLayout, row: number): number {
  const inBatch = row % layout.rowsPerBatch;
  return batchesEnd(layout, row - inBatch) + layout.metadataBytes + inBatch * layout.dimension * 4;
}

/** The byte behind the record batches of `rows` rows. */
export function batchesEnd({ dimension, rowsPerBatch, metadataBytes }: ArrowEmbeddingLayout, rows: number): number {
  const rest = rows % rowsPerBatch;
  const batches = (rows - rest) / rowsPerBatch;
  const full = MAGIC_BYTES + batches * (metadataBytes + valuesBytes(rowsPerBatch, dimension));
  return rest === 0 ? full : full + metadataBytes + valuesBytes(rest, dimension);
}

/** The bytes of a record batch of `matrix`, which has at most as many rows as one; see {@link ARROW_FILE_START}. */
export function recordBatchBytes(
  matrix: EmbeddingRows,
  { dimension, metadataBytes }: ArrowEmbeddingLayout,
): Uint8Array {
  return fileOf(matrix).subarray(MAGIC_BYTES, MAGIC_BYTES + metadataBytes + valuesBytes(matrix.rows, dimension));
}

/**
 * The bytes behind the record batches of a file of `rows` rows: the footer, which says where each begins. Arrow's writer makes it
 * after batches of zeros, all of the same memory, whose bytes are thrown away.
 */
export async function arrowFileEnd(layout: ArrowEmbeddingLayout, rows: number): Promise<Uint8Array> {
  const { dimension, rowsPerBatch } = layout;
  const most = Math.min(rows, rowsPerBatch);
  const table = embeddingTable({ data: new Float32Array(most * dimension), rows: most, columns: dimension }, {});
  const zeros = table.batches[0] as RecordBatch;
  const writer = new RecordBatchFileWriter();
  const chunks = writer[Symbol.asyncIterator]();
  let passed = 0;
  for (let first = 0; first < rows; first += rowsPerBatch) {
    const count = Math.min(rowsPerBatch, rows - first);
    writer.write(count === most ? zeros : zeros.slice(0, count));
    const until = batchesEnd(layout, first + count);
    while (passed < until) passed += ((await chunks.next()).value as Uint8Array).byteLength;
  }
  writer.finish();
  const end: Uint8Array[] = [];
  for await (const chunk of writer) end.push(chunk);
  return Buffer.concat(end);
}

function valuesBytes(rows: number, dimension: number): number {
  return Math.ceil((rows * dimension * 4) / 8) * 8;
}

function fileOf(matrix: EmbeddingRows): Uint8Array {
  return tableToIPC(embeddingTable(matrix, {}), 'file');
}
