import {
  type BatchStream,
  type BatchStreamState,
  type DatasetBatch,
  type DatasetBatchStream,
  type JsonObject,
  restoreStream,
  saveStream,
} from '@embedbag/core';
import { checkSkip } from './stream-arguments.js';
import { checkStreamState, type StreamOrigin, stateNumbers, streamState } from './stream-state.js';

/** What a stream over `streams` was opened with. */
export function streamsOrigin(sampler: string, streams: readonly BatchStream[], options: JsonObject): StreamOrigin {
  return { sampler, ...options, counts: streams.map(({ count }) => count) };
}

/** The states of `streams`, for the state of a stream over them. */
export function saveStreams(streams: readonly BatchStream[]): BatchStreamState[] {
  return streams.map(saveStream);
}

/** Takes `streams` to the places that `state` holds under `streams`. */
export function restoreStreams(streams: readonly BatchStream[], state: BatchStreamState): void {
  const saved = state.streams as readonly BatchStreamState[];
  for (const [dataset, stream] of streams.entries()) restoreStream(stream, saved[dataset]!);
}

/** One batch of stream `turns[i]` after the other. The turn of a stream that is at its end falls away. */
export function turnsStream(
  streams: readonly BatchStream[],
  turns: Int32Array,
  origin: StreamOrigin,
): DatasetBatchStream {
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
    state: () => streamState(origin, position, { turn: [turn], streams: saveStreams(streams) }),
    restore(state) {
      checkStreamState(state, origin, position);
      turn = stateNumbers(state, 'turn', turns.length + 1)[0] ?? 0;
      position = state.position;
      restoreStreams(streams, state);
    },
  };
}
