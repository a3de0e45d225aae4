const WORDS_PER_TEXT = 3;

/**
 * A set of 64-bit text hashes that is emptied in no time, for the texts of one batch.
 *
 * Chained: a bucket has the number of its newest text, a text is three 32-bit words: low, high, and the number of the text
 * before it in its bucket. Numbers go on from batch to batch, so that one below the first of this batch is no text of it.
 */
export class TextHashSet {
  readonly #buckets: Int32Array;
  readonly #texts: Int32Array;
  readonly #shift: number;
  #first = 1;
  #end = 1;

  /** `capacity`: the most hashes that are ever added before the set is emptied. */
  constructor(capacity: number) {
    let bits = 4;
    // Mostly empty buckets: what is rarely otherwise is foretold well.
    while (2 ** bits < capacity * 4) bits += 1;
    this.#buckets = new Int32Array(2 ** bits);
    this.#texts = new Int32Array(capacity * WORDS_PER_TEXT);
    this.#shift = 32 - bits;
  }

  /** Empties the set. */
  clear(): void {
    this.#first = this.#end;
    if (this.#end + this.#texts.length <= 0x7fffffff) return;
    this.#buckets.fill(0);
    this.#first = 1;
    this.#end = 1;
  }

  /** Whether the hash of two unsigned or signed 32-bit words is in the set. */
  has(low: number, high: number): boolean {
    const texts = this.#texts;
    const first = this.#first;
    let number = this.#buckets[this.#bucketOf(low, high)]!;
    while (number >= first) {
      const at = (number - first) * WORDS_PER_TEXT;
      if (texts[at] === (low | 0) && texts[at + 1] === (high | 0)) return true;
      number = texts[at + 2]!;
    }
    return false;
  }

  /** Puts the hash into the set. */
  add(low: number, high: number): void {
    const texts = this.#texts;
    const bucket = this.#bucketOf(low, high);
    const at = (this.#end - this.#first) * WORDS_PER_TEXT;
    texts[at] = low;
    texts[at + 1] = high;
    texts[at + 2] = this.#buckets[bucket]!;
    this.#buckets[bucket] = this.#end;
    this.#end += 1;
  }

  #bucketOf(low: number, high: number): number {
    return Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> this.#shift;
  }
}
