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
export const ORDERED = 64;

/** What the exact path knows about code points; the meaning of each part stands in unicode-tables.ts. */
export interface UnicodeData {
  /** The bits of every code point, `[CODE_POINT_COUNT]`. */
  readonly flags: Uint8Array;
  /** By bit: where its runs of code points begin, and where they end, one after the other. */
  readonly ranges: ReadonlyMap<number, Int32Array>;
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

/** Start, end (behind the last), start, end, ... of runs of code points, ascending. */
function decodeRanges(text: string): Int32Array {
  const numbers = decodeNumbers(text);
  const bounds = new Int32Array(numbers.length);
  let at = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    bounds[index] = at + numbers[index]!;
    bounds[index + 1] = bounds[index]! + numbers[index + 1]! + 1;
    at = bounds[index + 1]!;
  }
  return bounds;
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

const TEXT_OF_BIT: readonly (readonly [number, string])[] = [
  [REMOVED, REMOVED_RANGES],
  [WHITESPACE, WHITESPACE_RANGES],
  [PUNCTUATION, PUNCTUATION_RANGES],
  [IDEOGRAPH, IDEOGRAPH_RANGES],
  [NONSPACING, NONSPACING_RANGES],
  [BARRIER, BARRIER_RANGES],
];

function decodeUnicodeData(): UnicodeData {
  const flags = new Uint8Array(CODE_POINT_COUNT);
  const ranges = new Map<number, Int32Array>();
  for (const [bit, text] of TEXT_OF_BIT) {
    const bounds = decodeRanges(text);
    ranges.set(bit, bounds);
    for (let index = 0; index < bounds.length; index += 2) {
      const end = bounds[index + 1]!;
      // The first bit meets zeros only, and has the private planes.
      if (bit === REMOVED) flags.fill(bit, bounds[index]!, end);
      else for (let codePoint = bounds[index]!; codePoint < end; codePoint += 1) flags[codePoint]! |= bit;
    }
  }
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
  return { flags, ranges, ranks, stripped, lowercase };
}

let decoded: UnicodeData | undefined;

/** The decoded tables; read-only, decoded at the first call. */
export function unicodeData(): UnicodeData {
  decoded ??= decodeUnicodeData();
  return decoded;
}

let wordRanges: Int32Array | undefined;

/** Whether the rule `single_word` of an added token counts `codePoint` as part of a word. */
export function isWordCharacter(codePoint: number): boolean {
  wordRanges ??= decodeRanges(WORD_RANGES);
  let low = 0;
  let high = wordRanges.length;
  // The number of bounds at or below the code point is odd inside of a run.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (wordRanges[middle]! <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/** The first Hangul syllable. */
export const HANGUL_START = 0xac00;
/** How many Hangul syllables there are. */
export const HANGUL_COUNT = 11_172;

/** The jamo of a Hangul syllable (The Unicode Standard, section 3.12), or undefined for any other code point. */
export function decomposeHangul(codePoint: number): readonly number[] | undefined {
  const index = codePoint - HANGUL_START;
  if (index < 0 || index >= HANGUL_COUNT) return undefined;
  const leading = 0x1100 + Math.floor(index / 588);
  const vowel = 0x1161 + Math.floor((index % 588) / 28);
  return index % 28 === 0 ? [leading, vowel] : [leading, vowel, 0x11a7 + (index % 28)];
}
