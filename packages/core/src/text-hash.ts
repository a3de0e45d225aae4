/** Two 32-bit words of a 64-bit text hash. */
export interface TextHash {
  low: number;
  high: number;
}

// The constants of MurmurHash3_x86_128.
const FACTOR_1 = 0x239b961b;
const FACTOR_2 = 0xab0e9789;
const FACTOR_3 = 0x38b34ae5;
const FACTOR_4 = 0xa1e38b93;

const BLOCK_BYTES = 16;
/** Most bytes kept for texts; a longer one gets memory of its own. */
const SCRATCH_BYTES = 1 << 20;

const encoder = new TextEncoder();
let scratch = new Uint8Array(1 << 12);
let scratchView = new DataView(scratch.buffer);

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function spread(word: number, before: number, bits: number, after: number): number {
  return Math.imul(rotate(Math.imul(word, before), bits), after);
}

function finish(lane: number): number {
  let word = lane;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** From `BLOCK_BYTES - n` on, a mask of the first `n` bytes of a block. */
const masks = new DataView(new ArrayBuffer(2 * BLOCK_BYTES));
for (let at = 0; at < BLOCK_BYTES; at += 1) masks.setUint8(at, 0xff);

/** The word that begins at `at`, of which only the bytes before `end` are there. */
function wordAt(bytes: DataView, at: number, end: number): number {
  let word = 0;
  for (let i = Math.min(end - at, 4) - 1; i >= 0; i -= 1) word = (word << 8) | bytes.getUint8(at + i);
  return word;
}

/**
 * A 64-bit hash of the bytes `begin` to `end` of `bytes`, the UTF-8 of a text, written into `out`: the hash that
 * {@link hashText} gives the text, for texts that lie as bytes already.
 *
 * The first 64 bits of MurmurHash3_x86_128 with seed 0: `low` is the first word, `high` the second. Not for keeping secrets.
 * Throws a `RangeError` where the bytes are not all in `bytes`.
 */
export function hashBytes(bytes: DataView, begin: number, end: number, out: TextHash): void {
  const length = end - begin;
  const tail = begin + length - (length % BLOCK_BYTES);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let at = begin; at < tail; at += BLOCK_BYTES) {
    a ^= spread(bytes.getInt32(at, true), FACTOR_1, 15, FACTOR_2);
    a = (Math.imul(rotate(a, 19) + b, 5) + 0x561ccd1b) | 0;
    b ^= spread(bytes.getInt32(at + 4, true), FACTOR_2, 16, FACTOR_3);
    b = (Math.imul(rotate(b, 17) + c, 5) + 0x0bcaa747) | 0;
    c ^= spread(bytes.getInt32(at + 8, true), FACTOR_3, 17, FACTOR_4);
    c = (Math.imul(rotate(c, 15) + d, 5) + 0x96cd1c35) | 0;
    d ^= spread(bytes.getInt32(at + 12, true), FACTOR_4, 18, FACTOR_1);
    d = (Math.imul(rotate(d, 13) + a, 5) + 0x32ac3b17) | 0;
  }
  if (tail + BLOCK_BYTES <= bytes.byteLength) {
    // Lengths are hard to foretell: to read beyond the end and mask takes less time than to branch.
    const mask = BLOCK_BYTES - (end - tail);
    a ^= spread(bytes.getInt32(tail, true) & masks.getInt32(mask, true), FACTOR_1, 15, FACTOR_2);
    b ^= spread(bytes.getInt32(tail + 4, true) & masks.getInt32(mask + 4, true), FACTOR_2, 16, FACTOR_3);
    c ^= spread(bytes.getInt32(tail + 8, true) & masks.getInt32(mask + 8, true), FACTOR_3, 17, FACTOR_4);
    d ^= spread(bytes.getInt32(tail + 12, true) & masks.getInt32(mask + 12, true), FACTOR_4, 18, FACTOR_1);
  } else if (tail < end) {
    a ^= spread(wordAt(bytes, tail, end), FACTOR_1, 15, FACTOR_2);
    b ^= spread(wordAt(bytes, tail + 4, end), FACTOR_2, 16, FACTOR_3);
    c ^= spread(wordAt(bytes, tail + 8, end), FACTOR_3, 17, FACTOR_4);
    d ^= spread(wordAt(bytes, tail + 12, end), FACTOR_4, 18, FACTOR_1);
  }
  a ^= length;
  b ^= length;
  c ^= length;
  d ^= length;
  a = (a + b + c + d) | 0;
  b = finish(a + b);
  c = finish(a + c);
  d = finish(a + d);
  a = (finish(a) + b + c + d) | 0;
  out.low = a >>> 0;
  out.high = (b + a) >>> 0;
}

/**
 * A 64-bit hash of the UTF-8 of `text`, written into `out`; see {@link hashBytes}. Half of a surrogate pair counts as U+FFFD,
 * as it does for tokenizers.
 */
export function hashText(text: string, out: TextHash): void {
  // A block more lets hashBytes read the last bytes at once.
  const mostBytes = text.length * 3 + BLOCK_BYTES;
  if (mostBytes > SCRATCH_BYTES) {
    const bytes = encoder.encode(text);
    hashBytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength, out);
    return;
  }
  if (mostBytes > scratch.length) {
    scratch = new Uint8Array(Math.min(SCRATCH_BYTES, mostBytes * 2));
    scratchView = new DataView(scratch.buffer);
  }
  const { written } = encoder.encodeInto(text, scratch);
  hashBytes(scratchView, 0, written, out);
}

/** The hashes of `texts`, `[texts * 2]`, low word first, as {@link TextDataset.textHashes} hands them out. */
export function hashTexts(texts: readonly string[]): Uint32Array {
  const hashes = new Uint32Array(texts.length * 2);
  const hash: TextHash = { low: 0, high: 0 };
  for (let row = 0; row < texts.length; row += 1) {
    hashText(texts[row]!, hash);
    hashes[row * 2] = hash.low;
    hashes[row * 2 + 1] = hash.high;
  }
  return hashes;
}
