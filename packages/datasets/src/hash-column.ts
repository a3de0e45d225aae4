import { hashBytes, hashText, type TextHash } from '@embedbag/core';
import type { ColumnBuilder } from './text-column.js';

/** Texts whose hashes are kept together: a growing array is copied, which takes twice the memory. */
const CHUNK_TEXTS = 1 << 17;

/** Appends texts and ends as their hashes, `[texts * 2]`, low word first. */
export class HashColumnBuilder implements ColumnBuilder<Uint32Array> {
  private readonly chunks: Uint32Array[] = [];
  private chunk = new Uint32Array(CHUNK_TEXTS * 2);
  private count = 0;
  private readonly hash: TextHash = { low: 0, high: 0 };
  private bytes: ArrayBufferLike = new ArrayBuffer(0);
  private view = new DataView(this.bytes);
  private readonly onText: (byteLength: number) => void;

  /** `onText` is told the bytes of each text. */
  constructor(onText: (byteLength: number) => void) {
    this.onText = onText;
  }

  append(text: string | Uint8Array): void {
    this.hashText(text);
    if (this.count === CHUNK_TEXTS) {
      this.chunks.push(this.chunk);
      this.chunk = new Uint32Array(CHUNK_TEXTS * 2);
      this.count = 0;
    }
    this.chunk[this.count * 2] = this.hash.low;
    this.chunk[this.count * 2 + 1] = this.hash.high;
    this.count += 1;
  }

  finish(): Uint32Array {
    const hashes = new Uint32Array((this.chunks.length * CHUNK_TEXTS + this.count) * 2);
    hashes.set(this.chunk.subarray(0, this.count * 2), this.chunks.length * CHUNK_TEXTS * 2);
    // From the end, so that what is copied can go.
    for (let chunk = this.chunks.pop(); chunk !== undefined; chunk = this.chunks.pop()) {
      hashes.set(chunk, this.chunks.length * CHUNK_TEXTS * 2);
    }
    return hashes;
  }

  private hashText(text: string | Uint8Array): void {
    if (typeof text === 'string') {
      hashText(text, this.hash);
      this.onText(Buffer.byteLength(text));
      return;
    }
    if (text.buffer !== this.bytes) {
      this.bytes = text.buffer;
      this.view = new DataView(text.buffer);
    }
    hashBytes(this.view, text.byteOffset, text.byteOffset + text.byteLength, this.hash);
    this.onText(text.byteLength);
  }
}
