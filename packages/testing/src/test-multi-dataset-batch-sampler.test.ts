import {
  createRandom,
  type DatasetBatchStream,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  type MultiDatasetBatchSampler,
} from '@embedbag/core';
import { expect, test } from 'vitest';
import { breakPlugin, expectCheckFails, type PluginDefect } from './broken-plugins.js';
import { multiDatasetBatchSamplerChecks } from './multi-dataset-batch-sampler-checks.js';
import { testMultiDatasetBatchSampler } from './test-multi-dataset-batch-sampler.js';

/** The turns of all streams in random order. */
function turnsSampler(): MultiDatasetBatchSampler {
  return {
    contract: MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
    name: 'TURNS',
    config: {},
    open(streams, { seed }) {
      const turns = Int32Array.from(streams.flatMap(({ count }, dataset) => new Array<number>(count).fill(dataset)));
      createRandom(seed).shuffle(turns);
      let turn = 0;
      let position = 0;
      const stream: DatasetBatchStream = {
        count: turns.length,
        get position() {
          return position;
        },
        next() {
          while (turn < turns.length) {
            const dataset = turns[turn++]!;
            const rows = streams[dataset]!.next();
            if (rows === undefined) continue;
            position += 1;
            return { dataset, rows };
          }
          return undefined;
        },
        skip(batches) {
          for (let i = 0; i < batches && stream.next() !== undefined; i++);
        },
      };
      return stream;
    },
  };
}

testMultiDatasetBatchSampler({ create: turnsSampler });

/** The stream of `right` with some of its members replaced. */
function streamWith(
  right: MultiDatasetBatchSampler,
  change: (stream: DatasetBatchStream) => Partial<DatasetBatchStream>,
): Partial<MultiDatasetBatchSampler> {
  return {
    open(streams, options) {
      const stream = right.open(streams, options);
      const descriptors = Object.getOwnPropertyDescriptors(change(stream));
      return Object.defineProperties(
        { ...stream },
        { position: { get: () => stream.position }, ...descriptors },
      ) as DatasetBatchStream;
    },
  };
}

const DEFECTS: readonly PluginDefect<MultiDatasetBatchSampler>[] = [
  { what: 'has another contract', noticedBy: 'names itself', broken: () => ({ contract: 'x' as never }) },
  {
    what: 'gives every batch to the first dataset',
    noticedBy: 'every stream in its order',
    broken: (right) =>
      streamWith(right, (stream) => ({
        next() {
          const batch = stream.next();
          return batch && { ...batch, dataset: 0 };
        },
      })),
  },
  {
    what: 'draws a batch and loses it',
    noticedBy: 'every stream in its order',
    broken: (right) => ({
      open(streams, options) {
        streams[0]?.next();
        return right.open(streams, options);
      },
    }),
  },
  {
    what: 'goes on beyond what it counts',
    noticedBy: 'gives what it counts',
    broken: (right) => ({
      open: (streams, options) => {
        const mixed = right.open(streams, options);
        return {
          count: mixed.count,
          get position() {
            return mixed.position;
          },
          next() {
            const rows = streams[0]?.next();
            return mixed.next() ?? (rows && { dataset: 0, rows });
          },
          skip: (batches) => mixed.skip(batches),
        };
      },
    }),
  },
  {
    what: 'counts one batch too many',
    noticedBy: 'gives what it counts',
    broken: (right) => streamWith(right, (stream) => ({ count: stream.count + 1 })),
  },
  {
    what: 'counts turns instead of batches',
    noticedBy: 'tells its position',
    broken: (right) => {
      let turns = 0;
      return streamWith(right, (stream) => ({
        get position() {
          return turns;
        },
        next() {
          turns += 1;
          return stream.next();
        },
      }));
    },
  },
  {
    what: 'skips one batch too few',
    noticedBy: 'skips as if',
    broken: (right) => streamWith(right, (stream) => ({ skip: (batches) => stream.skip(Math.max(0, batches - 1)) })),
  },
  {
    what: 'takes the first stream only',
    noticedBy: 'leaves out no stream',
    broken: (right) => ({ open: (streams, options) => right.open(streams.slice(0, 1), options) }),
  },
  {
    what: 'ignores the seed',
    noticedBy: 'same order for a seed',
    broken: (right) => ({ open: (streams) => right.open(streams, { seed: 1 }) }),
  },
  {
    what: 'draws from outside the seed',
    noticedBy: 'same order for a seed',
    broken: (right) => {
      let calls = 0;
      return { open: (streams, { seed }) => right.open(streams, { seed: seed + calls++ }) };
    },
  },
  {
    what: 'shares one stream',
    noticedBy: 'keeps streams apart',
    broken: (right) => {
      let shared: DatasetBatchStream | undefined;
      return {
        open(streams, options) {
          shared ??= right.open(streams, options);
          return shared;
        },
      };
    },
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
];

test.each(DEFECTS)('the check $noticedBy notices a multi-dataset batch sampler that $what', async (defect) => {
  const sampler = breakPlugin(turnsSampler(), defect);
  const create = defect.noticedBy === 'keeps streams apart' ? () => breakPlugin(turnsSampler(), defect) : () => sampler;
  await expectCheckFails(multiDatasetBatchSamplerChecks, defect.noticedBy, { create, isShuffled: true });
});

test('every check of a multi-dataset batch sampler is shown to notice something', () => {
  for (const { title } of multiDatasetBatchSamplerChecks) {
    expect(DEFECTS.filter(({ noticedBy }) => title.includes(noticedBy)).length, title).toBeGreaterThan(0);
  }
});
