import { EmbedbagError } from '@embedbag/core';
import { type ArrowEmbeddingLayout, rowStart } from './arrow-embedding-file.js';
import type { RandomAccessFile } from './random-access-file.js';

/** Reads that are under way together. */
const READS_AT_ONCE = 32;
/** Rows that lie nearer to each other are read together: a read of its own costs more than so many bytes. */
const NEAR_BYTES = 1 << 14;
const READ_BYTES = 1 << 20;

/** A part of a file with some of the rows that are asked for. */
interface Range {
  readonly start: number;
  readonly end: number;
  /** Of its rows in `order`, the first, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** What {@link readEmbeddingRows} takes. */
export interface ReadEmbeddingRowsOptions {
  readonly layout: ArrowEmbeddingLayout;
  /** Row numbers of the file, in any order, also several times. */
  readonly rows: ArrayLike<number>;
  /** Gets the embeddings in the order of `rows`, `[rows, dimension]`. */
  readonly out: Float32Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads single rows of an Arrow file of embeddings, in the order in which they lie there, neighbours together.
 *
 * @throws EmbedbagError `guide-mismatch` where the file ends before a row.
 */
export async function readEmbeddingRows(file: RandomAccessFile, options: ReadEmbeddingRowsOptions): Promise<void> {
  const { layout, rows, out, signal } = options;
  const rowBytes = layout.dimension * 4;
  const order = Array.from(rows, (_, index) => index).sort((a, b) => rows[a]! - rows[b]!);
  const target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  const ranges = rangesOf(order, options);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let range = ranges[next++]; range !== undefined; range = ranges[next++]) {
      signal?.throwIfAborted();
      const { start, end, from, to } = range;
      const bytes = await file.read(start, end);
      if (bytes.length < end - start) throw endsEarly(file.path, rows[order[to - 1]!]!);
      for (let at = from; at < to; at++) {
        const offset = rowStart(layout, rows[order[at]!]!) - start;
        target.set(bytes.subarray(offset, offset + rowBytes), order[at]! * rowBytes);
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
}

function rangesOf(order: readonly number[], { layout, rows }: ReadEmbeddingRowsOptions): readonly Range[] {
  const rowBytes = layout.dimension * 4;
  const ranges: Range[] = [];
  for (let from = 0; from < order.length; ) {
    const start = rowStart(layout, rows[order[from]!]!);
    let end = start + rowBytes;
    let to = from + 1;
    for (; to < order.length; to++) {
      const at = rowStart(layout, rows[order[to]!]!);
      if (at - end > NEAR_BYTES || at + rowBytes - start > READ_BYTES) break;
      end = at + rowBytes;
    }
    ranges.push({ start, end, from, to });
    from = to;
  }
  return ranges;
}

function endsEarly(path: string, row: number): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected guide embeddings of row ${row} in ${path}, received a file that ends before it. Write them anew.`,
    details: { path, row },
  });
}
