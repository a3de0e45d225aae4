import type { Random, RowBlocks } from '@embedbag/core';
import { type HashedColumn, HashedRows } from './hashed-rows.js';
import { shuffleOrder } from './shuffle-order.js';
import { ascendingRows } from './stream-arguments.js';
import type { TextHashSet } from './text-hash-set.js';

/**
 * Rows whose hashes are read at once. Together, they come from memory some times faster than one by one; few, they are still
 * in the processor's cache when they are compared.
 */
const WINDOW_ROWS = 4096;

/** Rows in random order, of which batches take the first that fit: those they passed over, then those none has looked at. */
export class RowQueue {
  readonly #order: Int32Array;
  readonly #blocks: RowBlocks | undefined;
  /** The rows that batches passed over, from `#firstWaiting` to `#endWaiting`. */
  readonly #waiting: HashedRows;
  #firstWaiting = 0;
  #endWaiting = 0;
  /** The next rows that no batch has looked at: those before the place `#windowEnd`. */
  readonly #window: HashedRows;
  #windowEnd: number;
  #windowRows = 0;
  /** The place of the first row that no batch has looked at. */
  #untouched: number;

  /** An empty queue. */
  constructor(rowCount: number, columns: readonly HashedColumn[], blocks: RowBlocks | undefined) {
    this.#blocks = blocks;
    this.#order = ascendingRows(rowCount);
    this.#waiting = new HashedRows(columns, Math.min(rowCount, WINDOW_ROWS));
    this.#window = new HashedRows(columns, Math.min(rowCount, WINDOW_ROWS));
    this.#untouched = rowCount;
    this.#windowEnd = rowCount;
  }

  get isEmpty(): boolean {
    return this.#firstWaiting === this.#endWaiting && this.#untouched === this.#order.length;
  }

  /** Queues every row in a new random order. */
  shuffle(random: Random): void {
    shuffleOrder(this.#order, random, this.#blocks);
    this.restore([], 0);
  }

  /** Queues the rows at the places `waiting` and all from `untouched` on. */
  restore(waiting: readonly number[], untouched: number): void {
    while (this.#waiting.capacity < waiting.length) this.#waiting.grow();
    this.#waiting.places.set(waiting);
    this.#waiting.readHashes(Int32Array.from(waiting, (place) => this.#order[place]!));
    this.#firstWaiting = 0;
    this.#endWaiting = waiting.length;
    this.#untouched = untouched;
    this.#windowEnd = untouched;
  }

  /** The places that batches passed over, and the place from which on all follow them. */
  places(): { waiting: number[]; untouched: number } {
    const waiting = [...this.#waiting.places.subarray(this.#firstWaiting, this.#endWaiting)];
    let untouched = this.#untouched;
    while (waiting.at(-1) === untouched - 1) {
      waiting.pop();
      untouched -= 1;
    }
    return { waiting, untouched };
  }

  forEachRow(use: (row: number) => void): void {
    const order = this.#order;
    const { places } = this.#waiting;
    for (let i = this.#firstWaiting; i < this.#endWaiting; i++) use(order[places[i]!]!);
    for (let place = this.#untouched; place < order.length; place++) use(order[place]!);
  }

  /**
   * Moves rows into `batch` until it is full, first come first, but none with a text that is already in it; gives their number.
   * `seen` is empty and then holds their texts.
   */
  fill(batch: Int32Array, seen: TextHashSet): number {
    const size = this.#takeWaiting(batch, seen);
    return this.#takeUntouched(batch, seen, size);
  }

  /** Those that stay are moved to the front, or, where the batch is full before all were looked at, to before the others. */
  #takeWaiting(batch: Int32Array, seen: TextHashSet): number {
    const waiting = this.#waiting;
    let size = 0;
    let at = this.#firstWaiting;
    let kept = 0;
    for (; at < this.#endWaiting && size < batch.length; at++) {
      if (waiting.admit(at, seen)) {
        batch[size++] = this.#order[waiting.places[at]!]!;
      } else {
        if (kept < at) waiting.copyFrom(waiting, at, kept);
        kept++;
      }
    }
    if (at === this.#endWaiting) {
      this.#firstWaiting = 0;
      this.#endWaiting = kept;
    } else {
      this.#firstWaiting = at - kept;
      waiting.move(kept, this.#firstWaiting);
    }
    return size;
  }

  #takeUntouched(batch: Int32Array, seen: TextHashSet, taken: number): number {
    const order = this.#order;
    let size = taken;
    while (this.#untouched < order.length && size < batch.length) {
      if (this.#untouched === this.#windowEnd) this.#readWindow();
      const begin = this.#windowEnd - this.#windowRows;
      let place = this.#untouched;
      for (; place < this.#windowEnd && size < batch.length; place++) {
        if (this.#window.admit(place - begin, seen)) batch[size++] = order[place]!;
        else this.#wait(place - begin);
      }
      this.#untouched = place;
    }
    return size;
  }

  #readWindow(): void {
    this.#windowRows = Math.min(this.#window.capacity, this.#order.length - this.#untouched);
    const { places } = this.#window;
    for (let i = 0; i < this.#windowRows; i++) places[i] = this.#untouched + i;
    this.#windowEnd = this.#untouched + this.#windowRows;
    this.#window.readHashes(this.#order.subarray(this.#untouched, this.#windowEnd));
  }

  /** Keeps a row of the window for later batches. All that wait were looked at before: they begin at the front. */
  #wait(at: number): void {
    if (this.#endWaiting === this.#waiting.capacity) this.#waiting.grow();
    this.#waiting.copyFrom(this.#window, at, this.#endWaiting);
    this.#endWaiting += 1;
  }
}
