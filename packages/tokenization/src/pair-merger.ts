/** The words of a corpus as symbols. */
export interface SymbolWords {
  /** Symbol ids of all words, one after the other; merged in place. */
  readonly symbols: Int32Array;
  /** Where each word begins, `[words + 1]`. */
  readonly starts: Int32Array;
  /** How often each word occurs, `[words]`. */
  readonly counts: Float64Array;
}

/** Two symbols to merge. */
export interface PairToMerge {
  readonly left: number;
  readonly right: number;
  /** How often they stand side by side, each word counted as often as it occurs. */
  readonly count: number;
}

interface Entry {
  pair: number;
  count: number;
  /** Words in which the pair stood when the entry was made, ascending. */
  words: number[];
}

/** Further than any id of a symbol, so that two ids make one exact number. */
const ID_RANGE = 2 ** 26;

/**
 * Byte-pair merging with counts that are kept up to date: the most frequent pair first, of equal ones that with the lower ids.
 *
 * The queue works as that of Hugging Face's BpeTrainer, stale entries included, so that the merges are the same.
 */
export class PairMerger {
  readonly #words: SymbolWords;
  /** The symbols left in each word, `[words]`. */
  readonly #lengths: Int32Array;
  readonly #pairIds = new Map<number, number>();
  readonly #lefts: number[] = [];
  readonly #rights: number[] = [];
  readonly #counts: number[] = [];
  /** A binary heap: the entry to merge next is first. */
  readonly #heap: Entry[] = [];
  /** By pair: the words in which it has appeared since the queue was last filled. */
  readonly #appeared = new Map<number, number[]>();

  constructor(words: SymbolWords) {
    this.#words = words;
    const wordCount = words.counts.length;
    this.#lengths = new Int32Array(wordCount);
    for (let word = 0; word < wordCount; word += 1) {
      const start = words.starts[word]!;
      const end = words.starts[word + 1]!;
      this.#lengths[word] = end - start;
      for (let index = start; index + 1 < end; index += 1) {
        this.#change(words.symbols[index]!, words.symbols[index + 1]!, 1, word);
      }
    }
    this.#queueAppeared();
  }

  /** Takes the next pair out of the queue; undefined where none stands anywhere at least `minFrequency` times. Then call {@link merge}. */
  next(minFrequency: number): (PairToMerge & { readonly words: readonly number[] }) | undefined {
    for (;;) {
      const entry = this.#pop();
      if (entry === undefined) return undefined;
      const count = this.#counts[entry.pair]!;
      if (entry.count !== count) {
        entry.count = count;
        this.#push(entry);
        continue;
      }
      if (count < 1 || count < minFrequency) return undefined;
      return { left: this.#lefts[entry.pair]!, right: this.#rights[entry.pair]!, count, words: entry.words };
    }
  }

  /** Puts `symbol` in the place of `left` and `right` in `words`. */
  merge(left: number, right: number, symbol: number, words: readonly number[]): void {
    for (const word of words) this.#mergeWord(left, right, symbol, word);
    this.#queueAppeared();
  }

  #mergeWord(left: number, right: number, symbol: number, word: number): void {
    const { symbols, starts } = this.#words;
    const start = starts[word]!;
    const end = start + this.#lengths[word]!;
    let written = start;
    let read = start;
    while (read < end) {
      const isPair = symbols[read] === left && read + 1 < end && symbols[read + 1] === right;
      if (!isPair) {
        symbols[written++] = symbols[read++]!;
        continue;
      }
      if (written > start) {
        const before = symbols[written - 1]!;
        this.#change(before, left, -1, word);
        this.#change(before, symbol, 1, word);
      }
      read += 2;
      if (read < end) {
        const after = symbols[read]!;
        this.#change(right, after, -1, word);
        this.#change(symbol, after, 1, word);
      }
      symbols[written++] = symbol;
    }
    this.#lengths[word] = written - start;
  }

  #change(left: number, right: number, sign: 1 | -1, word: number): void {
    const pair = this.#pairId(left, right);
    this.#counts[pair]! += sign * this.#words.counts[word]!;
    if (sign < 0) return;
    const words = this.#appeared.get(pair);
    if (words === undefined) this.#appeared.set(pair, [word]);
    else if (words[words.length - 1] !== word) words.push(word);
  }

  #pairId(left: number, right: number): number {
    const key = left * ID_RANGE + right;
    const known = this.#pairIds.get(key);
    if (known !== undefined) return known;
    const pair = this.#counts.length;
    this.#pairIds.set(key, pair);
    this.#lefts.push(left);
    this.#rights.push(right);
    this.#counts.push(0);
    return pair;
  }

  #queueAppeared(): void {
    for (const [pair, words] of this.#appeared) {
      const count = this.#counts[pair]!;
      if (count > 0) this.#push({ pair, count, words });
    }
    this.#appeared.clear();
  }

  #isBefore(a: Entry, b: Entry): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const byLeft = this.#lefts[a.pair]! - this.#lefts[b.pair]!;
    return byLeft !== 0 ? byLeft < 0 : this.#rights[a.pair]! < this.#rights[b.pair]!;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
