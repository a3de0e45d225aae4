import { type BatchStream, createRandom, hashTexts, restoreStream, type SampledRows, saveStream } from '@embedbag/core';
import { testBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noDuplicatesBatchSampler } from './no-duplicates-batch-sampler.js';

testBatchSampler({ create: noDuplicatesBatchSampler, distinctTexts: true });

/** Rows of texts as a list by row; an undefined text is one the row does not have. */
function rowsOf(texts: readonly (readonly (string | undefined)[])[], columnCount: number): SampledRows {
  const columns = Array.from({ length: columnCount }, (_, column) => texts.map((row) => row[column]));
  const hashes = columns.map((column) => hashTexts(column.map((text) => text ?? '')));
  return {
    rowCount: texts.length,
    columns: columns.map((_, column) => `column-${column}`),
    textHashes: (column) => hashes[column]!,
    valid: (column, rows) => Uint8Array.from(rows, (row) => (columns[column]![row] === undefined ? 0 : 1)),
  };
}

function drain(stream: BatchStream): number[][] {
  const batches: number[][] = [];
  for (let rows = stream.next(); rows !== undefined; rows = stream.next()) batches.push([...rows]);
  return batches;
}

/** The reference, word by word, over queues and sets of strings: the batches of one pass. */
function plainPass(texts: readonly (readonly (string | undefined)[])[], order: Int32Array, size: number): number[][] {
  const batches: number[][] = [];
  let queue = [...order];
  while (queue.length > 0) {
    const seen = new Set<string>();
    const batch: number[] = [];
    const left: number[] = [];
    for (const row of queue) {
      const own = texts[row]!.filter((text) => text !== undefined);
      if (batch.length === size || own.some((text) => seen.has(text))) left.push(row);
      else {
        batch.push(row);
        for (const text of own) seen.add(text);
      }
    }
    batches.push(batch);
    queue = left;
  }
  return batches;
}

const text = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.string({ maxLength: 3 }));
const problem = fc
  .record({ columnCount: fc.integer({ min: 1, max: 3 }), batchSize: fc.integer({ min: 1, max: 12 }), seed: fc.nat() })
  .chain((settings) =>
    fc.record({
      columnCount: fc.constant(settings.columnCount),
      options: fc.constant({ batchSize: settings.batchSize, dropLast: false, seed: settings.seed }),
      texts: fc.array(
        fc.array(fc.option(text, { nil: undefined, freq: 8 }), {
          minLength: settings.columnCount,
          maxLength: settings.columnCount,
        }),
        { maxLength: 60, size: 'max' },
      ),
    }),
  );

test('gives the batches of a plain queue with a set of strings', () => {
  fc.assert(
    fc.property(problem, ({ texts, columnCount, options }) => {
      const order = Int32Array.from(texts, (_, row) => row);
      createRandom(options.seed, 'NO_DUPLICATES').shuffle(order);
      const stream = noDuplicatesBatchSampler().open(rowsOf(texts, columnCount), options);
      expect(drain(stream)).toEqual(plainPass(texts, order, options.batchSize));
    }),
    { numRuns: 300 },
  );
});

test.each([6000, 500])(
  'of 12,000 rows of %i texts, gives the batches of a plain queue, also from a saved place',
  (count) => {
    const random = createRandom(7, 'texts');
    const textOf = (): string | undefined => (random.below(20) === 0 ? undefined : `text ${random.below(count)}`);
    const texts = Array.from({ length: 12_000 }, () => [textOf(), textOf()]);
    const rows = rowsOf(texts, 2);
    const options = { batchSize: 900, dropLast: false, seed: 3 };
    const order = Int32Array.from(texts, (_, row) => row);
    createRandom(options.seed, 'NO_DUPLICATES').shuffle(order);
    const expected = plainPass(texts, order, options.batchSize);
    expect(expected.length).toBeGreaterThan(Math.ceil(texts.length / options.batchSize));
    const stream = noDuplicatesBatchSampler().open(rows, options);
    for (const [position, batch] of expected.entries()) {
      if (position % 8 === 1) {
        const restored = noDuplicatesBatchSampler().open(rows, options);
        restoreStream(restored, saveStream(stream));
        expect(drain(restored)).toEqual(expected.slice(position));
      }
      expect([...stream.next()!]).toEqual(batch);
    }
    expect(stream.next()).toBeUndefined();
  },
);

test('every row comes once, and no batch holds a text twice but within a row', () => {
  fc.assert(
    fc.property(problem, ({ texts, columnCount, options }) => {
      const stream = noDuplicatesBatchSampler().open(rowsOf(texts, columnCount), options);
      const batches = drain(stream);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(texts.map((_, row) => row));
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(options.batchSize);
        const own = batch.flatMap((row) => [...new Set(texts[row]!.filter((each) => each !== undefined))]);
        expect(new Set(own).size).toBe(own.length);
      }
      expect(stream.undrawnRows).toBe(0);
      expect(stream.position).toBe(batches.length);
      expect(stream.count).toBe(Math.ceil(texts.length / options.batchSize));
      expect(batches.length).toBeGreaterThanOrEqual(stream.count);
    }),
  );
});

test('with `dropLast` hands out full batches only, and never more than it counts', () => {
  fc.assert(
    fc.property(problem, ({ texts, columnCount, options }) => {
      const stream = noDuplicatesBatchSampler().open(rowsOf(texts, columnCount), { ...options, dropLast: true });
      const batches = drain(stream);
      for (const batch of batches) expect(batch).toHaveLength(options.batchSize);
      expect(stream.count).toBe(Math.floor(texts.length / options.batchSize));
      expect(batches.length).toBeLessThanOrEqual(stream.count);
      expect(stream.undrawnRows).toBe(texts.length - new Set(batches.flat()).size);
      expect(stream.next()).toBeUndefined();
    }),
  );
});

test('skipping is the same as drawing', () => {
  fc.assert(
    fc.property(problem, fc.nat(20), fc.boolean(), ({ texts, columnCount, options }, skipped, dropLast) => {
      const rows = rowsOf(texts, columnCount);
      const drawn = drain(noDuplicatesBatchSampler().open(rows, { ...options, dropLast }));
      const stream = noDuplicatesBatchSampler().open(rows, { ...options, dropLast });
      stream.skip(skipped);
      expect(stream.position).toBe(Math.min(skipped, drawn.length));
      expect(drain(stream)).toEqual(drawn.slice(skipped));
    }),
  );
});

test('the same seed gives the same batches, another seed gives others', () => {
  const texts = Array.from({ length: 100 }, (_, row) => [`question ${row}`, `answer ${row % 90}`]);
  const draw = (seed: number): number[][] =>
    drain(noDuplicatesBatchSampler().open(rowsOf(texts, 2), { batchSize: 16, dropLast: false, seed }));
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
});

test('a row whose anchor is its positive comes like any other', () => {
  const stream = noDuplicatesBatchSampler().open(
    rowsOf(
      [
        ['same', 'same'],
        ['other', 'text'],
      ],
      2,
    ),
    { batchSize: 2, dropLast: false, seed: 1 },
  );
  expect(drain(stream)).toHaveLength(1);
});

test('a text in one column keeps out a row that has it in another', () => {
  const texts = [
    ['a', 'b'],
    ['c', 'a'],
  ];
  const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 2), { batchSize: 2, dropLast: false, seed: 1 });
  expect(drain(stream).map((batch) => batch.length)).toEqual([1, 1]);
});

test('goes beyond its count where rows repeat texts, and says how many rows are left at any time', () => {
  const texts = Array.from({ length: 6 }, (_, row) => [`question ${row}`, 'the one answer']);
  const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 2), { batchSize: 3, dropLast: false, seed: 1 });
  expect(stream.count).toBe(2);
  stream.skip(stream.count);
  expect(stream.undrawnRows).toBe(4);
  expect(drain(stream)).toHaveLength(4);
  expect(stream.undrawnRows).toBe(0);
});

test('with `dropLast` shuffles again up to twice to reach its count, and repeats rows for it', () => {
  // Two rows of each text: the first pass can leave a batch short, which is lost with its rows.
  const texts = Array.from({ length: 12 }, (_, row) => [`text ${row % 5}`]);
  const lengths = new Set<number>();
  let isRepeated = false;
  for (let seed = 0; seed < 50; seed++) {
    const options = { batchSize: 4, dropLast: true, seed };
    const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 1), options);
    const batches = drain(stream);
    const order = Int32Array.from(texts, (_, row) => row);
    createRandom(seed, 'NO_DUPLICATES').shuffle(order);
    const firstPass = plainPass(texts, order, 4).filter((batch) => batch.length === 4);
    expect(batches.slice(0, firstPass.length)).toEqual(firstPass);
    expect(stream.count).toBe(3);
    lengths.add(firstPass.length);
    isRepeated ||= new Set(batches.flat()).size < batches.flat().length;
    expect(batches).toHaveLength(3);
  }
  expect([...lengths].sort()).toContain(2);
  expect(isRepeated).toBe(true);
});

test('ends early where three passes cannot give what it counts', () => {
  // Each pass gives one full batch of the two texts: three in three passes, of five.
  const texts = Array.from({ length: 10 }, (_, row) => [row === 0 ? 'rare' : 'common']);
  const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 1), { batchSize: 2, dropLast: true, seed: 3 });
  expect(stream.count).toBe(5);
  expect(drain(stream)).toHaveLength(3);
});

test('gives nothing where no full batch can be had with `dropLast`', () => {
  const texts = Array.from({ length: 10 }, () => ['common']);
  const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 1), { batchSize: 2, dropLast: true, seed: 3 });
  expect(drain(stream)).toHaveLength(0);
  expect(stream.undrawnRows).toBe(10);
});

test('gives nothing where the first pass gives nothing, though another order might', () => {
  // The last three rows fill a batch, unless the first one comes before its two rivals.
  const texts = [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
    ['e', 'f'],
  ];
  const lengths = [];
  for (let seed = 0; seed < 40; seed++) {
    const order = Int32Array.of(0, 1, 2, 3);
    createRandom(seed, 'NO_DUPLICATES').shuffle(order);
    const firstPass = plainPass(texts, order, 3).filter((batch) => batch.length === 3);
    const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 2), { batchSize: 3, dropLast: true, seed });
    expect(drain(stream)).toEqual(firstPass);
    lengths.push(firstPass.length);
  }
  expect(lengths).toContain(0);
  expect(lengths).toContain(1);
});

test('a batch belongs to the caller', () => {
  const texts = Array.from({ length: 8 }, (_, row) => [`text ${row}`]);
  const options = { batchSize: 4, dropLast: false, seed: 1 };
  const stream = noDuplicatesBatchSampler().open(rowsOf(texts, 1), options);
  const first = stream.next()!;
  const copy = [...first];
  stream.next();
  expect([...first]).toEqual(copy);
});

test('refuses a batch size below 1 and hashes that are too few', () => {
  const rows = rowsOf([['a'], ['b']], 1);
  expect(() => noDuplicatesBatchSampler().open(rows, { batchSize: 0, dropLast: false, seed: 1 })).toThrow(
    'Expected `batchSize` to be a whole number of at least 1, received 0.',
  );
  const short: SampledRows = { rowCount: 2, columns: ['anchor'], textHashes: () => new Uint32Array(3) };
  expect(() => noDuplicatesBatchSampler().open(short, { batchSize: 2, dropLast: false, seed: 1 })).toThrow(
    'Expected `textHashes(0)` of column `anchor` to hold two words for each of 2 rows, received 3 words. Make them with `hashTexts`.',
  );
});
