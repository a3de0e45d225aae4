import { BATCH_SAMPLER_CONTRACT, type BatchSampler, createRandom } from '@embedbag/core';
import { ascendingRows, checkBatchSize, checkSkip, countBatches } from './stream-arguments.js';

/**
 * BATCH_SAMPLER: every row once, in random order, cut into batches of `batchSize` rows.
 *
 * The last batch is smaller where the rows do not divide evenly; with `dropLast` it is left out.
 * Follows `DefaultBatchSampler` of sentence-transformers 6.2.
 *
 * `open` throws `batch-size-invalid`, `skip` throws `skip-invalid`.
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
    name: 'BATCH_SAMPLER',
    config: {},
    open(rows, options) {
      checkBatchSize(options);
      const { batchSize, seed } = options;
      const order = ascendingRows(rows.rowCount);
      createRandom(seed, 'BATCH_SAMPLER').shuffle(order);
      const count = countBatches(rows, options);
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
      };
    },
  };
}
