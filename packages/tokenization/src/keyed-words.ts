import type { IdBuffer } from './id-buffer.js';
import type { WordPiece } from './word-piece.js';

/** The most ASCII bytes of a word that fit into a key. */
export const LONGEST_KEYED_WORD = 16;

const INITIAL_SLOTS = 4096;
const MAX_WORDS = 131_072;

// Fields of one slot, behind the four of the key.
/** The number of ids; 0 marks an empty slot. */
const COUNT = 4;
/** Where the ids begin; the id itself where there is one. */
const IDS = 5;
const STRIDE = 8;

function hashOf(a: number, b: number, c: number, d: number): number {
  const hash = Math.imul(
    a ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f),
    0x9e3779b1,
  );
  return hash ^ (hash >>> 15);
}

/** Writes the bytes of `key`, the first in the highest, to `units` at `at`, up to a zero byte; gives the place behind them. */
function writeBytes(key: number, units: Uint16Array, at: number): number {
  let end = at;
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (key >>> shift) & 0xff;
    if (byte === 0) break;
    units[end] = byte;
    end += 1;
  }
  return end;
}

/**
 * The ids of normalized ASCII words, so that a word is split once.
 *
 * The key is the word itself, four bytes in each of four numbers, so that a hit compares four numbers and reads no string.
 * It holds at most 131,072 words and starts over when full.
 */
export class KeyedWords {
  readonly #model: WordPiece;
  /** The code units of a word that is split. */
  readonly #newWord = new Uint16Array(LONGEST_KEYED_WORD);
  #slots = new Int32Array(INITIAL_SLOTS * STRIDE);
  #mask = INITIAL_SLOTS - 1;
  #ids = new Int32Array(INITIAL_SLOTS);
  #idCount = 0;
  #words = 0;

  constructor(model: WordPiece) {
    this.#model = model;
  }

  /** Appends the ids of the word with the bytes of `a` to `d` to `out`. */
  add(a: number, b: number, c: number, d: number, out: IdBuffer): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hashOf(a, b, c, d) & mask;
    for (;;) {
      const at = slot * STRIDE;
      const count = slots[at + COUNT]!;
      if (count === 0) {
        this.#addNew(a, b, c, d, out);
        return;
      }
      if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d) {
        const first = slots[at + IDS]!;
        if (count === 1) out.push(first);
        else this.#append(first, count, out);
        return;
      }
      slot = (slot + 1) & mask;
    }
  }

  #append(first: number, count: number, out: IdBuffer): void {
    out.reserve(count);
    for (let index = first; index < first + count; index += 1) out.ids[out.length++] = this.#ids[index]!;
  }

  #addNew(a: number, b: number, c: number, d: number, out: IdBuffer): void {
    const from = out.length;
    const units = this.#newWord;
    let length = writeBytes(a, units, 0);
    length = writeBytes(b, units, length);
    length = writeBytes(c, units, length);
    length = writeBytes(d, units, length);
    this.#model.encodeUnits(units, length, out);
    const count = out.length - from;
    this.#makeRoom(count);
    this.#insert(a, b, c, d, count, count === 1 ? out.ids[from]! : this.#idCount);
    if (count > 1) for (let index = from; index < out.length; index += 1) this.#ids[this.#idCount++] = out.ids[index]!;
    this.#words += 1;
  }

  #insert(a: number, b: number, c: number, d: number, count: number, ids: number): void {
    const slots = this.#slots;
    let slot = hashOf(a, b, c, d) & this.#mask;
    while (slots[slot * STRIDE + COUNT] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot * STRIDE;
    slots[at] = a;
    slots[at + 1] = b;
    slots[at + 2] = c;
    slots[at + 3] = d;
    slots[at + COUNT] = count;
    slots[at + IDS] = ids;
  }

  #makeRoom(idCount: number): void {
    if (this.#words >= MAX_WORDS) {
      this.#slots.fill(0);
      this.#idCount = 0;
      this.#words = 0;
    } else if (this.#words * 2 > this.#mask) {
      this.#growSlots();
    }
    if (this.#idCount + idCount <= this.#ids.length) return;
    const grown = new Int32Array(this.#ids.length * 2 + idCount);
    grown.set(this.#ids);
    this.#ids = grown;
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array((this.#mask + 1) * STRIDE);
    for (let at = 0; at < old.length; at += STRIDE) {
      const count = old[at + COUNT]!;
      if (count > 0) this.#insert(old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!, count, old[at + IDS]!);
    }
  }
}
