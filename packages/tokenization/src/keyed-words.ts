import type { IdBuffer } from './id-buffer.js';
import type { WordPiece } from './word-piece.js';

/** The most ASCII bytes of a word that fit into a key. */
export const LONGEST_KEYED_WORD = 16;

const INITIAL_WORDS = 2048;
const MAX_WORDS = 131_072;

// Fields of one word, behind the four of the key.
/** The number of ids. */
const COUNT = 4;
/** Where the ids begin; the id itself where there is one. */
const IDS = 5;
const STRIDE = 6;

/** In a slot, the bits of the number of a word plus 1; those above are of its hash. */
const NUMBER_BITS = 0x3ffff;

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
  /** By hash: 0, or the number of a word and more of its hash. */
  #slots = new Int32Array(INITIAL_WORDS * 2);
  #mask = INITIAL_WORDS * 2 - 1;
  /** In the order in which they came, so that frequent words lie together: `[words, STRIDE]`. */
  #words = new Int32Array(INITIAL_WORDS * STRIDE);
  #wordCount = 0;
  #ids = new Int32Array(INITIAL_WORDS * 2);
  #idCount = 0;

  constructor(model: WordPiece) {
    this.#model = model;
  }

  /** Appends the ids of the word with the bytes of `a` to `d` to `out`. */
  add(a: number, b: number, c: number, d: number, out: IdBuffer): void {
    const slots = this.#slots;
    const words = this.#words;
    const mask = this.#mask;
    const hash = hashOf(a, b, c, d);
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0) {
        this.#addNew(a, b, c, d, hash, out);
        return;
      }
      if (((entry ^ hash) & ~NUMBER_BITS) === 0) {
        const at = ((entry & NUMBER_BITS) - 1) * STRIDE;
        if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
          const first = words[at + IDS]!;
          const count = words[at + COUNT]!;
          if (count === 1) out.push(first);
          else this.#append(first, count, out);
          return;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  #append(first: number, count: number, out: IdBuffer): void {
    out.reserve(count);
    for (let index = first; index < first + count; index += 1) out.ids[out.length++] = this.#ids[index]!;
  }

  #addNew(a: number, b: number, c: number, d: number, hash: number, out: IdBuffer): void {
    const from = out.length;
    const units = this.#newWord;
    let length = writeBytes(a, units, 0);
    length = writeBytes(b, units, length);
    length = writeBytes(c, units, length);
    length = writeBytes(d, units, length);
    this.#model.encodeUnits(units, length, out);
    const count = out.length - from;
    this.#makeRoom(count);
    const words = this.#words;
    const at = this.#wordCount * STRIDE;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    words[at + COUNT] = count;
    words[at + IDS] = count === 1 ? out.ids[from]! : this.#idCount;
    if (count > 1) for (let index = from; index < out.length; index += 1) this.#ids[this.#idCount++] = out.ids[index]!;
    this.#wordCount += 1;
    this.#insert(hash, this.#wordCount);
  }

  #insert(hash: number, number: number): void {
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = (hash & ~NUMBER_BITS) | number;
  }

  #makeRoom(idCount: number): void {
    if (this.#wordCount >= MAX_WORDS) {
      this.#slots.fill(0);
      this.#idCount = 0;
      this.#wordCount = 0;
    } else if (this.#wordCount * STRIDE === this.#words.length) {
      this.#grow();
    }
    if (this.#idCount + idCount <= this.#ids.length) return;
    const grown = new Int32Array(this.#ids.length * 2 + idCount);
    grown.set(this.#ids);
    this.#ids = grown;
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(this.#mask + 1);
    for (let number = 1, at = 0; number <= this.#wordCount; number += 1, at += STRIDE) {
      this.#insert(hashOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!), number);
    }
  }
}
