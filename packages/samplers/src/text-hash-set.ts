const WORDS_PER_SLOT = 3;

/**
 * A set of 64-bit text hashes that is emptied in no time, for the texts of one batch.
 *
 * Open addressing with linear probing, at most half full. A slot is three 32-bit words: low, high, and the number of
 * the batch that wrote it; a slot of an earlier batch counts as free.
 */
export class TextHashSet {
  readonly #slots: Int32Array;
  readonly #shift: number;
  readonly #mask: number;
  #stamp = 1;

  /** `capacity`: the most hashes the set ever holds at once. */
  constructor(capacity: number) {
    let bits = 4;
    while (2 ** bits < capacity * 2) bits += 1;
    this.#slots = new Int32Array(2 ** bits * WORDS_PER_SLOT);
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
  }

  /** Empties the set. */
  clear(): void {
    this.#stamp += 1;
    if (this.#stamp <= 0x7fffffff) return;
    this.#slots.fill(0);
    this.#stamp = 1;
  }

  /** Whether the hash of two unsigned or signed 32-bit words is in the set. */
  has(low: number, high: number): boolean {
    const at = this.#find(low | 0, high | 0);
    return this.#slots[at + 2] === this.#stamp;
  }

  /** Puts the hash into the set, if it is not there yet. */
  add(low: number, high: number): void {
    const at = this.#find(low | 0, high | 0);
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.#slots[at + 2] = this.#stamp;
  }

  /** The first word of the slot that holds the hash, or of the free slot where it belongs. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    const stamp = this.#stamp;
    let slot = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> this.#shift;
    for (;;) {
      const at = slot * WORDS_PER_SLOT;
      if (slots[at + 2] !== stamp || (slots[at] === low && slots[at + 1] === high)) return at;
      slot = (slot + 1) & this.#mask;
    }
  }
}
