import {
  BARRIER_RANGES,
  IDEOGRAPH_RANGES,
  LOWERCASE_SEQUENCES,
  LOWERCASE_SHIFTS,
  NONSPACING_RANGES,
  ORDERED_MARKS,
  PUNCTUATION_RANGES,
  REMOVED_RANGES,
  STRIPPED_SEQUENCES,
  WHITESPACE_RANGES,
  WORD_RANGES,
} from './unicode-tables.js';

/** One more than the highest code point. */
export const CODE_POINT_COUNT = 0x110000;

/** Bits of {@link UnicodeData.flags}. */
export const REMOVED = 1;
export const WHITESPACE = 2;
export const PUNCTUATION = 4;
export const IDEOGRAPH = 8;
export const NONSPACING = 16;
export const BARRIER = 32;
export const WORD = 64;
export const ORDERED = 128;

/** What the exact path knows about code points; the meaning of each part stands in unicode-tables.ts. */
export interface UnicodeData {
  /** The bits of every code point, `[CODE_POINT_COUNT]`. */
  readonly flags: Uint8Array;
  /** The rank of the combining class of each mark that stays. */
  readonly ranks: ReadonlyMap<number, number>;
  /** What is left of a code point that decomposes, Hangul syllables aside. */
  readonly stripped: ReadonlyMap<number, readonly number[]>;
  /** Lower case, of code points that have one. */
  readonly lowercase: ReadonlyMap<number, readonly number[]>;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Reads base-64 digits of five bits each, lowest first, 32 added where more follow. */
function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let weight = 1;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) * weight;
    if (digit >= 32) {
      weight *= 32;
    } else {
      numbers.push(value);
      value = 0;
      weight = 1;
    }
  }
  return numbers;
}

function decodeSigned(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function markRanges(flags: Uint8Array, text: string, bit: number): void {
  const numbers = decodeNumbers(text);
  let at = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const start = at + numbers[index]!;
    const end = start + numbers[index + 1]!;
    for (let codePoint = start; codePoint <= end; codePoint += 1) flags[codePoint]! |= bit;
    at = end + 1;
  }
}

function decodeShifts(text: string, mapping: Map<number, readonly number[]>): void {
  const numbers = decodeNumbers(text);
  let start = 0;
  for (let index = 0; index < numbers.length; index += 3) {
    start += numbers[index]!;
    const packed = numbers[index + 1]!;
    const shift = decodeSigned(numbers[index + 2]!);
    const stride = packed % 2 === 1 ? 2 : 1;
    for (let step = 0; step < packed >> 1; step += 1) {
      mapping.set(start + step * stride, [start + step * stride + shift]);
    }
  }
}

function decodeSequences(text: string, mapping: Map<number, readonly number[]>): void {
  const numbers = decodeNumbers(text);
  let key = 0;
  let value = 0;
  let index = 0;
  while (index < numbers.length) {
    const head = numbers[index++]!;
    key += Math.floor(head / 4);
    const length = head % 4 === 3 ? numbers[index++]! : head % 4;
    const values: number[] = [];
    for (let step = 0; step < length; step += 1) {
      value += decodeSigned(numbers[index++]!);
      values.push(value);
    }
    mapping.set(key, values);
  }
}

function decodeUnicodeData(): UnicodeData {
  const flags = new Uint8Array(CODE_POINT_COUNT);
  markRanges(flags, REMOVED_RANGES, REMOVED);
  markRanges(flags, WHITESPACE_RANGES, WHITESPACE);
  markRanges(flags, PUNCTUATION_RANGES, PUNCTUATION);
  markRanges(flags, IDEOGRAPH_RANGES, IDEOGRAPH);
  markRanges(flags, NONSPACING_RANGES, NONSPACING);
  markRanges(flags, BARRIER_RANGES, BARRIER);
  markRanges(flags, WORD_RANGES, WORD);
  const marks = new Map<number, readonly number[]>();
  decodeSequences(ORDERED_MARKS, marks);
  const ranks = new Map<number, number>();
  for (const [codePoint, [rank]] of marks) {
    ranks.set(codePoint, rank!);
    flags[codePoint]! |= ORDERED;
  }
  const stripped = new Map<number, readonly number[]>();
  decodeSequences(STRIPPED_SEQUENCES, stripped);
  const lowercase = new Map<number, readonly number[]>();
  decodeShifts(LOWERCASE_SHIFTS, lowercase);
  decodeSequences(LOWERCASE_SEQUENCES, lowercase);
  return { flags, ranks, stripped, lowercase };
}

let decoded: UnicodeData | undefined;

/** The decoded tables; read-only, decoded at the first call. */
export function unicodeData(): UnicodeData {
  decoded ??= decodeUnicodeData();
  return decoded;
}

const HANGUL_START = 0xac00;
const HANGUL_COUNT = 11_172;

/** The jamo of a Hangul syllable (The Unicode Standard, section 3.12), or undefined for any other code point. */
export function decomposeHangul(codePoint: number): readonly number[] | undefined {
  const index = codePoint - HANGUL_START;
  if (index < 0 || index >= HANGUL_COUNT) return undefined;
  const leading = 0x1100 + Math.floor(index / 588);
  const vowel = 0x1161 + Math.floor((index % 588) / 28);
  return index % 28 === 0 ? [leading, vowel] : [leading, vowel, 0x11a7 + (index % 28)];
}
