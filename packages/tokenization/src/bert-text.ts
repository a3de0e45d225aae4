import { codePointAt, widthOf } from './code-points.js';
import {
  BARRIER,
  CODE_POINT_COUNT,
  decomposeHangul,
  HANGUL_COUNT,
  HANGUL_START,
  IDEOGRAPH,
  NONSPACING,
  ORDERED,
  PUNCTUATION,
  REMOVED,
  type UnicodeData,
  unicodeData,
  WHITESPACE,
} from './unicode-data.js';

/** The settings of Hugging Face's BertNormalizer; `stripAccents` is resolved: it follows `lowercase` where the file says null. */
export interface BertNormalizerSettings {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** The settings that leave every text as it is. */
export const NO_NORMALIZER: BertNormalizerSettings = {
  cleanText: false,
  handleChineseChars: false,
  stripAccents: false,
  lowercase: false,
};

/*
 * What becomes of a code point when a text is normalized and split, in one byte. Up to `CLASS_MAPPED` it is part of a word.
 */
/** Part of a word, as it is. */
export const CLASS_PLAIN = 0;
/** Part of a word and gone from it. */
export const CLASS_VANISHES = 1;
/** Part of a word, as other code points. */
export const CLASS_MAPPED = 2;
/** Between words. */
export const CLASS_SPACE = 3;
/** A word of its own. */
export const CLASS_ALONE = 4;
/** Its place depends on its neighbours, or it becomes several words: the text takes the general path. */
export const CLASS_IRREGULAR = 5;
/** Half of a pair, or a lone surrogate: look up the code point. */
const CLASS_SURROGATE = 6;

/** The most code units that one code point becomes as part of a word. */
export const LONGEST_PART = 16;

/** BERT's text rules under given settings, exactly as Hugging Face's Rust has them, for every string. */
export class BertText {
  readonly settings: BertNormalizerSettings;
  /** The class of every code point, made when first asked for. */
  #classes: Uint8Array | undefined;
  /** What the code points of class `CLASS_MAPPED` and `CLASS_ALONE` become, where it is not themselves. */
  readonly #mapped = new Map<number, string>();

  constructor(settings: BertNormalizerSettings) {
    this.settings = settings;
  }

  /** Decoded when a text first needs them: ASCII does not. */
  get #data(): UnicodeData {
    return unicodeData();
  }

  /** The class of every code point, one of the `CLASS_*` values. */
  get classes(): Uint8Array {
    this.#classes ??= this.#classify();
    return this.#classes;
  }

  /**
   * Writes what `codePoint`, of class `CLASS_ALONE` or below, becomes to `units` from `at` on, at most {@link LONGEST_PART} code
   * units; gives the place behind.
   */
  writePart(codePoint: number, units: Uint16Array, at: number): number {
    const codePointClass = this.classes[codePoint]!;
    if (codePointClass === CLASS_VANISHES) return at;
    let end = at;
    // Jamo have no lower case: a syllable that is mapped becomes its jamo and nothing else.
    const jamo = codePointClass === CLASS_MAPPED ? decomposeHangul(codePoint) : undefined;
    if (jamo !== undefined) {
      for (const one of jamo) units[end++] = one;
      return end;
    }
    const part = codePointClass === CLASS_PLAIN ? undefined : this.#mapped.get(codePoint);
    if (part !== undefined) {
      for (let index = 0; index < part.length; index += 1) units[end++] = part.charCodeAt(index);
      return end;
    }
    if (codePoint > 0xffff) {
      units[end++] = 0xd7c0 + (codePoint >> 10);
      units[end++] = 0xdc00 | (codePoint & 0x3ff);
      return end;
    }
    units[end++] = codePoint;
    return end;
  }

  /** The normalized form of any text. */
  normalize(text: string): string {
    const { cleanText, handleChineseChars, stripAccents } = this.settings;
    const { flags } = this.#data;
    const output = new NormalizedOutput(this.#data, this.settings.lowercase);
    for (let index = 0; index < text.length; ) {
      const codePoint = codePointAt(text, index);
      index += widthOf(codePoint);
      const flag = flags[codePoint]!;
      if (cleanText && (flag & REMOVED) !== 0) continue;
      if (cleanText && (flag & WHITESPACE) !== 0) {
        output.push(0x20);
        continue;
      }
      const spaced = handleChineseChars && (flag & IDEOGRAPH) !== 0;
      if (spaced) output.push(0x20);
      if (stripAccents) this.#pushStripped(codePoint, flag, output);
      else output.push(codePoint);
      if (spaced) output.push(0x20);
    }
    return output.finish();
  }

  #pushStripped(codePoint: number, flag: number, output: NormalizedOutput): void {
    if ((flag & BARRIER) !== 0) output.flushMarks();
    if ((flag & NONSPACING) !== 0) return;
    const parts = this.#data.stripped.get(codePoint) ?? decomposeHangul(codePoint);
    if (parts === undefined) {
      output.pushOrdered(codePoint);
      return;
    }
    for (const part of parts) output.pushOrdered(part);
  }

  /** Calls `onWord` with the words of a normalized text, until it returns false. */
  splitWords(normalized: string, onWord: (word: string) => boolean): void {
    const { flags } = this.#data;
    let start = 0;
    let index = 0;
    while (index < normalized.length) {
      const codePoint = codePointAt(normalized, index);
      const width = widthOf(codePoint);
      const flag = flags[codePoint]!;
      if ((flag & (WHITESPACE | PUNCTUATION)) !== 0) {
        if (index > start && !onWord(normalized.slice(start, index))) return;
        if ((flag & WHITESPACE) === 0 && !onWord(normalized.slice(index, index + width))) return;
        start = index + width;
      }
      index += width;
    }
    if (index > start) onWord(normalized.slice(start, index));
  }

  #classify(): Uint8Array {
    const { ranges, ranks, stripped, lowercase } = this.#data;
    const { cleanText, handleChineseChars, stripAccents } = this.settings;
    const classes = new Uint8Array(CODE_POINT_COUNT);
    const assign = (bit: number, value: number): void => {
      const bounds = ranges.get(bit)!;
      for (let index = 0; index < bounds.length; index += 2) classes.fill(value, bounds[index], bounds[index + 1]);
    };
    // What comes first in the order of normalizing is written last.
    if (handleChineseChars) assign(IDEOGRAPH, CLASS_ALONE);
    assign(PUNCTUATION, CLASS_ALONE);
    assign(WHITESPACE, CLASS_SPACE);
    if (stripAccents) {
      for (const mark of ranks.keys()) classes[mark] = CLASS_IRREGULAR;
      assign(NONSPACING, CLASS_VANISHES);
      classes.fill(CLASS_MAPPED, HANGUL_START, HANGUL_START + HANGUL_COUNT);
    }
    const changing = this.settings.lowercase ? [...lowercase.keys()] : [];
    if (stripAccents) changing.push(...stripped.keys());
    for (const codePoint of changing) classes[codePoint] = this.#classifyChanging(codePoint);
    if (cleanText) {
      assign(WHITESPACE, CLASS_SPACE);
      assign(REMOVED, CLASS_VANISHES);
    }
    classes.fill(CLASS_SURROGATE, 0xd800, 0xe000);
    return classes;
  }

  /** The class of a code point that decomposes or has a lower case; notes what it becomes. */
  #classifyChanging(codePoint: number): number {
    const { flags } = this.#data;
    const ideograph = this.settings.handleChineseChars && (flags[codePoint]! & IDEOGRAPH) !== 0;
    const kept = this.settings.stripAccents ? this.#data.stripped.get(codePoint) : undefined;
    let result = '';
    let length = 0;
    let allFlags = 0;
    for (const part of kept ?? [codePoint]) {
      if (this.settings.stripAccents) allFlags |= flags[part]! & ORDERED;
      for (const lower of this.#lowerOf(part)) {
        result += String.fromCodePoint(lower);
        length += 1;
        allFlags |= flags[lower]! & (WHITESPACE | PUNCTUATION);
      }
    }
    if (length === 0) return ideograph ? CLASS_IRREGULAR : CLASS_VANISHES;
    if ((allFlags & ORDERED) !== 0 || (allFlags !== 0 && length > 1)) return CLASS_IRREGULAR;
    this.#mapped.set(codePoint, result);
    if ((allFlags & WHITESPACE) !== 0) return CLASS_SPACE;
    return ideograph || allFlags !== 0 ? CLASS_ALONE : CLASS_MAPPED;
  }

  #lowerOf(codePoint: number): readonly number[] {
    const lower = this.settings.lowercase ? this.#data.lowercase.get(codePoint) : undefined;
    return lower ?? [codePoint];
  }
}

/** Collects normalized code points; orders the marks between two others by combining class. */
class NormalizedOutput {
  readonly #data: UnicodeData;
  readonly #lowercase: boolean;
  #text = '';
  #marks: number[] = [];

  constructor(data: UnicodeData, lowercase: boolean) {
    this.#data = data;
    this.#lowercase = lowercase;
  }

  /** A code point that marks are not ordered across. */
  push(codePoint: number): void {
    if (this.#marks.length > 0) this.flushMarks();
    this.#write(codePoint);
  }

  /** A decomposed code point: held back while it is a mark. */
  pushOrdered(codePoint: number): void {
    if ((this.#data.flags[codePoint]! & ORDERED) !== 0) this.#marks.push(codePoint);
    else this.push(codePoint);
  }

  flushMarks(): void {
    if (this.#marks.length === 0) return;
    const { ranks } = this.#data;
    // The sort is stable: marks of one class keep their order.
    this.#marks.sort((left, right) => ranks.get(left)! - ranks.get(right)!);
    for (const mark of this.#marks) this.#write(mark);
    this.#marks = [];
  }

  finish(): string {
    this.flushMarks();
    return this.#text;
  }

  #write(codePoint: number): void {
    const lower = this.#lowercase ? this.#data.lowercase.get(codePoint) : undefined;
    this.#text += lower === undefined ? String.fromCodePoint(codePoint) : String.fromCodePoint(...lower);
  }
}
