import {
  type BagForwardOptions,
  bagCount,
  checkTokenRange,
  type Matrix,
  type SparseRows,
  type TokenBags,
} from '@embedbag/core';
import { normalizeRows } from './typescript-normalize-rows.js';

/** See {@link Kernels.bagForward}: sums in float64, one rounding at the end. */
export function bagForward(
  table: Matrix,
  bags: TokenBags,
  out: Float32Array,
  { dimension = table.columns, normalize = false }: BagForwardOptions = {},
): void {
  checkTokenRange(bags, table.rows);
  const { data, columns } = table;
  const { ids, offsets } = bags;
  const sum = new Float64Array(dimension);
  const count = bagCount(bags);
  for (let bag = 0; bag < count; bag++) {
    const start = offsets[bag]!;
    const end = offsets[bag + 1]!;
    sum.fill(0);
    for (let i = start; i < end; i++) {
      const row = ids[i]! * columns;
      for (let column = 0; column < dimension; column++) sum[column]! += data[row + column]!;
    }
    const target = bag * dimension;
    const length = Math.max(end - start, 1);
    for (let column = 0; column < dimension; column++) out[target + column] = sum[column]! / length;
  }
  if (normalize) normalizeRows({ data: out, rows: count, columns: dimension });
}

/** The occurrences of every distinct token, grouped. */
interface TokenGroups {
  /** Distinct tokens, ascending. */
  readonly tokens: Int32Array;
  /** Where each token's occurrences begin in `bags`, `[tokens + 1]`. */
  readonly starts: Int32Array;
  /** The bag of every occurrence, in the order of the bags. */
  readonly bags: Int32Array;
}

/** Counting sort of the batch's tokens. */
function groupTokens(bags: TokenBags): TokenGroups {
  const { ids, offsets } = bags;
  const begin = offsets[0]!;
  const end = offsets[offsets.length - 1]!;
  const sorted = ids.slice(begin, end).sort();
  const tokens: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    tokens.push(sorted[i]!);
    starts.push(i);
  }
  starts.push(sorted.length);
  const slotOf = new Map<number, number>(tokens.map((token, slot) => [token, slot]));
  const next = Int32Array.from(starts);
  const owners = new Int32Array(sorted.length);
  for (let bag = 0; bag < bagCount(bags); bag++) {
    for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) {
      const slot = slotOf.get(ids[i]!)!;
      owners[next[slot]!] = bag;
      next[slot]! += 1;
    }
  }
  return { tokens: Int32Array.from(tokens), starts: Int32Array.from(starts), bags: owners };
}

/** See {@link Kernels.bagBackward}; `memory` lends at least as many values as it is asked for. */
export function bagBackward(
  bags: TokenBags,
  gradient: Float32Array,
  columns: number,
  memory: (length: number) => Float32Array,
): SparseRows {
  checkTokenRange(bags, 0x7fffffff);
  const groups = groupTokens(bags);
  const count = groups.tokens.length;
  const values = memory(count * columns).subarray(0, count * columns);
  const sum = new Float64Array(columns);
  for (let slot = 0; slot < count; slot++) {
    sum.fill(0);
    for (let i = groups.starts[slot]!; i < groups.starts[slot + 1]!; i++) {
      const bag = groups.bags[i]!;
      const share = 1 / (bags.offsets[bag + 1]! - bags.offsets[bag]!);
      const source = bag * columns;
      for (let column = 0; column < columns; column++) sum[column]! += share * gradient[source + column]!;
    }
    values.set(sum, slot * columns);
  }
  return { rows: groups.tokens, values, count, columns };
}
