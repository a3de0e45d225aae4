import { EmbedbagError } from '@embedbag/core';

/** A source of texts, one after the other. */
export type TextStream = AsyncIterable<string> | Iterable<string>;

/** Throws `texts-invalid` for a bare string, which is iterable too: by characters. */
export function requireTextStream(texts: TextStream): void {
  if (typeof texts !== 'string') return;
  throw new EmbedbagError({
    code: 'texts-invalid',
    message: 'Expected `texts` to be an iterable of texts, received one string. Pass `[text]`, or call `encode`.',
  });
}

/** Settles as `pending` does, or rejects with the signal's reason as soon as it aborts. */
function unlessAborted<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return pending;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Lets timers, input and abort signals have their turn. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * Collects texts into batches of `batchSize`, the last one shorter. A text is asked for only when a batch is asked for.
 * An abort is noticed at once, also while the source is being waited for; a source that is left early is closed.
 */
export async function* textBatches(
  texts: TextStream,
  batchSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[], void, undefined> {
  const iterator = Symbol.asyncIterator in texts ? texts[Symbol.asyncIterator]() : texts[Symbol.iterator]();
  let state: 'open' | 'waiting' | 'ended' = 'open';
  try {
    while (state === 'open') {
      const batch: string[] = [];
      while (batch.length < batchSize) {
        signal?.throwIfAborted();
        state = 'waiting';
        const next = iterator.next();
        const result = 'then' in next ? await unlessAborted(next, signal) : next;
        state = result.done === true ? 'ended' : 'open';
        if (result.done === true) break;
        batch.push(result.value);
      }
      if (batch.length > 0) yield batch;
      await otherWork();
    }
  } finally {
    if (state === 'open') await iterator.return?.();
    // A source that was aborted while it waits may never answer, so its end is not waited for.
    else if (state === 'waiting' && signal?.aborted) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
