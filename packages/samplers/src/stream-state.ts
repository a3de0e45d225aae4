import { type BatchStreamState, EmbedbagError, type JsonObject } from '@embedbag/core';

/** What a stream was opened with, as far as its state depends on it. Plain JSON. */
export type StreamOrigin = JsonObject & { readonly sampler: string };

/** A state and what it came from. */
interface OriginState extends BatchStreamState {
  readonly origin: StreamOrigin;
}

function invalid(expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'stream-state-invalid',
    message: `Expected the state of a stream of ${expected}, received ${received}. Open the stream with the rows, options and seed it was saved with.`,
    details: { expected, received },
  });
}

function describe(origin: StreamOrigin): string {
  const { sampler, ...others } = origin;
  return `${sampler} with ${JSON.stringify(others)}`;
}

/** The state of a stream at `position`, with what else it must keep. */
export function streamState(origin: StreamOrigin, position: number, more: JsonObject = {}): BatchStreamState {
  return { position, origin, ...more };
}

/** Throws `stream-state-invalid` unless `state` came from a stream like this one, of which nothing was drawn yet. */
export function checkStreamState(state: BatchStreamState, origin: StreamOrigin, position: number): void {
  const { origin: saved, position: place } = state as Partial<OriginState>;
  if (typeof saved !== 'object' || saved === null || !Number.isSafeInteger(place) || place! < 0) {
    throw invalid(describe(origin), `${JSON.stringify(state) ?? typeof state}`.slice(0, 200));
  }
  if (JSON.stringify(saved) !== JSON.stringify(origin)) throw invalid(describe(origin), describe(saved));
  if (position === 0) return;
  throw new EmbedbagError({
    code: 'stream-state-invalid',
    message: `Expected to restore a stream that has given nothing yet, received one at ${position}. Open a new one.`,
    details: { position },
  });
}

/** The list of whole numbers below `limit` under `name` in `state`; throws `stream-state-invalid`. */
export function stateNumbers(state: BatchStreamState, name: string, limit: number): number[] {
  const numbers = state[name];
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (Array.isArray(numbers) && numbers.every((value) => isWhole(value) && value < limit)) return numbers as number[];
  throw invalid(`\`${name}\` with whole numbers below ${limit}`, `${JSON.stringify(numbers)}`.slice(0, 200));
}
