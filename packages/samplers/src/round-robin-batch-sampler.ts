import {
  type BatchStream,
  type BatchStreamState,
  type DatasetBatch,
  type DatasetBatchStream,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  type MultiDatasetBatchSampler,
} from '@embedbag/core';
import { checkSkip } from './stream-arguments.js';
import { checkStreamState, stateNumbers, streamState } from './stream-state.js';
import { restoreStreams, saveStreams, streamsOrigin } from './turns-stream.js';

const NAME = 'ROUND_ROBIN';

/** Whole rounds over the streams. */
function roundsStream(streams: readonly BatchStream[], rounds: number): DatasetBatchStream {
  const origin = streamsOrigin(NAME, streams, {});
  /** What is left of the round that has begun. */
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
  /** The rest of a round that was drawn from the streams already. */
  const restoreRound = (state: BatchStreamState): DatasetBatch[] =>
    stateNumbers(state, 'round', streams.length).map((dataset) => ({
      dataset,
      rows: Int32Array.from(stateNumbers(state, `rows-${dataset}`, 2 ** 31)),
    }));
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
    state: () =>
      streamState(origin, position, {
        begun: [begun],
        round: round.map(({ dataset }) => dataset),
        ...Object.fromEntries(round.map(({ dataset, rows }) => [`rows-${dataset}`, [...rows]])),
        streams: saveStreams(streams),
      }),
    restore(state) {
      checkStreamState(state, origin, position);
      begun = stateNumbers(state, 'begun', rounds + 1)[0] ?? 0;
      round = restoreRound(state);
      position = state.position;
      restoreStreams(streams, state);
    },
  };
}

/**
 * ROUND_ROBIN: one batch of each stream in turn, until the stream with the lowest `count` is at its end.
 *
 * Only whole rounds are handed out, so every dataset gives the same number of batches. There is no chance in it: `seed`
 * is not used. Follows `RoundRobinBatchSampler` of sentence-transformers 6.2. `skip` throws `skip-invalid`,
 * `restore` throws `stream-state-invalid`.
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
    name: NAME,
    config: {},
    open(streams) {
      const shortest = streams.reduce((least, stream) => Math.min(least, stream.count), Number.POSITIVE_INFINITY);
      const rounds = streams.length === 0 ? 0 : shortest;
      return roundsStream(streams, rounds);
    },
  };
}
