import type { BatchSamplerOptions, BatchStream, SampledRows } from '@embedbag/core';
import { blocksOrigin } from './shuffle-order.js';
import { checkSkip } from './stream-arguments.js';
import { checkStreamState, type StreamOrigin, streamState } from './stream-state.js';

/** The batches of {@link orderedStream}. */
export interface OrderedRows {
  readonly origin: StreamOrigin;
  /** Row numbers in the order in which they are drawn. */
  readonly order: Int32Array;
  readonly batchSize: number;
  readonly count: number;
}

/** What a stream over `rows` was opened with. */
export function rowsOrigin(sampler: string, rows: SampledRows, options: BatchSamplerOptions): StreamOrigin {
  const { batchSize, dropLast, seed } = options;
  return { sampler, rowCount: rows.rowCount, ...blocksOrigin(rows.blocks), batchSize, dropLast, seed };
}

/** Rows in an order that is known beforehand, cut into `count` batches. Its state is its position. */
export function orderedStream({ origin, order, batchSize, count }: OrderedRows): BatchStream {
  let position = 0;
  return {
    count,
    get position() {
      return position;
    },
    next() {
      if (position === count) return undefined;
      position += 1;
      return order.slice((position - 1) * batchSize, position * batchSize);
    },
    skip(batches) {
      checkSkip(batches);
      position = Math.min(position + batches, count);
    },
    state: () => streamState(origin, position),
    restore(state) {
      checkStreamState(state, origin, position);
      position = Math.min(state.position, count);
    },
  };
}
