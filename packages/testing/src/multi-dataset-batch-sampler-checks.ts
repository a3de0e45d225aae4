import {
  type BatchStream,
  type DatasetBatch,
  type DatasetBatchStream,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  type MultiDatasetBatchSampler,
  restoreStream,
  saveStream,
} from '@embedbag/core';
import { expect } from 'vitest';
import { type ContractCheck, expectPlugin } from './contract-check.js';

/** What the checks of a multi-dataset batch sampler need to know. */
export interface MultiDatasetBatchSamplerCheckSettings {
  readonly create: () => MultiDatasetBatchSampler;
  readonly isShuffled: boolean;
}

type Check = ContractCheck<MultiDatasetBatchSamplerCheckSettings>;

/** How many batches a stream says it has, and how many it gives. */
interface StreamPlan {
  readonly count: number;
  readonly given: number;
}

const SEED = 42;

function plans(...counts: (number | [count: number, given: number])[]): StreamPlan[] {
  return counts.map((one) => (typeof one === 'number' ? { count: one, given: one } : { count: one[0], given: one[1] }));
}

/** Lists of streams that give what they count. */
const EXACT: readonly (readonly StreamPlan[])[] = [
  plans(),
  plans(5),
  plans(3, 3),
  plans(12, 5, 1),
  plans(0, 4),
  plans(7, 0, 2, 9),
];
/** Lists in which a stream ends early, or could give more than it counts, as NO_DUPLICATES does. */
const INEXACT: readonly (readonly StreamPlan[])[] = [
  plans([4, 2], 4),
  plans(4, [3, 0], 2),
  plans([3, 6], 3),
  plans([5, 1]),
];

/** Streams whose batches name their dataset and their turn: batch `n` of stream `s` is the rows `[1000 s + n]`. */
function openStreams(list: readonly StreamPlan[]): BatchStream[] {
  return list.map(({ count, given }, dataset) => {
    let position = 0;
    return {
      count,
      get position() {
        return position;
      },
      next: () => (position === given ? undefined : Int32Array.of(1000 * dataset + position++)),
      skip(batches) {
        position = Math.min(position + batches, given);
      },
    };
  });
}

function open(create: () => MultiDatasetBatchSampler, list: readonly StreamPlan[], seed = SEED): DatasetBatchStream {
  return create().open(openStreams(list), { seed });
}

function drain(stream: DatasetBatchStream): DatasetBatch[] {
  const batches: DatasetBatch[] = [];
  for (let batch = stream.next(); batch !== undefined; batch = stream.next()) {
    batches.push({ dataset: batch.dataset, rows: batch.rows.slice() });
    if (batches.length > 200) expect.fail('the stream gave more than 200 batches and did not end');
  }
  return batches;
}

function describePlans(list: readonly StreamPlan[]): string {
  return `streams of ${list.map(({ count, given }) => `${count} batches (${given} given)`).join(', ') || 'nothing'}`;
}

/** A check of every list of streams. */
function everyList(
  title: string,
  body: (list: readonly StreamPlan[], settings: MultiDatasetBatchSamplerCheckSettings) => void,
): Check {
  return {
    title,
    run(settings) {
      for (const list of [...EXACT, ...INEXACT]) body(list, settings);
    },
  };
}

/** All checks of a multi-dataset batch sampler. */
export const multiDatasetBatchSamplerChecks: readonly Check[] = [
  {
    title: 'names itself and has a config of plain JSON',
    run: ({ create }) => expectPlugin(create(), create(), MULTI_DATASET_BATCH_SAMPLER_CONTRACT),
  },
  everyList(
    'gives the batches of every stream in its order, and says which stream they are from',
    (list, { create }) => {
      const turns = list.map(() => 0);
      for (const { dataset, rows } of drain(open(create, list))) {
        expect(dataset >= 0 && dataset < list.length, `${describePlans(list)}: stream ${dataset} is there`).toBe(true);
        expect([...rows], `${describePlans(list)}, stream ${dataset}`).toEqual([1000 * dataset + turns[dataset]!++]);
      }
    },
  ),
  everyList('gives what it counts, and no more where a stream ends early or goes on', (list, { create }) => {
    const stream = open(create, list);
    const { count } = stream;
    expect(Number.isSafeInteger(count) && count >= 0, `${describePlans(list)}: a whole number`).toBe(true);
    const batches = drain(stream).length;
    expect(stream.count, `${describePlans(list)}: the same at the end`).toBe(count);
    if (EXACT.includes(list)) expect(batches, describePlans(list)).toBe(count);
    else expect(batches, describePlans(list)).toBeLessThanOrEqual(count);
  }),
  everyList('tells its position, and stays at the end', (list, { create }) => {
    const stream = open(create, list);
    let position = 0;
    expect(stream.position, `${describePlans(list)}: at the start`).toBe(0);
    while (position <= 200 && stream.next() !== undefined) {
      position += 1;
      expect(stream.position, describePlans(list)).toBe(position);
    }
    expect(stream.next(), `${describePlans(list)}: after the end`).toBeUndefined();
    expect(stream.position, `${describePlans(list)}: after the end`).toBe(position);
  }),
  everyList('skips as if it had given the batches', (list, { create }) => {
    const all = drain(open(create, list));
    for (let skipped = 0; skipped <= all.length + 2; skipped++) {
      const stream = open(create, list);
      stream.skip(skipped);
      const what = `${describePlans(list)}: ${skipped} skipped`;
      expect(stream.position, what).toBe(Math.min(skipped, all.length));
      expect(drain(stream), what).toEqual(all.slice(skipped));
    }
  }),
  everyList('goes on from a saved place, which is plain JSON, as if it had skipped there', (list, { create }) => {
    const all = drain(open(create, list));
    for (let given = 0; given <= all.length; given++) {
      const stream = open(create, list);
      for (let batch = 0; batch < given; batch++) stream.next();
      const what = `${describePlans(list)}: saved after ${given}`;
      const state = saveStream(stream);
      expect(JSON.parse(JSON.stringify(state)), what).toStrictEqual(state);
      const restored = open(create, list);
      restoreStream(restored, JSON.parse(JSON.stringify(state)));
      expect(restored.position, what).toBe(given);
      expect(drain(restored), what).toEqual(all.slice(given));
      expect(drain(stream), what).toEqual(all.slice(given));
    }
  }),
  {
    title: 'leaves out no stream that has batches',
    run({ create }) {
      for (const list of EXACT.filter((one) => one.length > 0 && one.every(({ count }) => count > 0))) {
        const datasets = new Set(drain(open(create, list)).map(({ dataset }) => dataset));
        expect(datasets.size, describePlans(list)).toBe(list.length);
      }
    },
  },
  {
    title: 'gives the same order for a seed and another for another',
    run({ create, isShuffled }) {
      const list = plans(20, 20);
      const orderOf = (seed: number): number[] => drain(open(create, list, seed)).map(({ dataset }) => dataset);
      expect(orderOf(SEED)).toEqual(orderOf(SEED));
      if (isShuffled) expect(orderOf(SEED)).not.toEqual(orderOf(SEED + 1));
    },
  },
  {
    title: 'keeps streams apart that are open at the same time',
    run({ create }) {
      const sampler = create();
      const list = plans(6, 6);
      const expected = drain(open(create, list));
      const [first, second] = [1, 2].map(() => sampler.open(openStreams(list), { seed: SEED }));
      for (const batch of expected) {
        expect(first!.next()).toEqual(batch);
        expect(second!.next()).toEqual(batch);
      }
    },
  },
];
