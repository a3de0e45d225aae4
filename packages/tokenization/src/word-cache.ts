import type { IdBuffer } from './id-buffer.js';
import type { WordPiece } from './word-piece.js';

/** Longer words, in code units, are split anew each time: they hardly repeat. */
const MAX_CACHED_LENGTH = 64;

const INITIAL_SLOTS = 4096;
const MAX_WORDS = 131_072;

/** Fields of one slot. */
const HASH = 0;
/** Where the word's code units begin. */
const UNITS = 1;
/** The word's code units in the upper bits, the number of ids in the lowest eight; 0 marks an empty slot. */
const SIZES = 2;
/** Where the ids begin; the id itself where there is one. */
const IDS = 3;
const STRIDE = 4;

/**
 * The ids of normalized words by their code units, so that a word is split once.
 *
 * Open addressing over typed arrays: a hit allocates nothing. It holds at most 131,072 words and starts over when full.
 */
export class WordCache {
  readonly #model: WordPiece;
  #slots = new Int32Array(INITIAL_SLOTS * STRIDE);
  #mask = INITIAL_SLOTS - 1;
  #units = new Uint16Array(INITIAL_SLOTS * 4);
  #unitCount = 0;
  #ids = new Int32Array(INITIAL_SLOTS);
  #idCount = 0;
  #words = 0;

  constructor(model: WordPiece) {
    this.#model = model;
  }

  /** Appends the ids of the word `word[0 .. length)`, whose hash is `hash`, to `out`. */
  add(word: Uint16Array, length: number, hash: number, out: IdBuffer): void {
    const slots = this.#slots;
    const units = this.#units;
    const mask = this.#mask;
    let slot = slotOf(hash, mask);
    for (;;) {
      const at = slot * STRIDE;
      const sizes = slots[at + SIZES]!;
      if (sizes === 0) break;
      if (slots[at + HASH] === hash && sizes >> 8 === length) {
        const unitsAt = slots[at + UNITS]!;
        let matched = 0;
        while (matched < length && units[unitsAt + matched] === word[matched]) matched += 1;
        if (matched === length) {
          const count = sizes & 0xff;
          if (count === 1) out.push(slots[at + IDS]!);
          else this.#append(slots[at + IDS]!, count, out);
          return;
        }
      }
      slot = (slot + 1) & mask;
    }
    const from = out.length;
    this.#model.encodeUnits(word, length, out);
    if (length <= MAX_CACHED_LENGTH) this.#store(word, length, hash, out, from);
  }

  #append(first: number, count: number, out: IdBuffer): void {
    out.reserve(count);
    for (let index = first; index < first + count; index += 1) out.ids[out.length++] = this.#ids[index]!;
  }

  /** Keeps the ids of `out` from `from` on as those of the word. */
  #store(word: Uint16Array, length: number, hash: number, out: IdBuffer, from: number): void {
    const count = out.length - from;
    this.#makeRoom(length, count);
    const at = this.#emptySlot(hash);
    const slots = this.#slots;
    slots[at + HASH] = hash;
    slots[at + UNITS] = this.#unitCount;
    slots[at + SIZES] = (length << 8) | count;
    for (let index = 0; index < length; index += 1) this.#units[this.#unitCount++] = word[index]!;
    if (count === 1) {
      slots[at + IDS] = out.ids[from]!;
    } else {
      slots[at + IDS] = this.#idCount;
      for (let index = from; index < out.length; index += 1) this.#ids[this.#idCount++] = out.ids[index]!;
    }
    this.#words += 1;
  }

  #emptySlot(hash: number): number {
    let slot = slotOf(hash, this.#mask);
    while (this.#slots[slot * STRIDE + SIZES] !== 0) slot = (slot + 1) & this.#mask;
    return slot * STRIDE;
  }

  #makeRoom(unitCount: number, idCount: number): void {
    if (this.#words >= MAX_WORDS) {
      this.#slots.fill(0);
      this.#unitCount = 0;
      this.#idCount = 0;
      this.#words = 0;
    } else if (this.#words * 2 > this.#mask) {
      this.#growSlots();
    }
    if (this.#unitCount + unitCount > this.#units.length) {
      const grown = new Uint16Array(this.#units.length * 2 + unitCount);
      grown.set(this.#units);
      this.#units = grown;
    }
    if (this.#idCount + idCount > this.#ids.length) {
      const grown = new Int32Array(this.#ids.length * 2 + idCount);
      grown.set(this.#ids);
      this.#ids = grown;
    }
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array((this.#mask + 1) * STRIDE);
    for (let from = 0; from < old.length; from += STRIDE) {
      if (old[from + SIZES] === 0) continue;
      const to = this.#emptySlot(old[from + HASH]!);
      for (let field = 0; field < STRIDE; field += 1) this.#slots[to + field] = old[from + field]!;
    }
  }
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
