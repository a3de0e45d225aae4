import {
  createRandom,
  type DatasetBatch,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  type MultiDatasetBatchSampler,
} from '@embedbag/core';
import { checkSkip } from './stream-arguments.js';

/**
 * PROPORTIONAL: `count` batches of each stream, in random order, so that larger datasets come more often.
 *
 * What a stream has beyond its `count` is not drawn. The turn of a stream that ends before its `count` falls away.
 * Follows `ProportionalBatchSampler` of sentence-transformers 6.2. `skip` throws `skip-invalid`.
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
    name: 'PROPORTIONAL',
    config: {},
    open(streams, { seed }) {
      const turns = Int32Array.from(
        streams.flatMap((stream, dataset) => new Array<number>(stream.count).fill(dataset)),
      );
      createRandom(seed, 'PROPORTIONAL').shuffle(turns);
      let turn = 0;
      let position = 0;
      const next = (): DatasetBatch | undefined => {
        while (turn < turns.length) {
          const dataset = turns[turn++]!;
          const rows = streams[dataset]!.next();
          if (rows === undefined) continue;
          position += 1;
          return { dataset, rows };
        }
        return undefined;
      };
      return {
        count: turns.length,
        get position() {
          return position;
        },
        next,
        skip(batches) {
          checkSkip(batches);
          for (let i = 0; i < batches && next() !== undefined; i++);
        },
      };
    },
  };
}
