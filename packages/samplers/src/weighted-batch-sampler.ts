import {
  type BatchStream,
  createRandom,
  EmbedbagError,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  type MultiDatasetBatchSampler,
} from '@embedbag/core';
import { streamsOrigin, turnsStream } from './turns-stream.js';

/** The options of {@link weightedBatchSampler}. */
export interface WeightedBatchSamplerOptions {
  /**
   * By dataset: how many of its batches come for how many of the others. 0 leaves a dataset out. Further ones than there are
   * datasets are not used.
   */
  readonly weights: readonly number[];
}

const NAME = 'WEIGHTED';
/** A product such as 0.1 * 30 that falls short of a whole number by this share is one. */
const ROUNDING = 1e-9;

function checkWeights(weights: readonly number[]): void {
  const wrong = weights.findIndex((weight) => !Number.isFinite(weight) || weight < 0);
  const isEmpty = wrong === -1 && !weights.some((weight) => weight > 0);
  if (wrong === -1 && !isEmpty) return;
  const received = isEmpty ? 'none above 0' : `${weights[wrong]} for dataset ${wrong}`;
  throw new EmbedbagError({
    code: 'weights-invalid',
    message: `Expected \`weights\` to be finite numbers of at least 0, one of them above 0, received ${received}. Correct that weight.`,
    details: { received },
  });
}

/** How many batches of each stream come: in the proportions of `weights`, the most that no stream gives a batch twice for. */
function batchesOfStreams(streams: readonly BatchStream[], weights: readonly number[]): number[] {
  if (streams.length > weights.length) {
    throw new EmbedbagError({
      code: 'weights-invalid',
      message: `Expected \`weights\` to hold a number for each of ${streams.length} datasets, received ${weights.length}. Add the missing ones.`,
      details: { datasets: streams.length, weights: weights.length },
    });
  }
  const drawn = streams.map(({ count }, dataset) => count > 0 && weights[dataset]! > 0);
  const limits = streams.map(({ count }, dataset) => count / weights[dataset]!).filter((_, dataset) => drawn[dataset]);
  const unit = limits.length === 0 ? 0 : Math.min(...limits);
  return streams.map(({ count }, dataset) => {
    const exact = unit * weights[dataset]! * (1 + ROUNDING);
    return drawn[dataset] ? Math.min(count, Math.max(1, Math.floor(exact))) : 0;
  });
}

/**
 * WEIGHTED: batches of the datasets in given proportions, in random order, where PROPORTIONAL would let the largest
 * dataset prevail.
 *
 * No batch comes twice: the dataset that is scarcest for its weight gives all its `count` batches, the others as many as
 * their weights are to its own, rounded down and at least one. So with counts 100 and 20 and weights 2 and 1, 40 and 20
 * batches come. Not part of sentence-transformers.
 *
 * Throws `weights-invalid`, `open` too where there are more datasets than weights; `skip` throws `skip-invalid`, `restore`
 * throws `stream-state-invalid`.
 *
 * @example
 * ```ts
 * const batches = weightedBatchSampler({ weights: [2, 1] }).open([questions, titles], { seed: 42 });
 * const batch = batches.next(); // { dataset, rows }
 * ```
 */
export function weightedBatchSampler({ weights }: WeightedBatchSamplerOptions): MultiDatasetBatchSampler {
  checkWeights(weights);
  const kept = [...weights];
  return {
    contract: MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
    name: NAME,
    config: { weights: kept },
    open(streams, { seed }) {
      const batches = batchesOfStreams(streams, kept);
      const turns = Int32Array.from(batches.flatMap((count, dataset) => new Array<number>(count).fill(dataset)));
      createRandom(seed, NAME).shuffle(turns);
      return turnsStream(streams, turns, streamsOrigin(NAME, streams, { seed, weights: kept }));
    },
  };
}
