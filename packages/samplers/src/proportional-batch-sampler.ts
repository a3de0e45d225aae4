import { createRandom, MULTI_DATASET_BATCH_SAMPLER_CONTRACT, type MultiDatasetBatchSampler } from '@embedbag/core';
import { streamsOrigin, turnsStream } from './turns-stream.js';

const NAME = 'PROPORTIONAL';

/**
 * PROPORTIONAL: `count` batches of each stream, in random order, so that larger datasets come more often.
 *
 * What a stream has beyond its `count` is not drawn. The turn of a stream that ends before its `count` falls away.
 * Follows `ProportionalBatchSampler` of sentence-transformers 6.2. `skip` throws `skip-invalid`, `restore` throws
 * `stream-state-invalid`.
 *
 * @example
 * ```ts
 * const options = { batchSize: 2048, dropLast: false, seed: 42 };
 * const streams = datasets.map((dataset) => noDuplicatesBatchSampler().open(dataset, options));
 * const batches = proportionalBatchSampler().open(streams, { seed: 42 });
 * const batch = batches.next(); // { dataset, rows }
 * ```
 */
export function proportionalBatchSampler(): MultiDatasetBatchSampler {
  return {
    contract: MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
    name: NAME,
    config: {},
    open(streams, { seed }) {
      const turns = Int32Array.from(
        streams.flatMap((stream, dataset) => new Array<number>(stream.count).fill(dataset)),
      );
      createRandom(seed, NAME).shuffle(turns);
      return turnsStream(streams, turns, streamsOrigin(NAME, streams, { seed }));
    },
  };
}
