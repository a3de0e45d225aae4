import {
  type BatchStreamState,
  createRandom,
  type DatasetBatch,
  type JsonObject,
  restoreStream,
  saveStream,
} from '@embedbag/core';
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
  /** Where the stream stands, as plain JSON. */
  state(): EpochBatchesState;
  /** Goes on from `state`. To be called before `next`. */
  restore(state: EpochBatchesState): void;
  /** Goes on as if `batches` batches had been handed out. To be called before `next`. */
  replay(batches: number): void;
}

/** A place among the batches of an epoch. */
export interface EpochBatchesState extends JsonObject {
  readonly stream: BatchStreamState;
  /** By dataset, a bit a row: 1 where it was drawn; base64. */
  readonly drawn: readonly string[];
}

function packBits(flags: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let row = 0; row < flags.length; row++) bytes[row >> 3]! |= flags[row]! << (row & 7);
  return Buffer.from(bytes).toString('base64');
}

function unpackBits(text: string, flags: Uint8Array): void {
  const bytes = Buffer.from(text, 'base64');
  for (let row = 0; row < flags.length; row++) flags[row] = (bytes[row >> 3]! >> (row & 7)) & 1;
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
  const next = (): DatasetBatch | undefined => {
    const batch = mixed.next();
    if (batch !== undefined) for (const row of batch.rows) drawn[batch.dataset]![row] = 1;
    return batch;
  };
  return {
    count: mixed.count,
    countByDataset: streams.map((stream) => stream.count),
    get position() {
      return mixed.position;
    },
    next,
    undrawnRows: () => drawn.map((rows) => rows.reduce((left, isDrawn) => left - isDrawn, rows.length)),
    state: () => ({ stream: saveStream(mixed), drawn: drawn.map(packBits) }),
    restore(state) {
      restoreStream(mixed, state.stream);
      for (const [i, flags] of drawn.entries()) unpackBits(state.drawn[i] ?? '', flags);
    },
    replay(batches) {
      for (let i = 0; i < batches; i++) next();
    },
  };
}
