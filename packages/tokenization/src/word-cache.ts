import type { IdBuffer } from './id-buffer.js';

/** Longer words, in code units, are split anew each time: they hardly repeat. */
export const MAX_CACHED_LENGTH = 64;

const INITIAL_SLOTS = 4096;
const MAX_WORDS = 131_072;

/** Fields of one slot. */
const HASH = 0;
/** Where the word's code units begin. */
const UNITS = 1;
/** The word's code units; 0 marks an empty slot. */
const LENGTH = 2;
/** The number of ids. */
const COUNT = 3;
/** Where the ids begin; the id itself where there is one. */
const IDS = 4;
const STRIDE = 5;

/**
 * The ids of raw words by their code units, so that a word is split once.
 *
 * Open addressing over typed arrays: a hit allocates nothing. It holds at most 131,072 words and starts over when full.
 */
export class WordCache {
  #slots = new Int32Array(INITIAL_SLOTS * STRIDE);
  #mask = INITIAL_SLOTS - 1;
  #units = new Uint16Array(INITIAL_SLOTS * 4);
  #unitCount = 0;
  #ids = new Int32Array(INITIAL_SLOTS);
  #idCount = 0;
  #words = 0;

  /** Appends the ids of `text[start .. end)`, whose hash is `hash`, to `out`; false where the word is not here. */
  lookup(text: string, start: number, end: number, hash: number, out: IdBuffer): boolean {
    const slots = this.#slots;
    const units = this.#units;
    const length = end - start;
    let slot = scramble(hash) & this.#mask;
    for (;;) {
      const at = slot * STRIDE;
      const slotLength = slots[at + LENGTH]!;
      if (slotLength === 0) return false;
      if (slotLength === length && slots[at + HASH] === hash) {
        const unitsAt = slots[at + UNITS]!;
        let matched = 0;
        while (matched < length && units[unitsAt + matched] === text.charCodeAt(start + matched)) matched += 1;
        if (matched === length) {
          this.#emit(at, out);
          return true;
        }
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Keeps `ids[from .. to)` as the ids of `text[start .. end)`, at most {@link MAX_CACHED_LENGTH} code units. */
  store(text: string, start: number, end: number, hash: number, ids: Int32Array, from: number, to: number): void {
    this.#makeRoom(end - start, to - from);
    const slots = this.#slots;
    let slot = scramble(hash) & this.#mask;
    while (slots[slot * STRIDE + LENGTH] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot * STRIDE;
    slots[at + HASH] = hash;
    slots[at + UNITS] = this.#unitCount;
    slots[at + LENGTH] = end - start;
    slots[at + COUNT] = to - from;
    for (let index = start; index < end; index += 1) this.#units[this.#unitCount++] = text.charCodeAt(index);
    if (to - from === 1) {
      slots[at + IDS] = ids[from]!;
    } else {
      slots[at + IDS] = this.#idCount;
      for (let index = from; index < to; index += 1) this.#ids[this.#idCount++] = ids[index]!;
    }
    this.#words += 1;
  }

  #emit(at: number, out: IdBuffer): void {
    const count = this.#slots[at + COUNT]!;
    const first = this.#slots[at + IDS]!;
    if (count === 1) {
      out.push(first);
      return;
    }
    out.reserve(count);
    for (let index = first; index < first + count; index += 1) out.ids[out.length++] = this.#ids[index]!;
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
    for (let at = 0; at < old.length; at += STRIDE) {
      if (old[at + LENGTH] === 0) continue;
      let slot = scramble(old[at + HASH]!) & this.#mask;
      while (this.#slots[slot * STRIDE + LENGTH] !== 0) slot = (slot + 1) & this.#mask;
      for (let field = 0; field < STRIDE; field += 1) this.#slots[slot * STRIDE + field] = old[at + field]!;
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
function scramble(hash: number): number {
  return hash ^ (hash >>> 15);
}
