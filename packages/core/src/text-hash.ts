/** Two 32-bit words of a 64-bit text hash. */
export interface TextHash {
  low: number;
  high: number;
}

function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A 64-bit hash of the UTF-16 code units of `text`, written into `out`.
 *
 * Two 32-bit multiply-xor lanes with cross-feeding, finished as in MurmurHash3. Not for keeping secrets.
 */
export function hashText(text: string, out: TextHash): void {
  let low = 0x9e3779b9 ^ text.length;
  let high = 0x7f4a7c15 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x5bd1e995);
    low ^= high >>> 13;
  }
  out.low = mix(low ^ high);
  out.high = mix(Math.imul(high, 0x9e3779b1) ^ (low >>> 16) ^ low);
}

/** The hashes of `texts`, `[texts * 2]`, low word first, as {@link TextDataset.textHashes} hands them out. */
export function hashTexts(texts: readonly string[]): Uint32Array {
  const hashes = new Uint32Array(texts.length * 2);
  const hash: TextHash = { low: 0, high: 0 };
  for (const [row, text] of texts.entries()) {
    hashText(text, hash);
    hashes[row * 2] = hash.low;
    hashes[row * 2 + 1] = hash.high;
  }
  return hashes;
}
