import type { TextHashSet } from './text-hash-set.js';

/** The 64-bit text hashes of one column, and which rows have a text there. */
export interface HashedColumn {
  readonly hashes: Uint32Array;
  readonly valid: Uint8Array | undefined;
}

/** Rows by their places in an order, with the hashes of their texts beside each other: they are compared many at a time. */
export class HashedRows {
  readonly #columns: readonly HashedColumn[];
  /** `[rows]`. */
  places: Int32Array;
  /** `[rows, columns, 2]`. */
  #hashes: Int32Array;
  /** `[rows, columns]`: 0 where a row has no text; undefined where all rows have all. */
  #valid: Uint8Array | undefined;

  constructor(columns: readonly HashedColumn[], capacity: number) {
    this.#columns = columns;
    const isRagged = columns.some(({ valid }) => valid !== undefined);
    this.places = new Int32Array(capacity);
    this.#hashes = new Int32Array(capacity * columns.length * 2);
    this.#valid = isRagged ? new Uint8Array(capacity * columns.length) : undefined;
  }

  get capacity(): number {
    return this.places.length;
  }

  /** Reads the hashes of `rows` of the columns. */
  readHashes(rows: Int32Array): void {
    const width = this.#columns.length;
    const hashes = this.#hashes;
    for (const [column, source] of this.#columns.entries()) {
      for (let i = 0, at = column * 2; i < rows.length; i++, at += width * 2) {
        const row = rows[i]!;
        hashes[at] = source.hashes[row * 2]!;
        hashes[at + 1] = source.hashes[row * 2 + 1]!;
      }
      if (this.#valid === undefined) continue;
      for (let i = 0; i < rows.length; i++) {
        this.#valid[i * width + column] = source.valid === undefined ? 1 : source.valid[rows[i]!]!;
      }
    }
  }

  /** Copies row `from` of `other`, which may be these rows, to `to`. */
  copyFrom(other: HashedRows, from: number, to: number): void {
    const width = this.#columns.length;
    this.places[to] = other.places[from]!;
    for (let i = 0; i < width * 2; i++) this.#hashes[to * width * 2 + i] = other.#hashes[from * width * 2 + i]!;
    if (this.#valid === undefined || other.#valid === undefined) return;
    for (let i = 0; i < width; i++) this.#valid[to * width + i] = other.#valid[from * width + i]!;
  }

  /** Moves the first `count` rows to `to` and behind. */
  move(count: number, to: number): void {
    const width = this.#columns.length;
    this.places.copyWithin(to, 0, count);
    this.#hashes.copyWithin(to * width * 2, 0, count * width * 2);
    this.#valid?.copyWithin(to * width, 0, count * width);
  }

  /** Makes room for twice the rows. */
  grow(): void {
    this.places = grown(this.places);
    this.#hashes = grown(this.#hashes);
    if (this.#valid !== undefined) this.#valid = grown(this.#valid);
  }

  /**
   * Adds the texts of row `at` to `seen` and returns true, or returns false if one of them is there. Texts of the row that are
   * equal to each other are no obstacle.
   */
  admit(at: number, seen: TextHashSet): boolean {
    const hashes = this.#hashes;
    const valid = this.#valid;
    const begin = at * this.#columns.length;
    const end = begin + this.#columns.length;
    for (let text = begin; text < end; text++) {
      if (valid !== undefined && valid[text] === 0) continue;
      if (seen.has(hashes[text * 2]!, hashes[text * 2 + 1]!)) return false;
    }
    for (let text = begin; text < end; text++) {
      if (valid !== undefined && valid[text] === 0) continue;
      seen.add(hashes[text * 2]!, hashes[text * 2 + 1]!);
    }
    return true;
  }
}

function grown<T extends Int32Array | Uint8Array>(array: T): T {
  const type = array.constructor as new (length: number) => T;
  const twice = new type(array.length * 2);
  twice.set(array);
  return twice;
}
