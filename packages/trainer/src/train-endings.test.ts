import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Loss, TrainingEvent } from '@embedbag/core';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import {
  countingEvaluator,
  inOrderBatchSampler,
  memoryDataset,
  pairsDataset,
  scriptedLoss,
  tableOf,
  tinyModel,
  useTinyRuns,
} from './training-fixtures.js';

const tiny = useTinyRuns();

describe('a signal', () => {
  const abortAt = (step: number, controller: AbortController) => (event: TrainingEvent) => {
    if (event.type === 'step-end' && event.step === step) controller.abort();
  };

  test('ends the run after the step under way and saves a model that loads', async () => {
    const controller = new AbortController();
    const { model, summary } = await tiny.run({
      signal: controller.signal,
      evaluators: [countingEvaluator()],
      onEvent: abortAt(2, controller),
      arguments: { outputDir: tiny.folder },
    });
    expect(summary).toMatchObject({ outcome: 'aborted', step: 2, steps: 4, evaluations: [] });
    expect(tiny.events.at(-1)).toMatchObject({ type: 'training-end', outcome: 'aborted', step: 2, steps: 4 });
    const loaded = await StaticEmbedding.load(path.join(tiny.folder, 'final'), { kernels: tiny.kernels });
    expect(tableOf(loaded)).toEqual(tableOf(model));
    expect(existsSync(path.join(tiny.folder, 'checkpoint-2'))).toBe(false);
  });

  test('also saves a checkpoint when checkpoints are asked for', async () => {
    const controller = new AbortController();
    await tiny.run({
      signal: controller.signal,
      onEvent: abortAt(3, controller),
      arguments: { outputDir: tiny.folder, saveStrategy: 'epoch' },
    });
    expect(readdirSync(tiny.folder).sort()).toEqual(['checkpoint-3', 'final', 'trainer_log.jsonl']);
  });

  test('that comes from outside is heard between steps', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const { summary } = await tiny.run({ signal: controller.signal, arguments: { maxSteps: 500 } });
    expect(summary.outcome).toBe('aborted');
    expect(summary.step).toBeLessThan(20);
  });

  test('that was given before the start takes no step', async () => {
    const { summary } = await tiny.run({ signal: AbortSignal.abort() });
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
    expect((await tiny.run({ loss, signal: controller.signal })).summary).toMatchObject({
      outcome: 'aborted',
      step: 0,
    });
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
    const { summary } = await tiny.run({ evaluators: [stopped], signal: other.signal });
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
    await expect(tiny.run({ loss, signal: controller.signal })).rejects.toThrow('the guide is missing');
  });
});

describe('what cannot work', () => {
  test.each([
    ['a loss', scriptedLoss((call) => (call === 3 ? Number.NaN : 1)), 'received loss NaN at step 3'],
    [
      'a gradient',
      scriptedLoss(
        () => 1,
        (call) => (call === 3 ? Number.POSITIVE_INFINITY : 0.01),
      ),
      'gradient norm Infinity',
    ],
  ])('%s that is not finite stops the run with the table of before', async (_, loss, figures) => {
    const model = await tinyModel(tiny.kernels);
    let before: number[] = [];
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === 'step-end') before = tableOf(model);
    };
    const dataset = pairsDataset('pairs', 10);
    // An event sees the table of the step before only where no row may be behind.
    const args = { perDeviceTrainBatchSize: 4, warmupRatio: 0, optimizer: 'dense' } as const;
    const run = tiny.run({
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
    expect(tiny.events.at(-1)).toMatchObject({ type: 'training-failed', step: 2, code: 'non-finite-loss' });
  });

  test('columns that a loss cannot use are refused, with both named, before the first step', async () => {
    const single = memoryDataset('titles', { anchor: ['a', 'b'] });
    const triplet = memoryDataset('triplets', { anchor: ['a'], positive: ['b'], negative: ['c'] });
    await expect(tiny.run({ datasets: [single, triplet], loss: scriptedLoss(() => 1) })).rejects.toMatchObject({
      code: 'unsuitable-columns',
      message: expect.stringContaining(
        'loss `ScriptedLoss` takes 2 text columns, dataset `titles` has 1 (anchor); loss `ScriptedLoss` takes 2 text columns, dataset `triplets` has 3 (anchor, positive, negative)',
      ),
    });
    expect(tiny.events).toEqual([]);
  });

  test('a loss with labels needs a dataset with labels', async () => {
    const loss: Loss = { ...scriptedLoss(() => 1), columns: { min: 2, labels: 'score' } };
    await expect(tiny.run({ loss })).rejects.toThrow(
      'loss `ScriptedLoss` takes a score label, dataset `pairs` has no labels',
    );
  });

  test('losses by name must fit the names of the datasets', async () => {
    await expect(tiny.run({ loss: { pears: scriptedLoss(() => 1) } })).rejects.toMatchObject({
      code: 'loss-without-dataset',
      message:
        'Expected `loss` to have one entry for each dataset, received none for `pairs` and others for `pears`. Name the entries as the datasets are named: `pairs`.',
    });
  });

  test('datasets must be there, have rows and have names of their own', async () => {
    await expect(tiny.run({ datasets: [] })).rejects.toMatchObject({ code: 'no-dataset' });
    const empty = memoryDataset('empty', { anchor: [], positive: [] });
    await expect(tiny.run({ datasets: [empty] })).rejects.toMatchObject({ code: 'empty-dataset' });
    const twice = [pairsDataset('same', 4), pairsDataset('same', 4, 8)];
    await expect(tiny.run({ datasets: twice })).rejects.toMatchObject({ code: 'duplicate-dataset-name' });
  });

  test('data without a full batch is refused when short batches are left out', async () => {
    const datasets = [pairsDataset('few', 5)];
    await expect(tiny.run({ datasets, arguments: { dataloaderDropLast: true } })).rejects.toMatchObject({
      code: 'no-batches',
    });
  });

  test('a plugin of another contract is refused', async () => {
    const loss = { ...scriptedLoss(() => 1), contract: 'embedbag/loss@9' } as unknown as Loss;
    await expect(tiny.run({ loss })).rejects.toMatchObject({
      code: 'unsupported-contract',
      message: expect.stringContaining(
        'Expected loss `ScriptedLoss` to have the contract `embedbag/loss@1`, received `embedbag/loss@9`.',
      ),
    });
  });

  test('a run that WebAssembly memory cannot hold is refused', async () => {
    const model = await tinyModel(Object.assign(Object.create(tiny.kernels), { backend: 'wasm-simd' }));
    const datasets = [Object.assign(Object.create(pairsDataset('pairs', 64)), { rowCount: 100_000_000 })];
    const args = { perDeviceTrainBatchSize: 100_000_000 };
    await expect(tiny.run({ model, datasets, arguments: args })).rejects.toMatchObject({ code: 'not-enough-memory' });
  });

  test('arguments are checked', async () => {
    await expect(tiny.run({ arguments: { learningRate: -1 } })).rejects.toMatchObject({
      code: 'invalid-training-arguments',
    });
  });
});
