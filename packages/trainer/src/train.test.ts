import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Evaluator, Kernels, Loss, TrainingEvent } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { defaultBatchSampler, roundRobinBatchSampler } from '@embedbag/samplers';
import { describe, expect, test } from 'vitest';
import {
  countingEvaluator,
  eventsOf,
  inOrderBatchSampler,
  memoryDataset,
  pair,
  pairsDataset,
  scriptedLoss,
  tableOf,
  tinyModel,
  useTinyRuns,
} from './training-fixtures.js';

const tiny = useTinyRuns();

describe('a run', () => {
  test('lowers the loss', async () => {
    const { summary } = await tiny.run({ arguments: { numTrainEpochs: 10 } });
    const losses = eventsOf(tiny.events, 'step-end').map((event) => event.loss);
    expect(summary.outcome).toBe('completed');
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });

  test('gives the same bytes for the same seed, and others for another', async () => {
    const tables: number[][] = [];
    for (const seed of [1, 1, 2]) tables.push(tableOf((await tiny.run({ arguments: { seed } })).model));
    expect(tables[1]).toEqual(tables[0]);
    expect(tables[2]).not.toEqual(tables[0]);
  });

  test.each([1, 2])('gives the same bytes on WebAssembly kernels with %i threads', async (threads) => {
    const kernels = await createKernels({ backend: 'wasm', threads });
    try {
      expect(kernels.threads).toBe(threads);
      const tables: number[][] = [];
      for (let i = 0; i < 2; i++) tables.push(tableOf((await tiny.run({ model: await tinyModel(kernels) })).model));
      expect(tables[1]).toEqual(tables[0]);
    } finally {
      kernels.dispose();
    }
  });

  test('has other batches in each epoch', async () => {
    const seen: number[][] = [];
    const loss: Loss = {
      ...multipleNegativesRankingLoss(),
      prepare: async ({ rows }) => {
        seen.push([...rows]);
      },
    };
    await tiny.run({ loss, arguments: { numTrainEpochs: 2 } });
    expect(seen.slice(0, 4).flat().sort()).toEqual(seen.slice(4).flat().sort());
    expect(seen.slice(0, 4)).not.toEqual(seen.slice(4));
  });

  test('does not move the table at the first step of a warm-up', async () => {
    const model = await tinyModel(tiny.kernels);
    const before = tableOf(model);
    await tiny.run({ model, arguments: { maxSteps: 1 } });
    expect(tableOf(model)).toEqual(before);
    expect(eventsOf(tiny.events, 'step-end')[0]!.learningRate).toBe(0);
  });

  test('takes as many steps as epochs, parts of epochs or `maxSteps` say', async () => {
    expect((await tiny.run({ arguments: { numTrainEpochs: 2 } })).summary.step).toBe(8);
    expect((await tiny.run({ arguments: { numTrainEpochs: 1.5 } })).summary.step).toBe(6);
    expect((await tiny.run({ arguments: { numTrainEpochs: 1.5, maxSteps: 9 } })).summary.step).toBe(9);
  });

  test('trains on a dataset smaller than a batch', async () => {
    const { summary } = await tiny.run({ datasets: [pairsDataset('few', 5)] });
    expect(summary).toMatchObject({ step: 1, steps: 1, pairs: 5, outcome: 'completed' });
  });

  test('takes each batch from one of several datasets, all rows once', async () => {
    const datasets = [pairsDataset('a', 40), pairsDataset('b', 20, 40), pairsDataset('c', 3, 60)];
    const { summary } = await tiny.run({ datasets });
    const rows: Record<string, number> = {};
    for (const { dataset, rows: count } of eventsOf(tiny.events, 'step-end'))
      rows[dataset] = (rows[dataset] ?? 0) + count;
    expect(rows).toEqual({ a: 40, b: 20, c: 3 });
    expect(summary).toMatchObject({ steps: 6, pairs: 63 });
    expect(eventsOf(tiny.events, 'training-start')[0]).toMatchObject({
      steps: 6,
      warmupSteps: 1,
      backend: 'typescript',
      threads: 1,
      datasets: [
        { name: 'a', rows: 40, batches: 3 },
        { name: 'b', rows: 20, batches: 2 },
        { name: 'c', rows: 3, batches: 1 },
      ],
    });
  });

  test('uses the loss of each dataset when losses are given by name', async () => {
    const datasets = [pairsDataset('a', 16), pairsDataset('b', 16, 16)];
    await tiny.run({ datasets, loss: { b: scriptedLoss(() => 2), a: scriptedLoss(() => 1) } });
    const losses = eventsOf(tiny.events, 'step-end').map(({ dataset, loss }) => [dataset, loss]);
    expect(Object.fromEntries(losses)).toEqual({ a: 1, b: 2 });
  });

  test('takes datasets with different numbers of columns', async () => {
    const pairs = Array.from({ length: 16 }, (_, i) => pair(i));
    const triplets = memoryDataset('triplets', {
      anchor: pairs.map(([anchor]) => anchor),
      positive: pairs.map(([, positive]) => positive),
      negative: pairs.map((_, i) => `winter ${i}`),
    });
    const loss = matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [8, 4] });
    const { summary } = await tiny.run({ loss, datasets: [pairsDataset('pairs', 32, 16), triplets] });
    expect(summary.step).toBe(3);
  });

  test('leaves the kernels with no memory of its own', async () => {
    const held = new Set<unknown>();
    const counting: Kernels = Object.assign(Object.create(tiny.kernels), {
      allocateFloat32: (length: number) => {
        const array = tiny.kernels.allocateFloat32(length);
        held.add(array);
        return array;
      },
      release: (array: Float32Array) => {
        tiny.kernels.release(array);
        held.delete(array);
      },
    });
    const model = await tinyModel(counting);
    const before = held.size;
    await tiny.run({ model });
    expect(held.size).toBe(before);
    await expect(tiny.run({ model, loss: scriptedLoss(() => Number.NaN) })).rejects.toThrow();
    expect(held.size).toBe(before);
  });

  test('of many steps needs no more WebAssembly memory than one of few', async () => {
    const kernels = await createKernels({ backend: 'wasm', threads: 2 });
    try {
      const model = await tinyModel(kernels);
      const bytesAfter = async (maxSteps: number): Promise<number> => {
        await tiny.run({ model, arguments: { maxSteps } });
        // Growing gives the memory a new buffer, and a new array lies in the newest.
        return kernels.allocateFloat32(1).buffer.byteLength;
      };
      const bytes = await bytesAfter(8);
      expect(await bytesAfter(400)).toBe(bytes);
    } finally {
      kernels.dispose();
    }
  });

  test('gives the loss the texts, hashes and a seeded source of chance', async () => {
    const dataset = pairsDataset('pairs', 20);
    const drawn: number[][] = [[], []];
    for (const numbers of drawn) {
      const loss: Loss = {
        ...multipleNegativesRankingLoss(),
        async prepare({ texts, textHashes, rows, random, dataset: name }) {
          expect(name).toBe('pairs');
          expect(texts[1]).toEqual(dataset.texts(1, rows));
          for (const [i, row] of rows.entries()) {
            expect(textHashes[0]!.slice(i * 2, i * 2 + 2)).toEqual(dataset.textHashes(0).slice(row * 2, row * 2 + 2));
          }
          numbers.push(random.uint32());
        },
      };
      await tiny.run({ datasets: [dataset], loss });
    }
    expect(new Set(drawn[0]).size).toBe(2);
    expect(drawn[1]).toEqual(drawn[0]);
  });
});

describe('events', () => {
  test('come in order, one for each step', async () => {
    await tiny.run({ evaluators: [countingEvaluator()], arguments: { outputDir: tiny.folder, loggingSteps: 2 } });
    expect(tiny.events.map((event) => event.type)).toEqual([
      'training-start',
      'step-end',
      'step-end',
      'log',
      'step-end',
      'step-end',
      'log',
      'evaluation-start',
      'evaluation-end',
      'training-end',
    ]);
  });

  test('of the log hold the means since the last one, and the rest at the end', async () => {
    await tiny.run({
      loss: scriptedLoss((call) => call),
      arguments: { numTrainEpochs: 1.75, loggingSteps: 4, loggingFirstStep: true },
    });
    const logs = eventsOf(tiny.events, 'log').map(({ step, loss }) => [step, loss]);
    expect(logs).toEqual([
      [1, 1],
      [4, 3],
      [7, 6],
    ]);
  });

  test('of the log tell the speed, the memory and where the time went', async () => {
    await tiny.run({ arguments: { loggingSteps: 2 } });
    const logs = eventsOf(tiny.events, 'log');
    expect(logs).toHaveLength(2);
    for (const { timeShares, pairsPerSecond, tokensPerSecond, memoryBytes } of logs) {
      expect(Object.values(timeShares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      for (const phase of ['tokenize', 'forward', 'loss', 'backward', 'optimizer'] as const) {
        expect(timeShares[phase], phase).toBeGreaterThan(0);
      }
      expect(tokensPerSecond).toBeGreaterThan(2 * pairsPerSecond);
      expect(memoryBytes).toBeGreaterThan(10_000_000);
    }
  });

  test('begin with the arguments and all else that makes the run', async () => {
    await tiny.run({ arguments: { runName: 'tiny', outputDir: tiny.folder } });
    expect(eventsOf(tiny.events, 'training-start')[0]).toMatchObject({
      startStep: 0,
      runName: 'tiny',
      outputDir: tiny.folder,
      arguments: { learningRate: 0.2, perDeviceTrainBatchSize: 16 },
      setup: {
        model: { vocabulary_size: 148, dimension: 8 },
        batch_sampler: { name: 'NO_DUPLICATES' },
        datasets: [{ name: 'pairs', rows: 64, loss: { name: 'MultipleNegativesRankingLoss' } }],
      },
    });
    expect(eventsOf(tiny.events, 'training-end')[0]).toMatchObject({ modelFolder: path.join(tiny.folder, 'final') });
  });

  test('let other work of the process have its turn at every step', async () => {
    const turns: number[] = [];
    await tiny.run({ onEvent: (event) => event.type === 'step-end' && setImmediate(() => turns.push(event.step)) });
    expect(turns.slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('that throw end the run', async () => {
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === 'step-end') throw new Error('no more');
    };
    await expect(tiny.run({ onEvent })).rejects.toThrow('no more');
  });

  test('give one notice for bf16', async () => {
    await tiny.run({ arguments: { bf16: true } });
    expect(eventsOf(tiny.events, 'notice')).toEqual([
      { type: 'notice', code: 'float32-used', message: '`bf16` is accepted; these kernels compute in float32.' },
    ]);
  });

  test('tell that WebAssembly takes 16-bit integers for fp16, whose losses differ a little', async () => {
    const losses: number[][] = [];
    for (const fp16 of [false, true]) {
      const kernels = await createKernels({ backend: 'wasm-simd', threads: 1 });
      const events: TrainingEvent[] = [];
      const model = await tinyModel(kernels, 32);
      await tiny.run({ model, arguments: { fp16 }, onEvent: (event) => events.push(event) });
      losses.push(eventsOf(events, 'step-end').map(({ loss }) => loss));
      const notices = fp16
        ? [
            {
              type: 'notice',
              code: 'int16-used',
              message: '`fp16`: products of embeddings are taken in 16-bit integers, unless a dim is below 16.',
            },
          ]
        : [];
      expect(eventsOf(events, 'notice')).toEqual(notices);
      kernels.dispose();
    }
    const [exact = [], rounded = []] = losses;
    expect(rounded).not.toEqual(exact);
    for (const [step, loss] of exact.entries()) expect(Math.abs(rounded[step]! - loss)).toBeLessThan(1e-3 * loss);
  });

  test('tell that quantisation ranges grow stale', async () => {
    const model = await tinyModel(tiny.kernels);
    model.calibrate(['red green', 'blue stone', 'river cloud']);
    await tiny.run({ model });
    expect(eventsOf(tiny.events, 'notice').map(({ code }) => code)).toEqual(['stale-ranges']);
  });

  test('give the number of rows that were in no batch', async () => {
    const datasets = [pairsDataset('long', 48), pairsDataset('short', 16, 48)];
    await tiny.run({ datasets, multiDatasetBatchSampler: roundRobinBatchSampler() });
    expect(eventsOf(tiny.events, 'notice').map(({ code, message }) => [code, message])).toEqual([
      ['rows-not-drawn', '32 rows were in no batch of this epoch: 32 of long.'],
    ]);
  });

  test('tell of a dataset that has no full batch', async () => {
    const datasets = [pairsDataset('enough', 32), pairsDataset('few', 5, 32)];
    const batchSampler = defaultBatchSampler();
    const { summary } = await tiny.run({ datasets, batchSampler, arguments: { dataloaderDropLast: true } });
    expect(summary.step).toBe(2);
    expect(eventsOf(tiny.events, 'notice').map(({ code }) => code)).toEqual([
      'dataset-without-batches',
      'rows-not-drawn',
    ]);
  });

  test('tell of a sampler that gives fewer batches than it counts', async () => {
    const batchSampler = inOrderBatchSampler();
    const short: typeof batchSampler = {
      ...batchSampler,
      open: (rows, options) => {
        const stream = batchSampler.open(rows, options);
        return Object.defineProperty(stream, 'count', { value: 6 });
      },
    };
    const { summary } = await tiny.run({ batchSampler: short });
    expect(summary).toMatchObject({ outcome: 'completed', step: 4, steps: 6 });
    expect(eventsOf(tiny.events, 'notice').map(({ code }) => code)).toEqual(['fewer-batches']);
  });
});

describe('the optimizer', () => {
  const settings = { numTrainEpochs: 3, weightDecay: 0.01 };

  test.each(['deferred', undefined] as const)('`%s` gives the bytes of `dense`', async (optimizer) => {
    const chosen = optimizer === undefined ? {} : { optimizer };
    const dense = await tiny.run({ arguments: { ...settings, optimizer: 'dense' } });
    const other = await tiny.run({ arguments: { ...settings, ...chosen } });
    expect(tableOf(other.model)).toEqual(tableOf(dense.model));
    expect(other.summary.meanLoss).toBe(dense.summary.meanLoss);
  });

  test('`lazy` gives other numbers', async () => {
    const dense = await tiny.run({ arguments: { ...settings, optimizer: 'dense' } });
    const lazy = await tiny.run({ arguments: { ...settings, optimizer: 'lazy' } });
    expect(tableOf(lazy.model)).not.toEqual(tableOf(dense.model));
  });

  /** The tables that a run with `optimizer` shows evaluators and saves in checkpoints. */
  async function tablesShown(optimizer: 'dense' | 'deferred'): Promise<number[][]> {
    const tables: number[][] = [];
    const model = await tinyModel(tiny.kernels);
    const evaluator: Evaluator = {
      ...countingEvaluator(),
      async evaluate() {
        tables.push(tableOf(model));
        return { metrics: {}, primaryMetric: '' };
      },
    };
    const when = { evalStrategy: 'steps', evalSteps: 2, saveStrategy: 'steps', saveSteps: 3 } as const;
    const outputDir = path.join(tiny.folder, optimizer);
    await tiny.run({ model, evaluators: [evaluator], arguments: { ...settings, ...when, optimizer, outputDir } });
    return tables;
  }

  test('`deferred` shows evaluators and saves in checkpoints what `dense` does', async () => {
    const dense = await tablesShown('dense');
    expect(await tablesShown('deferred')).toEqual(dense);
    expect(dense).toHaveLength(6);
    for (const file of ['model.safetensors', 'optimizer.safetensors']) {
      const read = (run: string): Buffer => readFileSync(path.join(tiny.folder, run, 'checkpoint-3', file));
      expect(read('deferred').equals(read('dense'))).toBe(true);
    }
  });

  test('`deferred` leaves the table of `dense` when a signal ends the run', async () => {
    const tables: number[][] = [];
    for (const optimizer of ['dense', 'deferred'] as const) {
      const controller = new AbortController();
      const onEvent = ({ type }: TrainingEvent): void => {
        if (type === 'log') controller.abort();
      };
      const args = { ...settings, optimizer, loggingSteps: 5 };
      tables.push(tableOf((await tiny.run({ onEvent, signal: controller.signal, arguments: args })).model));
    }
    expect(tables[1]).toEqual(tables[0]);
  });
});
