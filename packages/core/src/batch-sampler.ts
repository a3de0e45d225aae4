import type { JsonObject } from './json.js';
import type { RowBlocks } from './row-blocks.js';

/** The version tag of {@link BatchSampler}. */
export const BATCH_SAMPLER_CONTRACT = 'embedbag/batch-sampler@1';
/** The version tag of {@link MultiDatasetBatchSampler}. */
export const MULTI_DATASET_BATCH_SAMPLER_CONTRACT = 'embedbag/multi-dataset-batch-sampler@1';

/** What a sampler may know of a dataset: how many rows, and which texts are equal. */
export interface SampledRows {
  readonly rowCount: number;
  readonly columns: readonly string[];
  /** See `TextDataset.textHashes`. */
  textHashes(column: number): Uint32Array;
  /** See `TextDataset.valid`. A text that a row does not have is equal to no other. */
  valid?(column: number, rows: ArrayLike<number>): Uint8Array | undefined;
  /** See `TextDataset.labels`. */
  labels?(rows: ArrayLike<number>): Float32Array;
  /** See `TextDataset.blocks`. A sampler that minds them draws few blocks at a time. */
  readonly blocks?: RowBlocks;
}

export interface BatchSamplerOptions {
  /** Rows a batch. */
  readonly batchSize: number;
  /** Leave out batches smaller than `batchSize`. */
  readonly dropLast: boolean;
  /** The order is a function of this seed, the same on every platform. */
  readonly seed: number;
}

/** Where a stream stands, as plain JSON. What else is in it is the stream's own affair. */
export interface BatchStreamState extends JsonObject {
  readonly position: number;
}

/** A stream that can tell where it stands and begin there. It has both methods or none; see `saveStream`. */
interface SavedStream {
  /** Where the stream stands now. */
  state?(): BatchStreamState;
  /**
   * Goes on from `state` with the bytes that `skip(state.position)` would lead to. To be called on a stream that has given
   * nothing yet, of the same rows and options. Throws `stream-state-invalid` for the state of another.
   */
  restore?(state: BatchStreamState): void;
}

/** One pass of batches. */
export interface BatchStream extends SavedStream {
  /** How many batches the pass counts in steps and schedule. */
  readonly count: number;
  /** How many batches were handed out or skipped. */
  readonly position: number;
  /** The row numbers of the next batch, owned by the caller; undefined at the end. */
  next(): Int32Array | undefined;
  /** Goes on as if `batches` batches had been handed out. */
  skip(batches: number): void;
}

/** Puts the rows of one dataset into batches. */
export interface BatchSampler {
  readonly contract: typeof BATCH_SAMPLER_CONTRACT;
  readonly name: string;
  readonly config: JsonObject;
  /** Begins a pass. To take up a pass again, open it with the same seed, and `restoreStream` or `skip(position)`. */
  open(rows: SampledRows, options: BatchSamplerOptions): BatchStream;
}

/** A batch that knows which dataset it is from. */
export interface DatasetBatch {
  /** Index into the list of streams. */
  readonly dataset: number;
  readonly rows: Int32Array;
}

/** One pass over several datasets. */
export interface DatasetBatchStream extends SavedStream {
  readonly count: number;
  readonly position: number;
  next(): DatasetBatch | undefined;
  skip(batches: number): void;
}

/** Interleaves the batches of several datasets; each batch comes from one dataset. */
export interface MultiDatasetBatchSampler {
  readonly contract: typeof MULTI_DATASET_BATCH_SAMPLER_CONTRACT;
  readonly name: string;
  readonly config: JsonObject;
  open(streams: readonly BatchStream[], options: { readonly seed: number }): DatasetBatchStream;
}
