const FREE = -1;

/** Numbers distinct texts in the order in which they come, by their 64-bit hashes: 16 to 24 bytes a text. */
export class TextNumbers {
  /** Distinct texts so far. */
  count = 0;
  private slots: Int32Array = new Int32Array(1 << 10).fill(FREE);
  /** Of every number, low word first. */
  private hashes = new Uint32Array(1 << 10);

  /** The number of the text with this hash: a new one, the next, unless such a text was there. */
  numberOf(low: number, high: number): number {
    let slot = this.slotOf(low, high);
    const known = this.slots[slot] as number;
    if (known !== FREE) return known;
    if (this.count * 2 >= this.slots.length) {
      this.grow();
      slot = this.slotOf(low, high);
    }
    const number = this.count;
    this.slots[slot] = number;
    this.hashes[number * 2] = low;
    this.hashes[number * 2 + 1] = high;
    this.count += 1;
    return number;
  }

  /** Where that hash is or would go. */
  private slotOf(low: number, high: number): number {
    const mask = this.slots.length - 1;
    let slot = (low ^ Math.imul(high, 0x9e3779b9)) & mask;
    for (;;) {
      const number = this.slots[slot] as number;
      if (number === FREE) return slot;
      if (this.hashes[number * 2] === low && this.hashes[number * 2 + 1] === high) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const hashes = new Uint32Array(this.hashes.length * 2);
    hashes.set(this.hashes);
    this.hashes = hashes;
    this.slots = new Int32Array(this.slots.length * 2).fill(FREE);
    for (let number = 0; number < this.count; number++) {
      this.slots[this.slotOf(hashes[number * 2] as number, hashes[number * 2 + 1] as number)] = number;
    }
  }
}
