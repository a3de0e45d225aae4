import {
  type BagForwardOptions,
  bagCount,
  checkTokenRange,
  type Matrix,
  type SparseRows,
  type TokenBags,
} from '@embedbag/core';
import type { WasmBlock } from './wasm-block.js';
import type { LentCopy } from './wasm-pool.js';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** Columns of a gradient slice, as in assembly/bag.ts. */
const SLICE_COLUMNS = 32;
/** What a row costs beside its tokens, in tokens. */
const OVERHEAD = 2;
/** Runs of bags that a thread takes, so that no thread waits long for another. */
const RUNS_PER_THREAD = 16;

/**
 * Cuts `count` items into `parts` runs of about equal weight; item `i` weighs `starts[i + 1] - starts[i] + OVERHEAD`.
 * Writes the first item of every part, and `count` at the end.
 */
function writeParts(parts: Int32Array, starts: Int32Array, count: number): void {
  const total = starts[count]! - starts[0]! + count * OVERHEAD;
  const last = parts.length - 1;
  let item = 0;
  for (let part = 0; part < last; part++) {
    while (item < count && (starts[item]! - starts[0]! + item * OVERHEAD) * last < total * part) item += 1;
    parts[part] = item;
  }
  parts[last] = count;
}

/** See {@link Kernels.startBagForward}; a worker first makes `copy`, where there is one. */
export function startBagForward(
  runtime: WasmRuntime,
  table: Matrix,
  bags: TokenBags,
  out: Float32Array,
  { dimension = table.columns, normalize = false }: BagForwardOptions = {},
  copy?: LentCopy,
): () => void {
  checkTokenRange(bags, table.rows);
  const { staging, pool } = runtime;
  const { columns } = table;
  const count = bagCount(bags);
  if (copy === undefined && (count === 0 || dimension === 0)) return () => {};
  const tokens = bags.offsets[count]!;
  staging.begin();
  const parallel = copy !== undefined || (tokens * dimension >= WORTH_THREADS && pool.haveBegun(tokens * dimension));
  const run = parallel ? Math.ceil(count / (pool.threads * RUNS_PER_THREAD)) : count;
  const args = [
    ...[staging.input(table.data, table.rows * columns), columns],
    ...[staging.input(bags.ids, tokens), staging.input(bags.offsets, count + 1), staging.zeros(dimension * 4)],
    ...[staging.output(out, count * dimension), count, run, staging.counter(), dimension, normalize ? 1 : 0],
  ];
  const finish = pool.start('bagForward', args, parallel, copy);
  return () => {
    finish();
    staging.finish();
  };
}

/** The tokens of a batch sorted by id, at addresses in scratch memory. */
interface SortedTokens {
  readonly count: number;
  readonly rows: number;
  readonly starts: number;
  readonly bags: number;
  readonly weights: number;
}

function sortTokens(runtime: WasmRuntime, bags: TokenBags): SortedTokens {
  const { staging, memory, pool } = runtime;
  const count = bagCount(bags);
  const end = bags.offsets[count]!;
  const tokens = end - bags.offsets[0]!;
  let highest = -1;
  for (let i = bags.offsets[0]!; i < end; i++) if (bags.ids[i]! > highest) highest = bags.ids[i]!;
  const counts = staging.scratch((highest + 1) * 4);
  memory.int32(counts, highest + 1).fill(0);
  const rows = staging.scratch(tokens * 4);
  const starts = staging.scratch((tokens + 1) * 4);
  const occurrenceBags = staging.scratch(tokens * 4);
  const weights = staging.scratch(tokens * 4);
  const distinct = staging.scratch(4);
  const args = [staging.input(bags.ids, end), staging.input(bags.offsets, count + 1), count, highest + 1, counts];
  pool.run('bagSort', [...args, rows, starts, occurrenceBags, weights, distinct], false);
  return { count: memory.int32(distinct, 1)[0]!, rows, starts, bags: occurrenceBags, weights };
}

/** See {@link Kernels.bagBackward}; the result lies in `result`'s memory. */
export function bagBackward(
  runtime: WasmRuntime,
  bags: TokenBags,
  gradient: Float32Array,
  columns: number,
  result: WasmBlock,
): SparseRows {
  checkTokenRange(bags, 0x7fffffff);
  const { staging, memory, pool } = runtime;
  const bagTotal = bagCount(bags);
  staging.begin();
  const sorted = sortTokens(runtime, bags);
  const { count } = sorted;
  const values = result.reserve(count * (columns + 1));
  const rows = values + count * columns * 4;
  memory.int32(rows, count).set(memory.int32(sorted.rows, count));
  const starts = memory.int32(sorted.starts, count + 1);
  const parallel = pool.threads > 1 && (starts[count]! + bagTotal) * columns >= WORTH_THREADS;
  // Threads share out the slices; where there are fewer slices than threads, the rows too.
  const threads = parallel ? pool.threads : 1;
  const rowParts = Math.ceil(threads / Math.max(1, Math.ceil(columns / SLICE_COLUMNS)));
  const firstRows = memory.int32(staging.scratch((rowParts + 1) * 4), rowParts + 1);
  writeParts(firstRows, starts, count);
  const stride = (bagTotal + 1) * 128;
  const args = [
    ...[staging.input(gradient, bagTotal * columns), bagTotal, columns, sorted.rows, sorted.starts],
    ...[sorted.bags, sorted.weights, values, staging.scratch(threads * stride), stride],
    ...[rowParts, firstRows.byteOffset],
  ];
  if (count > 0) pool.run('bagBackward', args, parallel);
  return { rows: memory.int32(rows, count), values: memory.float32(values, count * columns), count, columns };
}
