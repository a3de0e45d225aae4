import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Kernels, Loss, TrainingEvent } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { defaultBatchSampler, roundRobinBatchSampler } from '@embedbag/samplers';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { train } from './train.js';
import type { TrainingSummary, TrainOptions } from './train-options.js';
import type { TrainingArgumentsInput } from './training-arguments.js';
import {
  countingEvaluator,
  eventsOf,
  inOrderBatchSampler,
  memoryDataset,
  pair,
  pairsDataset,
  scriptedLoss,
  tinyModel,
} from './training-fixtures.js';

let kernels: Kernels;
let folder: string;
let events: TrainingEvent[];

beforeEach(() => {
  kernels = createTypeScriptKernels();
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-train-'));
  events = [];
});

afterEach(() => {
  kernels.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const SMALL: TrainingArgumentsInput = { perDeviceTrainBatchSize: 16 };

/** Trains a new tiny model; what a test does not say is a run of 4 steps on 64 pairs. */
async function runTiny(
  options: Partial<TrainOptions> = {},
): Promise<{ readonly model: StaticEmbedding; readonly summary: TrainingSummary }> {
  const model = (options.model as StaticEmbedding | undefined) ?? (await tinyModel(kernels));
  const summary = await train({
    datasets: [pairsDataset('pairs', 64)],
    loss: multipleNegativesRankingLoss(),
    ...options,
    model,
    arguments: { ...SMALL, ...options.arguments },
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { model, summary };
}

const tableOf = (model: StaticEmbedding): number[] => [...model.table.data];

describe('a run', () => {
  test('lowers the loss', async () => {
    const { summary } = await runTiny({ arguments: { numTrainEpochs: 10 } });
    const losses = eventsOf(events, 'step-end').map((event) => event.loss);
    expect(summary.outcome).toBe('completed');
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });

  test('gives the same bytes for the same seed, and others for another', async () => {
    const tables: number[][] = [];
    for (const seed of [1, 1, 2]) tables.push(tableOf((await runTiny({ arguments: { seed } })).model));
    expect(tables[1]).toEqual(tables[0]);
    expect(tables[2]).not.toEqual(tables[0]);
  });

  test('has other batches in each epoch', async () => {
    const seen: number[][] = [];
    const loss: Loss = {
      ...multipleNegativesRankingLoss(),
      prepare: async ({ rows }) => {
        seen.push([...rows]);
      },
    };
    await runTiny({ loss, arguments: { numTrainEpochs: 2 } });
    expect(seen.slice(0, 4).flat().sort()).toEqual(seen.slice(4).flat().sort());
    expect(seen.slice(0, 4)).not.toEqual(seen.slice(4));
  });

  test('does not move the table at the first step of a warm-up', async () => {
    const model = await tinyModel(kernels);
    const before = tableOf(model);
    await runTiny({ model, arguments: { maxSteps: 1 } });
    expect(tableOf(model)).toEqual(before);
    expect(eventsOf(events, 'step-end')[0]!.learningRate).toBe(0);
  });

  test('takes as many steps as epochs, parts of epochs or `maxSteps` say', async () => {
    expect((await runTiny({ arguments: { numTrainEpochs: 2 } })).summary.step).toBe(8);
    expect((await runTiny({ arguments: { numTrainEpochs: 1.5 } })).summary.step).toBe(6);
    expect((await runTiny({ arguments: { numTrainEpochs: 1.5, maxSteps: 9 } })).summary.step).toBe(9);
  });

  test('trains on a dataset smaller than a batch', async () => {
    const { summary } = await runTiny({ datasets: [pairsDataset('few', 5)] });
    expect(summary).toMatchObject({ step: 1, steps: 1, pairs: 5, outcome: 'completed' });
  });

  test('takes each batch from one of several datasets, all rows once', async () => {
    const datasets = [pairsDataset('a', 40), pairsDataset('b', 20, 40), pairsDataset('c', 3, 60)];
    const { summary } = await runTiny({ datasets });
    const rows: Record<string, number> = {};
    for (const { dataset, rows: count } of eventsOf(events, 'step-end')) rows[dataset] = (rows[dataset] ?? 0) + count;
    expect(rows).toEqual({ a: 40, b: 20, c: 3 });
    expect(summary).toMatchObject({ steps: 6, pairs: 63 });
    expect(eventsOf(events, 'training-start')[0]).toMatchObject({
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
    await runTiny({ datasets, loss: { b: scriptedLoss(() => 2), a: scriptedLoss(() => 1) } });
    const losses = eventsOf(events, 'step-end').map(({ dataset, loss }) => [dataset, loss]);
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
    const { summary } = await runTiny({ loss, datasets: [pairsDataset('pairs', 32, 16), triplets] });
    expect(summary.step).toBe(3);
  });

  test('leaves the kernels with no memory of its own', async () => {
    const held = new Set<unknown>();
    const counting: Kernels = Object.assign(Object.create(kernels), {
      allocateFloat32: (length: number) => {
        const array = kernels.allocateFloat32(length);
        held.add(array);
        return array;
      },
      release: (array: Float32Array) => {
        kernels.release(array);
        held.delete(array);
      },
    });
    const model = await tinyModel(counting);
    const before = held.size;
    await runTiny({ model });
    expect(held.size).toBe(before);
    await expect(runTiny({ model, loss: scriptedLoss(() => Number.NaN) })).rejects.toThrow();
    expect(held.size).toBe(before);
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
      await runTiny({ datasets: [dataset], loss });
    }
    expect(new Set(drawn[0]).size).toBe(2);
    expect(drawn[1]).toEqual(drawn[0]);
  });
});

describe('events', () => {
  test('come in order, one for each step', async () => {
    await runTiny({ evaluators: [countingEvaluator()], arguments: { outputDir: folder, loggingSteps: 2 } });
    expect(events.map((event) => event.type)).toEqual([
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
    await runTiny({
      loss: scriptedLoss((call) => call),
      arguments: { numTrainEpochs: 1.75, loggingSteps: 4, loggingFirstStep: true },
    });
    const logs = eventsOf(events, 'log').map(({ step, loss }) => [step, loss]);
    expect(logs).toEqual([
      [1, 1],
      [4, 3],
      [7, 6],
    ]);
  });

  test('let other work of the process have its turn at every step', async () => {
    const turns: number[] = [];
    await runTiny({ onEvent: (event) => event.type === 'step-end' && setImmediate(() => turns.push(event.step)) });
    expect(turns.slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('that throw end the run', async () => {
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === 'step-end') throw new Error('no more');
    };
    await expect(runTiny({ onEvent })).rejects.toThrow('no more');
  });

  test('give one notice for bf16', async () => {
    await runTiny({ arguments: { bf16: true } });
    expect(eventsOf(events, 'notice')).toEqual([
      { type: 'notice', code: 'float32-used', message: '`bf16` is accepted; these kernels compute in float32.' },
    ]);
  });

  test('give the number of rows that were in no batch', async () => {
    const datasets = [pairsDataset('long', 48), pairsDataset('short', 16, 48)];
    await runTiny({ datasets, multiDatasetBatchSampler: roundRobinBatchSampler() });
    expect(eventsOf(events, 'notice').map(({ code, message }) => [code, message])).toEqual([
      ['rows-not-drawn', '32 rows were in no batch of this epoch: 32 of long.'],
    ]);
  });

  test('tell of a dataset that has no full batch', async () => {
    const datasets = [pairsDataset('enough', 32), pairsDataset('few', 5, 32)];
    const batchSampler = defaultBatchSampler();
    const { summary } = await runTiny({ datasets, batchSampler, arguments: { dataloaderDropLast: true } });
    expect(summary.step).toBe(2);
    expect(eventsOf(events, 'notice').map(({ code }) => code)).toEqual(['dataset-without-batches', 'rows-not-drawn']);
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
    const { summary } = await runTiny({ batchSampler: short });
    expect(summary).toMatchObject({ outcome: 'completed', step: 4, steps: 6 });
    expect(eventsOf(events, 'notice').map(({ code }) => code)).toEqual(['fewer-batches']);
  });
});

describe('evaluation', () => {
  const stepsOfEvaluation = (): number[] => eventsOf(events, 'evaluation-end').map(({ step }) => step);

  test('comes after the last step by default', async () => {
    const { summary } = await runTiny({ evaluators: [countingEvaluator('a'), countingEvaluator('b')] });
    expect(summary.evaluations.map(({ step, name }) => [step, name])).toEqual([
      [4, 'a'],
      [4, 'b'],
    ]);
  });

  test('comes every `evalSteps`, and at the end once', async () => {
    const evaluators = [countingEvaluator()];
    await runTiny({ evaluators, arguments: { evalStrategy: 'steps', evalSteps: 2, numTrainEpochs: 1.25 } });
    expect(stepsOfEvaluation()).toEqual([2, 4, 5]);
  });

  test('comes before the first step and after each epoch when asked for', async () => {
    const evaluators = [countingEvaluator()];
    await runTiny({ evaluators, arguments: { evalStrategy: 'epoch', evalOnStart: true, numTrainEpochs: 2 } });
    expect(stepsOfEvaluation()).toEqual([0, 4, 8]);
  });

  test('sees the model as it is at that step', async () => {
    const seen: number[] = [];
    const evaluator = countingEvaluator();
    const reading: typeof evaluator = {
      ...evaluator,
      async evaluate(model) {
        seen.push((await model.embed(['red green 3'])).data[0]!);
        return evaluator.evaluate(model);
      },
    };
    await runTiny({ evaluators: [reading], arguments: { evalOnStart: true } });
    expect(seen).toHaveLength(2);
    expect(seen[1]).not.toBe(seen[0]);
  });

  test('without evaluators is refused when it was asked for', async () => {
    await expect(runTiny({ arguments: { evalStrategy: 'epoch' } })).rejects.toMatchObject({
      code: 'no-evaluator',
      message:
        "Expected `evaluators` for `evalStrategy: 'epoch'`, received none. Pass some, or leave the argument out.",
    });
  });
});

describe('saving', () => {
  test('leaves a model that loads, a card and a log', async () => {
    const { model, summary } = await runTiny({
      evaluators: [countingEvaluator()],
      arguments: { outputDir: folder, loggingSteps: 2, runName: 'tiny run' },
    });
    expect(summary.modelFolder).toBe(path.join(folder, 'final'));
    expect(readdirSync(folder).sort()).toEqual(['final', 'trainer_log.jsonl']);
    const loaded = await StaticEmbedding.load(summary.modelFolder!, { kernels });
    expect(tableOf(loaded)).toEqual(tableOf(model));
    const lines = readFileSync(path.join(folder, 'trainer_log.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(summary.history);
    expect(summary.history).toEqual([
      {
        step: 2,
        epoch: 0.5,
        loss: expect.any(Number),
        grad_norm: expect.any(Number),
        learning_rate: expect.any(Number),
      },
      { step: 4, epoch: 1, loss: expect.any(Number), grad_norm: expect.any(Number), learning_rate: expect.any(Number) },
      { step: 4, epoch: 1, eval_counting_calls: 1 },
    ]);
    const card = readFileSync(path.join(folder, 'final', 'README.md'), 'utf8');
    for (const part of ['# tiny run', '| pairs | 64 | anchor, positive |', 'MultipleNegativesRankingLoss', '@misc{']) {
      expect(card).toContain(part);
    }
    expect(card).toContain('- `learningRate`: 0.2');
    expect(card).toContain('| **counting_calls** | 1.0000 |');
  });

  test('happens every `saveSteps`, and only the newest checkpoints are kept', async () => {
    await runTiny({
      arguments: { outputDir: folder, saveStrategy: 'steps', saveSteps: 2, saveTotalLimit: 2, numTrainEpochs: 2 },
    });
    expect(eventsOf(events, 'checkpoint-saved').map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    expect(readdirSync(folder).sort()).toEqual(['checkpoint-6', 'checkpoint-8', 'final', 'trainer_log.jsonl']);
  });

  test('after each epoch keeps all that is needed to go on', async () => {
    await runTiny({ arguments: { outputDir: folder, saveStrategy: 'epoch', numTrainEpochs: 2, seed: 5 } });
    const checkpoint = path.join(folder, 'checkpoint-4');
    const state = JSON.parse(readFileSync(path.join(checkpoint, 'trainer_state.json'), 'utf8'));
    let power1 = 1;
    let power2 = 1;
    for (let step = 0; step < 4; step++) {
      power1 *= 0.9;
      power2 *= 0.999;
    }
    expect(state).toMatchObject({
      global_step: 4,
      max_steps: 8,
      warmup_steps: 1,
      epoch: 1,
      epoch_index: 0,
      batches_of_epoch: 4,
      seed: 5,
      pairs: 64,
      optimizer: { step: 4, beta1_power: power1, beta2_power: power2 },
      batch_sampler: { name: 'NO_DUPLICATES' },
      datasets: [{ name: 'pairs', rows: 64, loss: { name: 'MultipleNegativesRankingLoss' } }],
    });
    const optimizer = readFileSync(path.join(checkpoint, 'optimizer.safetensors'));
    const header = optimizer.subarray(8, 8 + Number(optimizer.readBigUInt64LE(0))).toString();
    const model = await StaticEmbedding.load(checkpoint, { kernels });
    expect(JSON.parse(header)).toMatchObject({
      'embedding.weight.exp_avg': { dtype: 'F32', shape: [model.table.rows, 8] },
      'embedding.weight.exp_avg_sq': { dtype: 'F32', shape: [model.table.rows, 8] },
    });
  });

  test('into a folder that cannot be written is refused before the first step', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const outputDir = path.join(folder, 'file', 'run');
    await expect(runTiny({ arguments: { outputDir } })).rejects.toMatchObject({ code: 'output-not-writable' });
    expect(events).toEqual([]);
  });

  test('does not happen without `outputDir`', async () => {
    const { summary } = await runTiny();
    expect(summary.modelFolder).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a signal', () => {
  const abortAt = (step: number, controller: AbortController) => (event: TrainingEvent) => {
    if (event.type === 'step-end' && event.step === step) controller.abort();
  };

  test('ends the run after the step under way and saves a model that loads', async () => {
    const controller = new AbortController();
    const { model, summary } = await runTiny({
      signal: controller.signal,
      evaluators: [countingEvaluator()],
      onEvent: abortAt(2, controller),
      arguments: { outputDir: folder },
    });
    expect(summary).toMatchObject({ outcome: 'aborted', step: 2, steps: 4, evaluations: [] });
    expect(events.at(-1)).toMatchObject({ type: 'training-end', outcome: 'aborted', step: 2, steps: 4 });
    const loaded = await StaticEmbedding.load(path.join(folder, 'final'), { kernels });
    expect(tableOf(loaded)).toEqual(tableOf(model));
    expect(existsSync(path.join(folder, 'checkpoint-2'))).toBe(false);
  });

  test('also saves a checkpoint when checkpoints are asked for', async () => {
    const controller = new AbortController();
    await runTiny({
      signal: controller.signal,
      onEvent: abortAt(3, controller),
      arguments: { outputDir: folder, saveStrategy: 'epoch' },
    });
    expect(readdirSync(folder).sort()).toEqual(['checkpoint-3', 'final', 'trainer_log.jsonl']);
  });

  test('that comes from outside is heard between steps', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const { summary } = await runTiny({ signal: controller.signal, arguments: { maxSteps: 500 } });
    expect(summary.outcome).toBe('aborted');
    expect(summary.step).toBeLessThan(20);
  });

  test('that was given before the start takes no step', async () => {
    const { summary } = await runTiny({ signal: AbortSignal.abort() });
    expect(summary).toMatchObject({ outcome: 'aborted', step: 0 });
  });

  test('stops a loss that prepares and an evaluator that measures', async () => {
    const controller = new AbortController();
    const loss: Loss = {
      ...multipleNegativesRankingLoss(),
      async prepare(_, signal) {
        controller.abort();
        signal?.throwIfAborted();
      },
    };
    expect((await runTiny({ loss, signal: controller.signal })).summary).toMatchObject({ outcome: 'aborted', step: 0 });
    const other = new AbortController();
    const evaluator = countingEvaluator();
    const stopped: typeof evaluator = {
      ...evaluator,
      async evaluate(_, options) {
        other.abort();
        options?.signal?.throwIfAborted();
        throw new Error('not reached');
      },
    };
    const { summary } = await runTiny({ evaluators: [stopped], signal: other.signal });
    expect(summary).toMatchObject({ outcome: 'completed', step: 4, evaluations: [] });
  });

  test('does not hide another error', async () => {
    const controller = new AbortController();
    const loss: Loss = {
      ...multipleNegativesRankingLoss(),
      async prepare() {
        controller.abort();
        throw new Error('the guide is missing');
      },
    };
    await expect(runTiny({ loss, signal: controller.signal })).rejects.toThrow('the guide is missing');
  });
});

describe('what cannot work', () => {
  test.each([
    ['a loss', scriptedLoss((call) => (call === 3 ? Number.NaN : 1)), 'received loss NaN and gradient norm 0'],
    [
      'a gradient',
      scriptedLoss(
        () => 1,
        (call) => (call === 3 ? Number.POSITIVE_INFINITY : 0.01),
      ),
      'gradient norm Infinity',
    ],
  ])('%s that is not finite stops the run with the table of before', async (_, loss, figures) => {
    const model = await tinyModel(kernels);
    let before: number[] = [];
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === 'step-end') before = tableOf(model);
    };
    const dataset = pairsDataset('pairs', 10);
    const args = { perDeviceTrainBatchSize: 4, warmupRatio: 0 };
    const run = runTiny({
      model,
      loss,
      onEvent,
      datasets: [dataset],
      batchSampler: inOrderBatchSampler(),
      arguments: args,
    });
    await expect(run).rejects.toMatchObject({
      code: 'non-finite-loss',
      message: expect.stringContaining(figures),
      details: { step: 3, dataset: 'pairs', rows: [8, 9] },
    });
    await expect(run).rejects.toThrow('at step 3, in a batch of dataset `pairs`, rows 8, 9. Check those rows');
    expect(tableOf(model)).toEqual(before);
  });

  test('columns that a loss cannot use are refused, with both named, before the first step', async () => {
    const single = memoryDataset('titles', { anchor: ['a', 'b'] });
    const triplet = memoryDataset('triplets', { anchor: ['a'], positive: ['b'], negative: ['c'] });
    await expect(runTiny({ datasets: [single, triplet], loss: scriptedLoss(() => 1) })).rejects.toMatchObject({
      code: 'unsuitable-columns',
      message: expect.stringContaining(
        'loss `ScriptedLoss` takes 2 text columns, dataset `titles` has 1 (anchor); loss `ScriptedLoss` takes 2 text columns, dataset `triplets` has 3 (anchor, positive, negative)',
      ),
    });
    expect(events).toEqual([]);
  });

  test('a loss with labels needs a dataset with labels', async () => {
    const loss: Loss = { ...scriptedLoss(() => 1), columns: { min: 2, labels: 'score' } };
    await expect(runTiny({ loss })).rejects.toThrow(
      'loss `ScriptedLoss` takes a score label, dataset `pairs` has no labels',
    );
  });

  test('losses by name must fit the names of the datasets', async () => {
    await expect(runTiny({ loss: { pears: scriptedLoss(() => 1) } })).rejects.toMatchObject({
      code: 'loss-without-dataset',
      message:
        'Expected `loss` to have one entry for each dataset, received none for `pairs` and others for `pears`. Name the entries as the datasets are named: `pairs`.',
    });
  });

  test('datasets must be there, have rows and have names of their own', async () => {
    await expect(runTiny({ datasets: [] })).rejects.toMatchObject({ code: 'no-dataset' });
    const empty = memoryDataset('empty', { anchor: [], positive: [] });
    await expect(runTiny({ datasets: [empty] })).rejects.toMatchObject({ code: 'empty-dataset' });
    const twice = [pairsDataset('same', 4), pairsDataset('same', 4, 8)];
    await expect(runTiny({ datasets: twice })).rejects.toMatchObject({ code: 'duplicate-dataset-name' });
  });

  test('data without a full batch is refused when short batches are left out', async () => {
    const datasets = [pairsDataset('few', 5)];
    await expect(runTiny({ datasets, arguments: { dataloaderDropLast: true } })).rejects.toMatchObject({
      code: 'no-batches',
    });
  });

  test('a plugin of another contract is refused', async () => {
    const loss = { ...scriptedLoss(() => 1), contract: 'embedbag/loss@9' } as unknown as Loss;
    await expect(runTiny({ loss })).rejects.toMatchObject({
      code: 'unsupported-contract',
      message: expect.stringContaining(
        'Expected loss `ScriptedLoss` to have the contract `embedbag/loss@1`, received `embedbag/loss@9`.',
      ),
    });
  });

  test('a run that WebAssembly memory cannot hold is refused', async () => {
    const model = await tinyModel(Object.assign(Object.create(kernels), { backend: 'wasm-simd' }));
    const datasets = [Object.assign(Object.create(pairsDataset('pairs', 64)), { rowCount: 100_000_000 })];
    const args = { perDeviceTrainBatchSize: 100_000_000 };
    await expect(runTiny({ model, datasets, arguments: args })).rejects.toMatchObject({ code: 'not-enough-memory' });
  });

  test('arguments are checked', async () => {
    await expect(runTiny({ arguments: { learningRate: -1 } })).rejects.toMatchObject({
      code: 'invalid-training-arguments',
    });
  });
});
