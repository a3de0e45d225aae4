import { BATCH_SAMPLER_CONTRACT, type BatchSampler, type BatchStream, createRandom } from '@embedbag/core';
import { expect, test } from 'vitest';
import { batchSamplerChecks } from './batch-sampler-checks.js';
import { breakPlugin, expectCheckFails, type PluginDefect } from './broken-plugins.js';
import { testBatchSampler } from './test-batch-sampler.js';

/** A stream over batches that were made beforehand. */
function listStream(batches: readonly Int32Array[]): BatchStream {
  let position = 0;
  return {
    count: batches.length,
    get position() {
      return position;
    },
    next() {
      if (position === batches.length) return undefined;
      position += 1;
      return batches[position - 1]!.slice();
    },
    skip(skipped) {
      position = Math.min(position + skipped, batches.length);
    },
  };
}

/** Rows in random order, cut into batches. */
function plainSampler(): BatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: 'PLAIN',
    config: { order: 'random' },
    open({ rowCount }, { batchSize, dropLast, seed }) {
      const order = Int32Array.from({ length: rowCount }, (_, row) => row);
      createRandom(seed).shuffle(order);
      const all = Array.from({ length: Math.ceil(rowCount / batchSize) }, (_, i) =>
        order.slice(i * batchSize, (i + 1) * batchSize),
      );
      return listStream(all.filter((batch) => !dropLast || batch.length === batchSize));
    },
  };
}

testBatchSampler({ create: plainSampler });

/** The stream of `right` with some of its members replaced. */
function streamWith(right: BatchSampler, change: (stream: BatchStream) => Partial<BatchStream>): Partial<BatchSampler> {
  return {
    open(rows, options) {
      const stream = right.open(rows, options);
      const changed = change(stream);
      return Object.defineProperties(
        { ...stream },
        {
          position: { get: () => stream.position },
          ...Object.getOwnPropertyDescriptors(changed),
        },
      ) as BatchStream;
    },
  };
}

const DEFECTS: readonly PluginDefect<BatchSampler>[] = [
  { what: 'has another contract', noticedBy: 'names itself', broken: () => ({ contract: 'x' as never }) },
  { what: 'has no name', noticedBy: 'names itself', broken: () => ({ name: '' }) },
  { what: 'has a map in its config', noticedBy: 'names itself', broken: () => ({ config: { a: new Map() as never } }) },
  {
    what: 'gives rows beyond the last',
    noticedBy: 'rows that are there',
    broken: (right) => streamWith(right, (stream) => ({ next: () => stream.next()?.map((row) => row + 1) })),
  },
  {
    what: 'gives a row twice in a batch',
    noticedBy: 'rows that are there',
    broken: (right) =>
      streamWith(right, (stream) => ({ next: () => stream.next()?.map((row, i, rows) => (i === 1 ? rows[0]! : row)) })),
  },
  {
    what: 'gives batches larger than asked for',
    noticedBy: 'rows that are there',
    broken: (right) => ({
      open: (rows, options) => right.open(rows, { ...options, batchSize: options.batchSize + 1 }),
    }),
  },
  {
    what: 'gives plain lists',
    noticedBy: 'rows that are there',
    broken: (right) => streamWith(right, (stream) => ({ next: () => (stream.next() && [0]) as never })),
  },
  {
    what: 'leaves the last rows out',
    noticedBy: 'every row once',
    broken: (right) => ({ open: (rows, options) => right.open(rows, { ...options, dropLast: true }) }),
  },
  {
    what: 'ignores `dropLast`',
    noticedBy: 'full batches only',
    broken: (right) => ({ open: (rows, options) => right.open(rows, { ...options, dropLast: false }) }),
  },
  { what: 'puts equal texts together', noticedBy: 'puts no text', broken: () => ({}) },
  {
    what: 'counts one batch too few',
    noticedBy: 'counts its batches',
    broken: (right) => streamWith(right, (stream) => ({ count: Math.max(0, stream.count - 1) })),
  },
  {
    what: 'counts what is left',
    noticedBy: 'counts its batches',
    broken: (right) =>
      streamWith(right, (stream) => ({
        get count() {
          return stream.count - stream.position;
        },
      })),
  },
  {
    what: 'counts positions from 1',
    noticedBy: 'tells its position',
    broken: (right) =>
      streamWith(right, (stream) => ({
        get position() {
          return stream.position + 1;
        },
      })),
  },
  {
    what: 'begins again after the end',
    noticedBy: 'tells its position',
    broken: (right) => ({
      open(rows, options) {
        let stream = right.open(rows, options);
        return {
          count: stream.count,
          get position() {
            return stream.position;
          },
          next() {
            const batch = stream.next();
            if (batch === undefined) stream = right.open(rows, options);
            return batch;
          },
          skip: (batches) => stream.skip(batches),
        };
      },
    }),
  },
  {
    what: 'skips one batch too many',
    noticedBy: 'skips as if',
    broken: (right) => streamWith(right, (stream) => ({ skip: (batches) => stream.skip(batches + 1) })),
  },
  {
    what: 'is restored one batch too far',
    noticedBy: 'goes on from a saved place',
    broken: (right) =>
      streamWith(right, (stream) => ({
        state: () => ({ position: stream.position }),
        restore: ({ position }) => stream.skip(position + 1),
      })),
  },
  {
    what: 'draws a batch to save its place',
    noticedBy: 'goes on from a saved place',
    broken: (right) =>
      streamWith(right, (stream) => ({
        state() {
          const { position } = stream;
          stream.next();
          return { position };
        },
        restore: ({ position }) => stream.skip(position),
      })),
  },
  {
    what: 'saves what is no JSON',
    noticedBy: 'goes on from a saved place',
    broken: (right) =>
      streamWith(right, (stream) => ({
        state: () => ({ position: stream.position, order: new Int32Array(1) as never }),
        restore: ({ position }) => stream.skip(position),
      })),
  },
  {
    what: 'cannot restore what it saves',
    noticedBy: 'both or none',
    broken: (right) => streamWith(right, (stream) => ({ state: () => ({ position: stream.position }) })),
  },
  {
    what: 'sorts the hashes',
    noticedBy: 'changes nothing that it borrows',
    broken: (right) => ({
      open(rows, options) {
        rows.textHashes(0).sort();
        return right.open(rows, options);
      },
    }),
  },
  {
    what: 'asks for a column that is not there',
    noticedBy: 'changes nothing that it borrows',
    broken: (right) => ({
      open(rows, options) {
        rows.textHashes(rows.columns.length);
        return right.open(rows, options);
      },
    }),
  },
  {
    what: 'gives every batch in the same array',
    noticedBy: 'belong to the caller',
    broken: (right) =>
      streamWith(right, (stream) => {
        const buffer = new Int32Array(100);
        return {
          next() {
            const batch = stream.next();
            if (batch !== undefined) buffer.set(batch);
            return batch && buffer.subarray(0, batch.length);
          },
        };
      }),
  },
  {
    what: 'draws from outside the seed',
    noticedBy: 'same batches for a seed',
    broken: (right) => {
      let calls = 0;
      return { open: (rows, options) => right.open(rows, { ...options, seed: options.seed + calls++ }) };
    },
  },
  {
    what: 'ignores the seed',
    noticedBy: 'same batches for a seed',
    broken: (right) => ({ open: (rows, options) => right.open(rows, { ...options, seed: 1 }) }),
  },
  {
    what: 'shares one stream',
    noticedBy: 'keeps streams apart',
    broken: (right) => {
      let shared: BatchStream | undefined;
      return {
        open(rows, options) {
          shared ??= right.open(rows, options);
          return shared;
        },
      };
    },
  },
];

test.each(DEFECTS)('the check $noticedBy notices a batch sampler that $what', async (defect) => {
  // A sampler that remembers or counts its calls must do so over all that the check makes.
  const sampler = breakPlugin(plainSampler(), defect);
  const create = defect.noticedBy === 'keeps streams apart' ? () => breakPlugin(plainSampler(), defect) : () => sampler;
  const settings = {
    create,
    drawsEveryRow: true,
    distinctTexts: true,
    isShuffled: true,
    batchSizes: [1, 4, 7, 100],
    minRows: 0,
    labelOf: undefined,
  };
  await expectCheckFails(batchSamplerChecks, defect.noticedBy, settings);
});

test('every check of a batch sampler is shown to notice something', () => {
  for (const { title } of batchSamplerChecks) {
    expect(DEFECTS.filter(({ noticedBy }) => title.includes(noticedBy)).length, title).toBeGreaterThan(0);
  }
});
