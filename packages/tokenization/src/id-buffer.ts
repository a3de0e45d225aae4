/** Token ids that grow as they are written. */
export class IdBuffer {
  ids: Int32Array;
  length = 0;

  constructor(capacity: number) {
    this.ids = new Int32Array(Math.max(capacity, 16));
  }

  push(id: number): void {
    if (this.length === this.ids.length) this.reserve(1);
    this.ids[this.length] = id;
    this.length += 1;
  }

  /** Makes room for `count` more ids. */
  reserve(count: number): void {
    if (this.length + count <= this.ids.length) return;
    const grown = new Int32Array(Math.max(this.ids.length * 2, this.length + count));
    grown.set(this.ids.subarray(0, this.length));
    this.ids = grown;
  }

  /** A copy of the ids written. */
  copy(): Int32Array {
    return this.ids.slice(0, this.length);
  }

  /** The ids written, without those beyond; a copy where much of the memory would stay unused. */
  finish(): Int32Array {
    const used = this.length * 8 >= this.ids.length * 7;
    return used ? this.ids.subarray(0, this.length) : this.ids.slice(0, this.length);
  }
}
