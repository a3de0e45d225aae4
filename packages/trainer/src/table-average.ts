/** Values that are exchanged at a time. */
const PIECE = 65_536;

/**
 * A running average of a table, in float32: `average = d * average + (1 - d) * table`, with
 * `d = min(decay, (1 + n) / (10 + n))` at update n, counted from 0, so that the first tables are soon forgotten.
 *
 * Source: TensorFlow's `ExponentialMovingAverage` with `num_updates`.
 */
export class TableAverage {
  readonly values: Float32Array;
  private readonly decay: number;
  private updateCount = 0;

  /** Of a table of `length` values. */
  constructor(length: number, decay: number) {
    this.values = new Float32Array(length);
    this.decay = decay;
  }

  /** How many tables it is made of. */
  get updates(): number {
    return this.updateCount;
  }

  /** Goes on after `updates` updates, with what the caller puts into `values`. */
  restore(updates: number): void {
    this.updateCount = updates;
  }

  /** Takes in `table`, all of it up to date; the first one is taken as it is. */
  update(table: Float32Array): void {
    const n = this.updateCount;
    this.updateCount += 1;
    const { values } = this;
    if (n === 0) {
      values.set(table);
      return;
    }
    const decay = Math.min(this.decay, (1 + n) / (10 + n));
    const gain = 1 - decay;
    for (let i = 0; i < values.length; i++) values[i] = decay * values[i]! + gain * table[i]!;
  }

  /** Exchanges its values with those of `table`, without another table of memory. */
  swap(table: Float32Array): void {
    const held = new Float32Array(Math.min(PIECE, table.length));
    for (let begin = 0; begin < table.length; begin += PIECE) {
      const ours = this.values.subarray(begin, begin + PIECE);
      const theirs = table.subarray(begin, begin + PIECE);
      held.set(ours);
      ours.set(theirs);
      theirs.set(held.subarray(0, ours.length));
    }
  }
}
