import { createRandom, type DatasetBatch } from '@embedbag/core';
import type { ResolvedTrainOptions } from './train-options.js';

/** What decides how the rows of all datasets become batches. */
export type EpochBatchesOptions = Pick<
  ResolvedTrainOptions,
  'datasets' | 'batchSampler' | 'multiDatasetBatchSampler' | 'arguments'
>;

/** The batches of one epoch. */
export interface EpochBatches {
  /** How many batches the epoch counts in steps and schedule. */
  readonly count: number;
  /** Batches of each dataset. */
  readonly countByDataset: readonly number[];
  /** How many batches were handed out. */
  readonly position: number;
  next(): DatasetBatch | undefined;
  /** By dataset, how many rows have not been in any batch yet. */
  undrawnRows(): number[];
}

/**
 * Begins epoch `epoch`, counted from 0. Each epoch and dataset has a seed of its own, made from the run's, so the same
 * options and epoch give the same batches.
 */
export function openEpochBatches(options: EpochBatchesOptions, epoch: number): EpochBatches {
  const { datasets, batchSampler, multiDatasetBatchSampler, arguments: args } = options;
  const { seed, perDeviceTrainBatchSize: batchSize, dataloaderDropLast: dropLast } = args;
  const streams = datasets.map((dataset, index) => {
    const streamSeed = createRandom(seed, `batch-sampler/${epoch}/${index}`).uint32();
    return batchSampler.open(dataset, { batchSize, dropLast, seed: streamSeed });
  });
  const mixSeed = createRandom(seed, `multi-dataset-batch-sampler/${epoch}`).uint32();
  const mixed = multiDatasetBatchSampler.open(streams, { seed: mixSeed });
  const drawn = datasets.map((dataset) => new Uint8Array(dataset.rowCount));
  return {
    count: mixed.count,
    countByDataset: streams.map((stream) => stream.count),
    get position() {
      return mixed.position;
    },
    next() {
      const batch = mixed.next();
      if (batch !== undefined) for (const row of batch.rows) drawn[batch.dataset]![row] = 1;
      return batch;
    },
    undrawnRows: () => drawn.map((rows) => rows.reduce((left, isDrawn) => left - isDrawn, rows.length)),
  };
}
