import type { BatchStream, BatchStreamState, DatasetBatchStream } from './batch-sampler.js';

/** Where `stream` stands: its own state, or its position where it keeps none. */
export function saveStream(stream: BatchStream | DatasetBatchStream): BatchStreamState {
  return stream.state?.() ?? { position: stream.position };
}

/**
 * Takes a stream that was opened with the same rows and options as the one that `state` was saved from to the same place.
 * A stream that keeps no state of its own skips the batches.
 *
 * @example
 * ```ts
 * const state = saveStream(stream);
 * const again = sampler.open(rows, options);
 * restoreStream(again, state); // `again` goes on as `stream` does
 * ```
 */
export function restoreStream(stream: BatchStream | DatasetBatchStream, state: BatchStreamState): void {
  if (stream.restore === undefined) stream.skip(state.position);
  else stream.restore(state);
}
