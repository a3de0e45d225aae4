const FRAME_MAGIC = 0x184d2204;
const LEAST_MATCH = 4;

/**
 * The contents of an LZ4 frame, in which Arrow compresses its buffers. Checksums are passed over.
 *
 * Follows the LZ4 frame format, version 1.6.4, and its block format.
 *
 * @throws Error for bytes that are no such frame or end early.
 */
export function decompressLz4Frame(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 7 || view.getUint32(0, true) !== FRAME_MAGIC) throw new Error('no LZ4 frame');
  const flags = view.getUint8(4);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  if (flags >> 6 !== 1 || hasDictionary) throw new Error('an LZ4 frame of an unknown version or with a dictionary');
  let at = 7 + (hasContentSize ? 8 : 0);
  const output = new GrowingBytes(hasContentSize ? Number(view.getBigUint64(6, true)) : frame.length * 4);
  for (;;) {
    if (at + 4 > frame.length) throw new Error('an LZ4 frame that ends early');
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) return output.finish();
    const isStored = size >>> 31 === 1;
    const end = at + (size & 0x7fffffff);
    if (end > frame.length) throw new Error('an LZ4 frame that ends early');
    if (isStored) output.append(frame, at, end);
    else decompressBlock(frame, at, end, output);
    at = end + (hasBlockChecksum ? 4 : 0);
  }
}

/** A match may reach back into the blocks before. */
function decompressBlock(bytes: Uint8Array, start: number, end: number, output: GrowingBytes): void {
  let at = start;
  /** A length of 15 goes on in the bytes that follow, up to one that is not 255. */
  const wholeLength = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (;;) {
      if (at >= end) throw new Error('an LZ4 block that ends early');
      const more = bytes[at++] as number;
      length += more;
      if (more !== 255) return length;
    }
  };
  while (at < end) {
    const token = bytes[at++] as number;
    const literals = wholeLength(token >> 4);
    if (at + literals > end) throw new Error('an LZ4 block that ends early');
    output.append(bytes, at, at + literals);
    at += literals;
    // The last sequence of a block has no match.
    if (at >= end) return;
    const distance = (bytes[at] as number) | ((bytes[at + 1] ?? 0) << 8);
    at += 2;
    output.repeat(distance, wholeLength(token & 15) + LEAST_MATCH);
  }
}

class GrowingBytes {
  private bytes: Uint8Array;
  private length = 0;

  constructor(expected: number) {
    this.bytes = new Uint8Array(Math.min(Math.max(expected, 64), 1 << 28));
  }

  append(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(source.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** Appends `count` bytes from `distance` back, which may be bytes that this call has appended. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length) throw new Error('an LZ4 match before the beginning');
    this.reserve(count);
    const { bytes } = this;
    let to = this.length;
    let from = to - distance;
    this.length += count;
    if (distance >= count) bytes.copyWithin(to, from, from + count);
    else while (to < this.length) bytes[to++] = bytes[from++] as number;
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
