import { type DatasetBatch, MULTI_DATASET_BATCH_SAMPLER_CONTRACT, type MultiDatasetBatchSampler } from '@embedbag/core';
import { checkSkip } from './stream-arguments.js';

/**
 * ROUND_ROBIN: one batch of each stream in turn, until the stream with the lowest `count` is at its end.
 *
 * Only whole rounds are handed out, so every dataset gives the same number of batches. There is no chance in it: `seed`
 * is not used. Follows `RoundRobinBatchSampler` of sentence-transformers 6.2. `skip` throws `skip-invalid`.
 *
 * @example
 * ```ts
 * const batches = roundRobinBatchSampler().open([questions, titles], { seed: 42 });
 * const first = batches.next(); // of dataset 0
 * const second = batches.next(); // of dataset 1
 * ```
 */
export function roundRobinBatchSampler(): MultiDatasetBatchSampler {
  return {
    contract: MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
    name: 'ROUND_ROBIN',
    config: {},
    open(streams) {
      const shortest = streams.reduce((least, stream) => Math.min(least, stream.count), Number.POSITIVE_INFINITY);
      const rounds = streams.length === 0 ? 0 : shortest;
      let round: DatasetBatch[] = [];
      let begun = 0;
      let position = 0;
      const next = (): DatasetBatch | undefined => {
        if (round.length === 0) {
          if (begun === rounds) return undefined;
          begun += 1;
          round = streams.flatMap((stream, dataset) => {
            const rows = stream.next();
            return rows === undefined ? [] : [{ dataset, rows }];
          });
          if (round.length < streams.length) {
            // A stream ended before its count: the round is not whole, and none comes after it.
            begun = rounds;
            round = [];
            return undefined;
          }
        }
        position += 1;
        return round.shift();
      };
      return {
        count: rounds * streams.length,
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
