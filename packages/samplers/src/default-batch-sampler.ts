import { BATCH_SAMPLER_CONTRACT, type BatchSampler, createRandom } from '@embedbag/core';
import { orderedStream, rowsOrigin } from './ordered-stream.js';
import { shuffleOrder } from './shuffle-order.js';
import { ascendingRows, checkBatchSize, countBatches } from './stream-arguments.js';

const NAME = 'BATCH_SAMPLER';

/**
 * BATCH_SAMPLER: every row once, in random order, cut into batches of `batchSize` rows.
 *
 * The last batch is smaller where the rows do not divide evenly; with `dropLast` it is left out.
 * Rows with `blocks` come in an order that has few blocks open at a time.
 * Follows `DefaultBatchSampler` of sentence-transformers 6.2.
 *
 * `open` throws `batch-size-invalid` and `row-blocks-invalid`, `skip` throws `skip-invalid`, `restore` throws `stream-state-invalid`.
 *
 * @example
 * ```ts
 * const stream = defaultBatchSampler().open(dataset, { batchSize: 2048, dropLast: false, seed: 42 });
 * for (let rows = stream.next(); rows !== undefined; rows = stream.next()) use(rows);
 * ```
 */
export function defaultBatchSampler(): BatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: NAME,
    config: {},
    open(rows, options) {
      checkBatchSize(options);
      const order = ascendingRows(rows.rowCount);
      shuffleOrder(order, createRandom(options.seed, NAME), rows.blocks);
      const origin = rowsOrigin(NAME, rows, options);
      return orderedStream({ origin, order, batchSize: options.batchSize, count: countBatches(rows, options) });
    },
  };
}
