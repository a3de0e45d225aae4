import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEXTS, tinyModel } from './fixtures/tiny-model.js';
import type { StaticEmbedding } from './static-embedding.js';

let model: StaticEmbedding;

beforeEach(async () => {
  model = await tinyModel();
});

afterEach(() => model.dispose());

/** A source that tells how far it was read and whether it was closed. */
function watchedSource(count: number): {
  readonly texts: AsyncGenerator<string>;
  readonly seen: { pulled: number; isClosed: boolean };
} {
  const seen = { pulled: 0, isClosed: false };
  async function* generate(): AsyncGenerator<string> {
    try {
      for (let index = 0; index < count; index++) {
        seen.pulled += 1;
        yield TEXTS[index % TEXTS.length]!;
      }
    } finally {
      seen.isClosed = true;
    }
  }
  return { texts: generate(), seen };
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('encodeStream', () => {
  it.each([1, 2, 4, 6, 100])('gives the embeddings of `encode` in order, in batches of %d', async (batchSize) => {
    const expected = model.encode(TEXTS, { normalize: true });
    async function* texts(): AsyncGenerator<string> {
      yield* TEXTS;
    }
    for (const source of [TEXTS, texts()]) {
      const embeddings = await collect(model.encodeStream(source, { batchSize, normalize: true }));
      expect(Float32Array.from(embeddings.flatMap((embedding) => [...embedding]))).toEqual(expected.data);
      expect(embeddings).toHaveLength(TEXTS.length);
    }
  });

  it('gives nothing for no texts', async () => {
    expect(await collect(model.encodeStream([]))).toEqual([]);
  });

  it('reads one batch ahead at most, and closes a source that is left early', async () => {
    const { texts, seen } = watchedSource(1000);
    let taken = 0;
    for await (const _ of model.encodeStream(texts, { batchSize: 10 })) {
      taken += 1;
      expect(seen.pulled).toBe(Math.ceil(taken / 10) * 10);
      if (taken === 25) break;
    }
    expect(seen).toEqual({ pulled: 30, isClosed: true });
  });

  it('reads nothing before the first embedding is asked for', async () => {
    const { texts, seen } = watchedSource(10);
    model.encodeStream(texts);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen.pulled).toBe(0);
  });

  it('stops with the reason of the signal between batches', async () => {
    const { texts, seen } = watchedSource(1000);
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = async (): Promise<void> => {
      let taken = 0;
      for await (const _ of model.encodeStream(texts, { batchSize: 10, signal: controller.signal })) {
        taken += 1;
        if (taken === 10) controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(seen).toEqual({ pulled: 10, isClosed: true });
  });

  it('stops while it waits for a source that says nothing', async () => {
    let isClosed = false;
    const silent: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          isClosed = true;
          return new Promise(() => {});
        },
      }),
    };
    const signal = AbortSignal.timeout(10);
    await expect(collect(model.encodeStream(silent, { signal }))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(isClosed).toBe(true);
  });

  it('lets timers run while it reads a source that never waits', async () => {
    function* endless(): Generator<string> {
      for (;;) yield 'the cat sat';
    }
    const signal = AbortSignal.timeout(20);
    await expect(collect(model.encodeStream(endless(), { signal, batchSize: 50 }))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('hands on the error of the source', async () => {
    const failure = new Error('the disk is gone');
    async function* broken(): AsyncGenerator<string> {
      yield 'the cat';
      throw failure;
    }
    await expect(collect(model.encodeStream(broken()))).rejects.toBe(failure);
  });

  it('refuses int8 without ranges before it reads a text', () => {
    const { texts, seen } = watchedSource(10);
    expect(() => model.encodeStream(texts, { precision: 'int8' })).toThrow('Call `calibrate`');
    expect(seen.pulled).toBe(0);
  });

  it('quantises with the ranges of the model', async () => {
    model.calibrate(TEXTS);
    const codes = await collect(model.encodeStream(TEXTS, { precision: 'int8', batchSize: 2 }));
    expect(Int8Array.from(codes.flatMap((code) => [...code]))).toEqual(model.encode(TEXTS, { precision: 'int8' }).data);
  });

  it('refuses a bare string', () => {
    expect(() => model.encodeStream('the cat')).toThrow(
      'Expected `texts` to be an iterable of texts, received one string. Pass `[text]`, or call `encode`.',
    );
  });

  it('tells how many texts are done', async () => {
    const done: number[] = [];
    await collect(model.encodeStream(TEXTS, { batchSize: 4, onProgress: (count) => done.push(count) }));
    expect(done).toEqual([4, 6]);
  });

  it('notices that the model was disposed of', async () => {
    const run = async (): Promise<void> => {
      for await (const _ of model.encodeStream(TEXTS, { batchSize: 1 })) model.dispose();
    };
    await expect(run()).rejects.toMatchObject({ code: 'model-disposed' });
  });
});
