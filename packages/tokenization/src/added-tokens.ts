import { codePointAt, codePointBefore, widthOf } from './code-points.js';
import { StringTrie } from './string-trie.js';
import { isWordCharacter, unicodeData, WHITESPACE } from './unicode-data.js';

/** One entry of `added_tokens` in a tokenizer.json, with the id that it has. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Matches only where no word character stands beside it. */
  readonly singleWord: boolean;
  /** Takes the whitespace before it. */
  readonly lstrip: boolean;
  /** Takes the whitespace after it. */
  readonly rstrip: boolean;
  /** Is looked for in the normalized text, as its own normalized form. */
  readonly normalized: boolean;
}

/** A part of a text: `id` is that of an added token, or -1 for plain text. */
export interface TextPart {
  readonly start: number;
  readonly end: number;
  readonly id: number;
}

/** Finds added tokens in a text: the leftmost first, of those the longest (as `AddedVocabulary::find_matches` in tokenizers). */
export class AddedTokenFinder {
  readonly #trie = new StringTrie(0);
  readonly #tokens: AddedToken[] = [];
  readonly #firstUnits = new Set<number>();
  readonly #onlyFirst: string | undefined;
  /** The index of the token that was found last. */
  #matched = -1;
  /** Whether a pattern holds U+FFFD, which a lone surrogate in a text stands for. */
  readonly seesReplacement: boolean;

  /** `patterns` holds each token with the text to look for. Of equal texts the lowest id counts. */
  constructor(patterns: Iterable<readonly [string, AddedToken]>) {
    const sorted = [...patterns].filter(([pattern]) => pattern !== '').sort((a, b) => b[1].id - a[1].id);
    for (const [pattern, token] of sorted) {
      this.#trie.add(pattern, this.#tokens.length);
      this.#tokens.push(token);
      this.#firstUnits.add(pattern.charCodeAt(0));
    }
    this.seesReplacement = sorted.some(([pattern]) => pattern.includes('\ufffd'));
    this.#onlyFirst = this.#firstUnits.size === 1 ? sorted[0]?.[0].charAt(0) : undefined;
  }

  /** Whether there is nothing to look for. */
  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  /** The parts of `text`, in order, or undefined where it holds no added token. */
  find(text: string): TextPart[] | undefined {
    let parts: TextPart[] | undefined;
    // The end of the last match with the whitespace it took. A token that is whitespace may match inside of it.
    let covered = 0;
    let at = this.#nextCandidate(text, 0);
    while (at >= 0) {
      const matchEnd = this.#longestMatch(text, at);
      if (matchEnd === at) {
        at = this.#nextCandidate(text, at + 1);
        continue;
      }
      const token = this.#tokens[this.#matched]!;
      if (!token.singleWord || isSingleWord(text, at, matchEnd)) {
        const start = token.lstrip ? Math.max(skipSpaceBefore(text, at), covered) : at;
        const end = token.rstrip ? skipSpaceAfter(text, matchEnd) : matchEnd;
        parts ??= [];
        if (covered < start) parts.push({ start: covered, end: start, id: -1 });
        // Whitespace that the match before has taken can leave nothing of a token that is itself whitespace.
        if (start < end) parts.push({ start, end, id: token.id });
        covered = end;
      }
      at = this.#nextCandidate(text, matchEnd);
    }
    if (parts !== undefined && covered < text.length) parts.push({ start: covered, end: text.length, id: -1 });
    return parts;
  }

  /** Where the longest token that begins at `start` ends; `start` where none does. Sets `#matched`. */
  #longestMatch(text: string, start: number): number {
    let end = start;
    let node = 0;
    for (let at = start; at < text.length; at += 1) {
      node = this.#trie.child(node, text.charCodeAt(at));
      if (node < 0) break;
      const index = this.#trie.values[node]!;
      if (index < 0) continue;
      this.#matched = index;
      end = at + 1;
    }
    return end;
  }

  /** The first place at or after `from` where a token could begin, or -1. */
  #nextCandidate(text: string, from: number): number {
    if (this.#onlyFirst !== undefined) return text.indexOf(this.#onlyFirst, from);
    if (this.#firstUnits.size === 0) return -1;
    for (let index = from; index < text.length; index += 1) {
      if (this.#firstUnits.has(text.charCodeAt(index))) return index;
    }
    return -1;
  }
}

function isSingleWord(text: string, start: number, end: number): boolean {
  if (start > 0 && isWordCharacter(codePointBefore(text, start))) return false;
  return end === text.length || !isWordCharacter(codePointAt(text, end));
}

function skipSpaceBefore(text: string, start: number): number {
  const { flags } = unicodeData();
  let at = start;
  while (at > 0) {
    const codePoint = codePointBefore(text, at);
    if ((flags[codePoint]! & WHITESPACE) === 0) break;
    at -= widthOf(codePoint);
  }
  return at;
}

function skipSpaceAfter(text: string, end: number): number {
  const { flags } = unicodeData();
  let at = end;
  while (at < text.length) {
    const codePoint = codePointAt(text, at);
    if ((flags[codePoint]! & WHITESPACE) === 0) break;
    at += widthOf(codePoint);
  }
  return at;
}
