import { type BagForwardBatchesOptions, bagCount, EmbedbagError, type Matrix, type TokenBags } from '@embedbag/core';
import { startBagForward } from './wasm-bag.js';
import { WasmBlock } from './wasm-block.js';
import type { LentCopy } from './wasm-pool.js';
import type { WasmRuntime } from './wasm-runtime.js';

/** From this many values on (32 MiB) every page of an array is new; smaller ones often lie where others lay before. */
const WORTH_LENDING = 1 << 23;
/** After so many batches in a row that the workers had done alone, the first of them copies too. */
const LATE_BATCHES = 3;
/** A guess of how many tokens a bag has, before any is known. */
const FEW_TOKENS = 8;

/** An array outside of the kernels' memory that rows are copied into: by the first worker as soon as it can. */
class CollectedRows {
  private readonly runtime: WasmRuntime;
  private data: Float32Array<ArrayBuffer>;
  private isLent = false;
  private lateBatches = 0;

  constructor(runtime: WasmRuntime, length: number) {
    this.runtime = runtime;
    this.data = new Float32Array(length);
  }

  /** Counts a batch that other threads had done when this one came, `isLate`, or not. */
  count(isLate: boolean): void {
    this.lateBatches = isLate ? this.lateBatches + 1 : 0;
  }

  /** Whether a worker is to make the copies from `at` on, because this thread is late again and again. */
  lend(at: number): boolean {
    if (!this.isLent && this.lateBatches >= LATE_BATCHES && this.data.length - at >= WORTH_LENDING) {
      this.isLent = this.runtime.pool.lend(this.data.buffer);
    }
    return this.isLent;
  }

  copy({ from, length, at }: LentCopy): void {
    this.data.set(this.runtime.memory.float32(from, length), at);
  }

  /** The array with all its rows, the last of which `copy` brings. */
  end(copy: LentCopy | undefined): Float32Array {
    if (this.isLent) this.reclaim(copy);
    else if (copy !== undefined) this.copy(copy);
    return this.data;
  }

  reclaim(copy?: LentCopy): void {
    if (!this.isLent) return;
    this.isLent = false;
    this.data = new Float32Array(this.runtime.pool.reclaim(copy));
  }
}

function tooManyBags(rows: number): EmbedbagError {
  return new EmbedbagError({
    code: 'output-too-short',
    message: `Expected batches of ${rows} bags in all, received more. Pass as \`rows\` how many bags all batches have.`,
    details: { rows },
  });
}

/** See {@link Kernels.bagForwardBatches}. */
export function bagForwardBatches(
  runtime: WasmRuntime,
  table: Matrix,
  batches: Iterable<TokenBags>,
  rows: number,
  options: BagForwardBatchesOptions = {},
): Float32Array {
  const { memory, pool } = runtime;
  const { dimension = table.columns, onRows } = options;
  // Workers that are worth it begin while the first batch is made.
  pool.haveBegun(rows * dimension * FEW_TOKENS);
  const collected = new CollectedRows(runtime, rows * dimension);
  const [block, otherBlock] = [new WasmBlock(memory), new WasmBlock(memory)];
  let inFlight: (() => void) | undefined;
  const finish = (): void => {
    const finishBatch = inFlight;
    inFlight = undefined;
    finishBatch?.();
  };
  try {
    let copy: LentCopy | undefined;
    let done = 0;
    let isOdd = false;
    // A batch is made while the one before is in flight, and that before it is copied.
    for (const bags of batches) {
      collected.count(pool.areWorkersDone);
      finish();
      if (copy !== undefined) onRows?.(done);
      const length = bagCount(bags) * dimension;
      if (done * dimension + length > rows * dimension) throw tooManyBags(rows);
      const from = (isOdd ? block : otherBlock).reserve(length);
      const isLent = copy !== undefined && collected.lend(copy.at);
      inFlight = startBagForward(
        runtime,
        table,
        bags,
        memory.float32(from, length),
        options,
        isLent ? copy : undefined,
      );
      if (copy !== undefined && !isLent) collected.copy(copy);
      copy = { from, length, at: done * dimension };
      done += bagCount(bags);
      isOdd = !isOdd;
    }
    finish();
    return collected.end(copy);
  } finally {
    finish();
    collected.reclaim();
    block.release();
    otherBlock.release();
  }
}
