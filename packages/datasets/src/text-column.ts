import { hashBytes, type TextHash } from '@embedbag/core';

/** A chunk is closed when it holds this much: offsets are 32-bit, and a growing buffer is copied. */
const CHUNK_BYTES = 1 << 26;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Takes the texts of a column one after the other. */
export interface ColumnBuilder<Column> {
  /** Appends a text, or its UTF-8, which is copied. */
  append(text: string | Uint8Array): void;
  /** The column; the builder is used up. */
  finish(): Column;
}

/** One column of texts as Arrow keeps them: one buffer of UTF-8 and the offsets of the texts in it, in chunks. */
export interface TextColumn {
  readonly length: number;
  /** Memory of the texts, offsets and hashes. */
  readonly sizeBytes: number;
  /** The hashes of the texts, `[length * 2]`, low word first. */
  readonly hashes: Uint32Array;
  /** The text of a row, decoded now; `row` is in range. */
  get(row: number): string;
}

/** Appends texts one by one and ends as a {@link TextColumn}. */
export class TextColumnBuilder implements ColumnBuilder<TextColumn> {
  private readonly chunks: Chunk[] = [];
  private bytes = Buffer.allocUnsafe(1 << 12);
  private view = viewOf(this.bytes);
  private byteCount = 0;
  private offsets = new Int32Array(1 << 8);
  private chunkRows = 0;
  private hashes = new Uint32Array(1 << 9);
  private rows = 0;
  /** Texts that UTF-8 cannot hold: those with half of a surrogate pair. */
  private readonly irregular = new Map<number, string>();
  private readonly hash: TextHash = { low: 0, high: 0 };

  append(text: string | Uint8Array): void {
    const isString = typeof text === 'string';
    const mostBytes = this.byteCount + (isString ? text.length * 3 : text.length);
    if (mostBytes > this.bytes.length) this.growBytes(mostBytes);
    const begin = this.byteCount;
    if (isString) {
      this.byteCount += this.bytes.write(text, begin, 'utf8');
    } else {
      this.bytes.set(text, begin);
      this.byteCount += text.length;
    }
    if (this.chunkRows + 2 > this.offsets.length) this.offsets = grownTo(Int32Array, this.offsets);
    this.chunkRows += 1;
    this.offsets[this.chunkRows] = this.byteCount;
    if (this.rows * 2 + 2 > this.hashes.length) this.hashes = grownTo(Uint32Array, this.hashes);
    hashBytes(this.view, begin, this.byteCount, this.hash);
    this.hashes[this.rows * 2] = this.hash.low;
    this.hashes[this.rows * 2 + 1] = this.hash.high;
    if (isString && LONE_SURROGATE.test(text)) this.irregular.set(this.rows, text);
    this.rows += 1;
    if (this.byteCount >= CHUNK_BYTES) this.closeChunk();
  }

  finish(): TextColumn {
    if (this.chunkRows > 0 || this.chunks.length === 0) this.closeChunk();
    return new ChunkedTextColumn(this.chunks, this.hashes.slice(0, this.rows * 2), this.irregular);
  }

  private growBytes(least: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, least));
    this.bytes.copy(grown, 0, 0, this.byteCount);
    this.bytes = grown;
    this.view = viewOf(grown);
  }

  private closeChunk(): void {
    const bytes = Buffer.from(new Uint8Array(this.bytes.subarray(0, this.byteCount)).buffer);
    const offsets = this.offsets.slice(0, this.chunkRows + 1);
    this.chunks.push({ firstRow: this.rows - this.chunkRows, offsets, bytes });
    this.byteCount = 0;
    this.chunkRows = 0;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function grownTo<T extends Int32Array | Uint32Array>(type: new (length: number) => T, array: T): T {
  const grown = new type(array.length * 2);
  grown.set(array);
  return grown;
}

/** The two buffers of an Arrow array of type Utf8. */
interface Chunk {
  readonly firstRow: number;
  /** Where the texts begin in `bytes`, and where the last one ends. */
  readonly offsets: Int32Array;
  /** U+FFFD stands where a text has half of a surrogate pair. */
  readonly bytes: Buffer;
}

class ChunkedTextColumn implements TextColumn {
  readonly length: number;
  readonly sizeBytes: number;
  readonly hashes: Uint32Array;
  private readonly chunks: readonly Chunk[];
  private readonly irregular: ReadonlyMap<number, string>;

  constructor(chunks: readonly Chunk[], hashes: Uint32Array, irregular: ReadonlyMap<number, string>) {
    this.chunks = chunks;
    this.hashes = hashes;
    this.irregular = irregular;
    this.length = hashes.length / 2;
    this.sizeBytes = chunks.reduce(
      (sum, { bytes, offsets }) => sum + bytes.byteLength + offsets.byteLength,
      hashes.byteLength,
    );
  }

  get(row: number): string {
    return this.irregular.get(row) ?? decode(this.chunkOf(row), row);
  }

  private chunkOf(row: number): Chunk {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.chunks[middle] as Chunk).firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return this.chunks[low] as Chunk;
  }
}

function decode({ firstRow, offsets, bytes }: Chunk, row: number): string {
  const start = offsets[row - firstRow] as number;
  const end = offsets[row - firstRow + 1] as number;
  return bytes.toString('utf8', start, end);
}
