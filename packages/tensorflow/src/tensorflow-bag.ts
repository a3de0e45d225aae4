import { bagCount, checkTokenRange, type Matrix, type SparseRows, type TokenBags } from '@embedbag/core';
import type { TensorFlow } from './load-tensorflow.js';
import { valuesOf } from './values-of.js';

/** Values of gathered rows that are on the backend at a time: 64 MB. */
const VALUES_AT_ONCE = 2 ** 24;

/** Rows of a matrix, each with a share, that are summed by segment. */
interface SegmentedRows {
  readonly source: Matrix;
  /** Columns that are summed, from the first on. */
  readonly width: number;
  /** Which row of `source`, `[occurrences]`. */
  readonly rows: Int32Array;
  /** What the row is multiplied by, `[occurrences]`. */
  readonly shares: Float32Array;
  /** Where the row is added, ascending, `[occurrences]`. */
  readonly segments: Int32Array;
}

/** The distinct rows that a stretch of occurrences needs, and where each occurrence finds its own. */
interface CompactRows {
  readonly values: Float32Array;
  readonly count: number;
  readonly slots: Int32Array;
}

/** `slotOf` holds -1 for every row, before and after. */
function compactRows(
  { source, width, rows }: SegmentedRows,
  start: number,
  end: number,
  slotOf: Int32Array,
): CompactRows {
  const { data, columns } = source;
  const slots = new Int32Array(end - start);
  const distinct: number[] = [];
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    if (slotOf[row]! < 0) slotOf[row] = distinct.push(row) - 1;
    slots[i - start] = slotOf[row]!;
  }
  const values = new Float32Array(distinct.length * width);
  for (const [slot, row] of distinct.entries()) {
    values.set(data.subarray(row * columns, row * columns + width), slot * width);
    slotOf[row] = -1;
  }
  return { values, count: distinct.length, slots };
}

/** Adds the sums of `rows` to `out` `[segments, width]`, as many occurrences at a time as fit. */
function addSegmentSums(tf: TensorFlow, rows: SegmentedRows, out: Float32Array): void {
  const { width } = rows;
  const occurrencesAtOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, width)));
  const slotOf = new Int32Array(rows.source.rows).fill(-1);
  for (let start = 0; start < rows.segments.length; start += occurrencesAtOnce) {
    const end = Math.min(rows.segments.length, start + occurrencesAtOnce);
    const compact = compactRows(rows, start, end, slotOf);
    const first = rows.segments[start]!;
    const segments = rows.segments.slice(start, end).map((segment) => segment - first);
    const count = segments[end - start - 1]! + 1;
    const sums = valuesOf(tf, () => {
      const gathered = tf.gather(
        tf.tensor2d(compact.values, [compact.count, width]),
        tf.tensor1d(compact.slots, 'int32'),
      );
      const shares = tf.tensor2d(rows.shares.slice(start, end), [end - start, 1]);
      const places = tf.tensor2d(segments, [end - start, 1], 'int32');
      // Adds what falls on the same place; every backend has it.
      return tf.scatterND(places, tf.mul(gathered, shares), [count, width]);
    });
    for (let i = 0; i < sums.length; i++) out[first * width + i]! += sums[i]!;
  }
}

/** See `Kernels.bagForward`, of which it averages the first `width` columns and normalises nothing. */
export function bagForward(tf: TensorFlow, table: Matrix, bags: TokenBags, out: Float32Array, width: number): void {
  checkTokenRange(bags, table.rows);
  const { ids, offsets } = bags;
  const count = bagCount(bags);
  const begin = offsets[0]!;
  const end = offsets[count]!;
  const shares = new Float32Array(end - begin);
  const segments = new Int32Array(end - begin);
  for (let bag = 0; bag < count; bag++) {
    shares.fill(1 / (offsets[bag + 1]! - offsets[bag]!), offsets[bag]! - begin, offsets[bag + 1]! - begin);
    segments.fill(bag, offsets[bag]! - begin, offsets[bag + 1]! - begin);
  }
  out.fill(0, 0, count * width);
  addSegmentSums(tf, { source: table, width, rows: ids.subarray(begin, end), shares, segments }, out);
}

/** The places of `ids`, ordered by id and then by place; exact while ids times tokens stay below 2^53. */
function sortedPlaces(ids: Int32Array): Float64Array {
  const keys = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) keys[i] = ids[i]! * ids.length + i;
  keys.sort();
  for (let i = 0; i < ids.length; i++) keys[i]! %= ids.length;
  return keys;
}

/** See `Kernels.bagBackward`; the result is the caller's. */
export function bagBackward(tf: TensorFlow, bags: TokenBags, gradient: Float32Array, columns: number): SparseRows {
  checkTokenRange(bags, 0x7fffffff);
  const { offsets } = bags;
  const begin = offsets[0]!;
  const bagTotal = bagCount(bags);
  const ids = bags.ids.subarray(begin, offsets[bagTotal]!);
  const owners = new Int32Array(ids.length);
  for (let bag = 0; bag < bagTotal; bag++) owners.fill(bag, offsets[bag]! - begin, offsets[bag + 1]! - begin);
  const tokens: number[] = [];
  const rows = new Int32Array(ids.length);
  const shares = new Float32Array(ids.length);
  const segments = new Int32Array(ids.length);
  for (const [i, place] of sortedPlaces(ids).entries()) {
    if (tokens.length === 0 || tokens[tokens.length - 1] !== ids[place]) tokens.push(ids[place]!);
    const bag = owners[place]!;
    rows[i] = bag;
    shares[i] = 1 / (offsets[bag + 1]! - offsets[bag]!);
    segments[i] = tokens.length - 1;
  }
  const values = new Float32Array(tokens.length * columns);
  const source = { data: gradient, rows: bagTotal, columns };
  addSegmentSums(tf, { source, width: columns, rows, shares, segments }, values);
  return { rows: Int32Array.from(tokens), values, count: tokens.length, columns };
}
