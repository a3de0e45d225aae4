import { EmbedbagError, hashText, type TextHash } from '@embedbag/core';

/** Pairs of texts, row by row. */
export interface TextPairs {
  /** What is asked, such as `fs promises read file`. */
  readonly anchors: string[];
  /** The prose that answers it. */
  readonly positives: string[];
  /** What the prose describes, as it is written in code or in a table of contents: `fs/promises.readFile`, `Guide > Install`. */
  readonly titles: string[];
}

/** Pairs to train on and pairs to measure with; no symbol or heading is in both. */
export interface SplitPairs {
  readonly train: TextPairs;
  readonly heldOut: TextPairs;
}

/** What `pairsFromTypeScript` and `pairsFromMarkdown` both take. */
export interface PairOptions {
  /**
   * How an anchor is written: `words` is the path as lower-case words (`fs promises read file`), close to what a person
   * types and easy on a tokenizer; `path` is the title itself. Default `words`.
   */
  readonly anchor?: 'words' | 'path';
  /** Share of the names that is held out, 0 up to 1. Default 0.1. */
  readonly heldOutShare?: number;
  /** Which names are held out is a function of the name and this seed. Default 0. */
  readonly seed?: number;
  /** Drop prose of fewer words. Default 3. */
  readonly minWords?: number;
  /** Keep the first sentences of longer prose, up to about this many characters. Default 1,000. */
  readonly maxCharacters?: number;
  /** Search folders named `node_modules` inside the given ones, too. Default false. */
  readonly includeNodeModules?: boolean;
  readonly signal?: AbortSignal;
}

/** One documented thing. */
export interface PairCandidate {
  /** The names around it and its own, such as `['fs/promises', 'readFile']`. */
  readonly path: readonly string[];
  /** The path as it is shown. */
  readonly title: string;
  /** Cleaned text without line ends. */
  readonly prose: string;
}

/** Gathers pairs without repeated anchors or prose and splits them by the last name of their path. */
export class PairCollector {
  private readonly options: Required<Omit<PairOptions, 'includeNodeModules' | 'signal'>>;
  private readonly result: SplitPairs = { train: emptyPairs(), heldOut: emptyPairs() };
  private readonly seenAnchors = new Set<string>();
  private readonly seenProse = new Set<string>();

  constructor(options: PairOptions) {
    const { anchor = 'words', heldOutShare = 0.1, seed = 0, minWords = 3, maxCharacters = 1000 } = options;
    if (!(heldOutShare >= 0 && heldOutShare < 1)) {
      throw new EmbedbagError({
        code: 'invalid-share',
        message: `Expected \`heldOutShare\` from 0 up to but not 1, received ${heldOutShare}. Give a share such as 0.1.`,
        details: { received: heldOutShare },
      });
    }
    this.options = { anchor, heldOutShare, seed, minWords, maxCharacters };
  }

  add({ path, title, prose }: PairCandidate): void {
    const { anchor: style, minWords, maxCharacters } = this.options;
    const words = wordsOf(path);
    const anchor = style === 'words' ? words.join(' ') : title;
    const positive = shortened(prose, maxCharacters);
    if (anchor === '' || positive.split(' ').length < minWords) return;
    if (this.seenAnchors.has(anchor) || this.seenProse.has(positive)) return;
    this.seenAnchors.add(anchor);
    this.seenProse.add(positive);
    const side = this.isHeldOut(path.at(-1) ?? '') ? this.result.heldOut : this.result.train;
    side.anchors.push(anchor);
    side.positives.push(positive);
    side.titles.push(title);
  }

  finish(): SplitPairs {
    return this.result;
  }

  /** By the words of the name, so that `readFile` in one place and `ReadFile` in another stay on one side. */
  private isHeldOut(name: string): boolean {
    const hash: TextHash = { low: 0, high: 0 };
    hashText(`${this.options.seed} ${wordsOf([name]).join(' ')}`, hash);
    return hash.low < this.options.heldOutShare * 4294967296;
  }
}

function emptyPairs(): TextPairs {
  return { anchors: [], positives: [], titles: [] };
}

const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lo}+|\p{N}+/gu;

/** The names of a path as lower-case words; a word that only repeats the one before it is left out. */
function wordsOf(path: readonly string[]): string[] {
  const words: string[] = [];
  for (const word of path.join(' ').match(WORD) ?? []) {
    const lower = word.toLowerCase();
    if (words.at(-1) !== lower) words.push(lower);
  }
  return words;
}

/** The first sentences of `text`, about `limit` characters: at least one sentence, never half a word. */
function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit + 1);
  const sentence = Math.max(head.lastIndexOf('. '), head.lastIndexOf('? '), head.lastIndexOf('! '));
  if (sentence > 0) return head.slice(0, sentence + 1);
  const space = head.lastIndexOf(' ');
  return head.slice(0, space > 0 ? space : limit);
}
