import type { AsciiWords } from './ascii-words.js';
import { type BertText, CLASS_ALONE, CLASS_IRREGULAR, CLASS_MAPPED, CLASS_SPACE, LONGEST_PART } from './bert-text.js';
import { codePointAt, widthOf } from './code-points.js';
import type { IdBuffer } from './id-buffer.js';
import { HASH_SEED, hashUnit, WordCache } from './word-cache.js';
import type { WordPiece } from './word-piece.js';

/** Splits texts of all scripts and looks their words up: normalizes each into one buffer, in one pass and without strings. */
export class UnicodeWords {
  readonly #text: BertText;
  readonly #asciiWords: AsciiWords;
  readonly #cache: WordCache;
  /**
   * By code unit, `[65,536]`: the code unit that it becomes as part of a word. 0 where it is no part of one, where it becomes none
   * or several, and where it has not come yet.
   */
  readonly #knownUnits = new Uint16Array(0x10000);
  /** The normalized word. */
  #units = new Uint16Array(256);

  constructor(text: BertText, model: WordPiece, asciiWords: AsciiWords) {
    this.#text = text;
    this.#asciiWords = asciiWords;
    this.#cache = new WordCache(model);
  }

  /**
   * Appends the ids of `text` to `out`, until `out` holds `limit` of them. False, with `out` as it was, at a code point that
   * only the general path knows how to treat.
   */
  tokenize(text: string, out: IdBuffer, limit: number): boolean {
    const { classes } = this.#text;
    const knownUnits = this.#knownUnits;
    const begin = out.length;
    const end = text.length;
    let at = 0;
    while (at < end) {
      let units = this.#roomFor(0, end - at);
      let length = 0;
      let hash = HASH_SEED;
      let bits = 0;
      let unitClass = CLASS_SPACE;
      while (at < end) {
        const unit = knownUnits[text.charCodeAt(at)]!;
        if (unit !== 0) {
          units[length] = unit;
          length += 1;
          hash = hashUnit(hash, unit);
          bits |= unit;
          at += 1;
          continue;
        }
        const codePoint = codePointAt(text, at);
        unitClass = classes[codePoint]!;
        if (unitClass > CLASS_MAPPED) break;
        units = this.#roomFor(length, end - at);
        const partEnd = this.#text.writePart(codePoint, units, length);
        if (partEnd === length + 1 && codePoint < knownUnits.length) knownUnits[codePoint] = units[length]!;
        for (; length < partEnd; length += 1) {
          hash = hashUnit(hash, units[length]!);
          bits |= units[length]!;
        }
        at += widthOf(codePoint);
      }
      if (at < end && unitClass === CLASS_IRREGULAR) {
        out.length = begin;
        return false;
      }
      if (length > 0) this.#addWord(length, hash, bits, out);
      if (at < end) {
        if (unitClass === CLASS_ALONE && out.length < limit) at = this.#addAlone(text, at, out);
        else if (unitClass === CLASS_SPACE) at += 1;
      }
      if (out.length >= limit) {
        out.length = limit;
        return true;
      }
    }
    return true;
  }

  /** Room behind `length` units for those of `rest` code units of a text, and for one that becomes several. */
  #roomFor(length: number, rest: number): Uint16Array {
    const needed = length + rest + LONGEST_PART;
    if (needed > this.#units.length) {
      const grown = new Uint16Array(needed * 2);
      grown.set(this.#units.subarray(0, length));
      this.#units = grown;
    }
    return this.#units;
  }

  /** Appends the ids of the code point at `at`, a word of its own; gives the index behind it. */
  #addAlone(text: string, at: number, out: IdBuffer): number {
    const codePoint = codePointAt(text, at);
    const length = this.#text.writePart(codePoint, this.#units, 0);
    let hash = HASH_SEED;
    for (let index = 0; index < length; index += 1) hash = hashUnit(hash, this.#units[index]!);
    this.#addWord(length, hash, this.#units[0]!, out);
    return at + widthOf(codePoint);
  }

  /** Appends the ids of the first `length` of `#units`; `bits` are all that one of them has. */
  #addWord(length: number, hash: number, bits: number, out: IdBuffer): void {
    if (bits < 128 && this.#asciiWords.addWord(this.#units, length, out)) return;
    this.#cache.add(this.#units, length, hash, out);
  }
}
