import type { BertNormalizerSettings } from './bert-text.js';
import type { IdBuffer } from './id-buffer.js';
import { KeyedWords, LONGEST_KEYED_WORD } from './keyed-words.js';
import type { WordPiece } from './word-piece.js';

// What an ASCII byte is. Up to 127: part of a word, as the byte that it becomes there.
/** Between words. */
export const SPACE = 0x80;
/** It vanishes or becomes several code points: the general path knows what to do. */
export const OTHER = 0xff;
/** Added to a byte that is a word of its own; 0 and 127 never are. */
export const ALONE = 0x80;

/** In four bytes of a text: those that are no part of a word. */
const HIGH_BITS = 0x80808080 | 0;

/** Texts of fewer code units are read one by one; to call an encoder for them takes longer. */
const SHORT_TEXT = 128;

const encoder = new TextEncoder();

function isLetterOrDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/**
 * What every byte is by BERT's rules, said again for ASCII alone, so that English needs no Unicode tables. Control
 * characters other than tab and line ends are left to the general path.
 */
export function classifyBytes({ lowercase }: BertNormalizerSettings): Uint8Array {
  const table = new Uint8Array(256).fill(OTHER);
  for (const space of [' ', '\t', '\n', '\r']) table[space.charCodeAt(0)] = SPACE;
  for (let byte = 0x21; byte < 0x7f; byte += 1) table[byte] = isLetterOrDigit(byte) ? byte : ALONE + byte;
  if (lowercase) for (let byte = 0x41; byte <= 0x5a; byte += 1) table[byte] = byte + 0x20;
  return table;
}

/** Splits ASCII texts and looks their words up, four bytes at a time and without strings: most texts are of this kind. */
export class AsciiWords {
  readonly #table: Uint8Array;
  readonly #words: KeyedWords;
  readonly #model: WordPiece;
  /** What the bytes of the text are, and at least `LONGEST_KEYED_WORD` bytes of `SPACE`. */
  #codes = new Uint8Array(0);
  #view = new DataView(this.#codes.buffer);

  constructor(settings: BertNormalizerSettings, model: WordPiece) {
    this.#table = classifyBytes(settings);
    this.#words = new KeyedWords(model);
    this.#model = model;
  }

  /**
   * Appends the ids of `text` to `out`, until `out` holds `limit` of them. False, with `out` as it was, where the text is
   * not ASCII or has a byte that only the general path knows how to treat.
   */
  tokenize(text: string, out: IdBuffer, limit: number): boolean {
    const { length } = text;
    if (text.charCodeAt(0) > 127 || text.charCodeAt(length >> 1) > 127) return false;
    if (!this.#readCodes(text)) return false;
    const begin = out.length;
    const done = this.#addWords(length, out, limit);
    if (!done) out.length = begin;
    else if (out.length > limit) out.length = limit;
    return done;
  }

  /**
   * Appends the ids of the normalized word `units[0 .. length)`, all ASCII, to `out`. False where it has no key: it is too
   * long.
   */
  addWord(units: Uint16Array, length: number, out: IdBuffer): boolean {
    if (length > LONGEST_KEYED_WORD) return false;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let index = 0; index < length; index += 1) {
      const byte = units[index]! << (24 - ((index & 3) << 3));
      if (index < 4) a |= byte;
      else if (index < 8) b |= byte;
      else if (index < 12) c |= byte;
      else d |= byte;
    }
    this.#words.add(a, b, c, d, out);
    return true;
  }

  #readCodes(text: string): boolean {
    const { length } = text;
    if (length + LONGEST_KEYED_WORD > this.#codes.length) {
      this.#codes = new Uint8Array(4096 + length * 2);
      this.#view = new DataView(this.#codes.buffer);
    }
    const codes = this.#codes;
    const table = this.#table;
    if (length < SHORT_TEXT) {
      for (let at = 0; at < length; at += 1) {
        const unit = text.charCodeAt(at);
        if (unit > 127) return false;
        codes[at] = table[unit]!;
      }
    } else {
      const { read, written } = encoder.encodeInto(text, codes);
      if (read !== length || written !== length) return false;
      for (let at = 0; at < length; at += 1) codes[at] = table[codes[at]!]!;
    }
    codes.fill(SPACE, length, length + LONGEST_KEYED_WORD);
    return true;
  }

  #addWords(length: number, out: IdBuffer, limit: number): boolean {
    const codes = this.#codes;
    let at = 0;
    while (at < length) {
      const code = codes[at]!;
      if (code === SPACE) {
        at += 1;
      } else if (code < SPACE) {
        at = this.#addWordAt(at, out);
        // What follows a word is mostly one space.
        if (codes[at] === SPACE) at += 1;
      } else if (code < OTHER) {
        this.#words.add((code - ALONE) << 24, 0, 0, 0, out);
        at += 1;
      } else {
        return false;
      }
      if (out.length >= limit) return true;
    }
    return true;
  }

  /** Appends the ids of the word that begins at `start`; gives the place behind it. */
  #addWordAt(start: number, out: IdBuffer): number {
    const view = this.#view;
    let a = view.getInt32(start);
    let b = 0;
    let c = 0;
    let d = 0;
    let at = start;
    let ends = a & HIGH_BITS;
    if (ends !== 0) {
      a = firstBytes(a, ends);
    } else {
      at += 4;
      b = view.getInt32(at);
      ends = b & HIGH_BITS;
      if (ends !== 0) {
        b = firstBytes(b, ends);
      } else {
        at += 4;
        c = view.getInt32(at);
        ends = c & HIGH_BITS;
        if (ends !== 0) {
          c = firstBytes(c, ends);
        } else {
          at += 4;
          d = view.getInt32(at);
          ends = d & HIGH_BITS;
          if (ends === 0) return this.#addLongWord(start, out);
          d = firstBytes(d, ends);
        }
      }
    }
    this.#words.add(a, b, c, d, out);
    return at + (Math.clz32(ends) >>> 3);
  }

  /** A word that has no key. */
  #addLongWord(start: number, out: IdBuffer): number {
    let word = '';
    let at = start;
    for (; this.#codes[at]! < SPACE; at += 1) word += String.fromCharCode(this.#codes[at]!);
    this.#model.encode(word, out);
    return at;
  }
}

/** The bytes of `four` before the first that is marked in `ends`, from the highest on; the others are zero. */
function firstBytes(four: number, ends: number): number {
  return four & ~(0xffffffff >>> (Math.clz32(ends) & 24));
}
