/** What one side pushes, the other takes by asynchronous iteration. */
export interface EventQueue<Event> extends AsyncIterable<Event> {
  /** Keeps `event` for the one who iterates; without one it is dropped. */
  push(event: Event): void;
  /** Resolves when all that was pushed has been taken, at once where nobody iterates. */
  taken(): Promise<void>;
  /** Ends the iteration after what was pushed. */
  end(): void;
  /** Ends it with an error. */
  fail(error: unknown): void;
}

type Ending = { readonly error?: unknown };

/** An empty queue, for one iteration. */
export function createEventQueue<Event>(): EventQueue<Event> {
  let isFollowed = false;
  let ending: Ending | undefined;
  let events: Event[] = [];
  let wakeReader: (() => void) | undefined;
  let wakeWriters: (() => void)[] = [];
  const wake = (): void => {
    wakeReader?.();
    wakeReader = undefined;
  };
  const free = (): void => {
    for (const resolve of wakeWriters) resolve();
    wakeWriters = [];
  };

  async function* iterate(): AsyncGenerator<Event, void, void> {
    try {
      for (;;) {
        while (events.length > 0) yield events.shift()!;
        if (ending !== undefined) break;
        free();
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
      if (ending !== undefined && 'error' in ending) throw ending.error;
    } finally {
      isFollowed = false;
      events = [];
      free();
    }
  }

  return {
    push(event) {
      if (!isFollowed) return;
      events.push(event);
      wake();
    },
    taken() {
      const isIdle = events.length === 0 && wakeReader !== undefined;
      if (!isFollowed || isIdle) return Promise.resolve();
      return new Promise((resolve) => wakeWriters.push(resolve));
    },
    end() {
      ending = {};
      wake();
    },
    fail(error) {
      ending = { error };
      wake();
    },
    [Symbol.asyncIterator]() {
      isFollowed = true;
      return iterate();
    },
  };
}
