import type { IdBuffer } from './id-buffer.js';
import type { WordPiece } from './word-piece.js';

/** Longer words, in code units, are split anew each time: they hardly repeat. */
const MAX_CACHED_LENGTH = 64;

const INITIAL_SLOTS = 4096;
const MAX_WORDS = 131_072;

// A word in the memory of words: three numbers, and behind them its code units, two in a number.
const HASH = 0;
/** The word's code units in the upper bits, the number of ids in the lowest eight. */
const SIZES = 1;
/** Where the ids begin; the id itself where there is one. */
const IDS = 2;
const UNITS = 3;

/** In a slot, the bits of the place of a word plus 1, of which 131,072 words take no more; those above are of its hash. */
const PLACE_BITS = 0x7fffff;

/**
 * The ids of normalized words by their code units, so that a word is split once.
 *
 * Open addressing over typed arrays: a hit allocates nothing. The words lie in the order in which they came, so that frequent
 * ones are together. It holds at most 131,072 words and starts over when full.
 */
export class WordCache {
  readonly #model: WordPiece;
  /** By hash: 0, or the place of a word and more of its hash. */
  #slots = new Int32Array(INITIAL_SLOTS);
  #mask = INITIAL_SLOTS - 1;
  #wordCount = 0;
  #words = new Int32Array(INITIAL_SLOTS * 4);
  /** The same memory. */
  #wordUnits = new Uint16Array(this.#words.buffer);
  #wordsEnd = 0;
  #ids = new Int32Array(INITIAL_SLOTS);
  #idCount = 0;

  constructor(model: WordPiece) {
    this.#model = model;
  }

  /** Appends the ids of the word `units[0 .. length)`, whose hash is `hash`, to `out`. */
  add(units: Uint16Array, length: number, hash: number, out: IdBuffer): void {
    const slots = this.#slots;
    const words = this.#words;
    const mask = this.#mask;
    let slot = slotOf(hash, mask);
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0) break;
      const at = (entry & PLACE_BITS) - 1;
      if (((entry ^ hash) & ~PLACE_BITS) === 0 && words[at + HASH] === hash) {
        const sizes = words[at + SIZES]!;
        if (sizes >> 8 === length && this.#matches(at, units, length)) {
          const count = sizes & 0xff;
          if (count === 1) out.push(words[at + IDS]!);
          else this.#append(words[at + IDS]!, count, out);
          return;
        }
      }
      slot = (slot + 1) & mask;
    }
    const from = out.length;
    this.#model.encodeUnits(units, length, out);
    if (length <= MAX_CACHED_LENGTH) this.#store(units, length, hash, out, from);
  }

  #matches(at: number, units: Uint16Array, length: number): boolean {
    const wordUnits = this.#wordUnits;
    const first = (at + UNITS) * 2;
    let matched = 0;
    while (matched < length && wordUnits[first + matched] === units[matched]) matched += 1;
    return matched === length;
  }

  #append(first: number, count: number, out: IdBuffer): void {
    out.reserve(count);
    for (let index = first; index < first + count; index += 1) out.ids[out.length++] = this.#ids[index]!;
  }

  /** Keeps the ids of `out` from `from` on as those of the word. */
  #store(units: Uint16Array, length: number, hash: number, out: IdBuffer, from: number): void {
    const count = out.length - from;
    this.#makeRoom(sizeOf(length), count);
    const at = this.#wordsEnd;
    const words = this.#words;
    words[at + HASH] = hash;
    words[at + SIZES] = (length << 8) | count;
    words[at + IDS] = count === 1 ? out.ids[from]! : this.#idCount;
    const first = (at + UNITS) * 2;
    for (let index = 0; index < length; index += 1) this.#wordUnits[first + index] = units[index]!;
    if (count > 1) for (let index = from; index < out.length; index += 1) this.#ids[this.#idCount++] = out.ids[index]!;
    this.#wordsEnd = at + sizeOf(length);
    this.#wordCount += 1;
    this.#insert(hash, at + 1);
  }

  #insert(hash: number, place: number): void {
    let slot = slotOf(hash, this.#mask);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = (hash & ~PLACE_BITS) | place;
  }

  #makeRoom(size: number, idCount: number): void {
    if (this.#wordCount >= MAX_WORDS) {
      this.#slots.fill(0);
      this.#wordsEnd = 0;
      this.#idCount = 0;
      this.#wordCount = 0;
    } else if (this.#wordCount * 2 > this.#mask) {
      this.#growSlots();
    }
    if (this.#wordsEnd + size > this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2 + size);
      grown.set(this.#words);
      this.#words = grown;
      this.#wordUnits = new Uint16Array(grown.buffer);
    }
    if (this.#idCount + idCount > this.#ids.length) {
      const grown = new Int32Array(this.#ids.length * 2 + idCount);
      grown.set(this.#ids);
      this.#ids = grown;
    }
  }

  #growSlots(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(this.#mask + 1);
    const words = this.#words;
    for (let at = 0; at < this.#wordsEnd; at += sizeOf(words[at + SIZES]! >> 8))
      this.#insert(words[at + HASH]!, at + 1);
  }
}

/** The numbers that a word of `length` code units takes. */
function sizeOf(length: number): number {
  return UNITS + ((length + 1) >> 1);
}

/** Where the hash of a word begins. */
export const HASH_SEED: number = 0x811c9dc5 | 0;

/** The hash of a word and one more code unit (FNV-1a over code units). */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** FNV's low bits see little of the high ones. */
function slotOf(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
