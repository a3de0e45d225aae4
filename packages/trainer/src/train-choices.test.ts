import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Evaluator, TrainingEvent } from '@embedbag/core';
import { openSafetensors, StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import type { TrainingCallback } from './training-callback.js';
import {
  eventsOf,
  inOrderBatchSampler,
  pairsDataset,
  scriptedLoss,
  tableOf,
  tinyModel,
  useTinyRuns,
} from './training-fixtures.js';

const tiny = useTinyRuns();

/** Scores as `figures` say, one after the other, and keeps the tables it was shown. */
function scriptedEvaluator(figures: readonly number[]): Evaluator & { readonly tables: number[][] } {
  const tables: number[][] = [];
  return {
    contract: 'embedbag/evaluator@1',
    name: 'scripted',
    config: {},
    tables,
    async evaluate(model) {
      tables.push(tableOf(model as StaticEmbedding));
      return { metrics: { score: figures[tables.length - 1]! }, primaryMetric: 'score' };
    },
  };
}

async function tableIn(folder: string, kernels = tiny.kernels): Promise<number[]> {
  const model = await StaticEmbedding.load(folder, { kernels });
  const table = tableOf(model);
  model.dispose();
  return table;
}

describe('accumulated gradients', () => {
  test('of equal batches move the table as one of them does', async () => {
    const datasets = [pairsDataset('pairs', 16)];
    const loss = scriptedLoss(
      () => 2,
      () => 0.01,
    );
    const args = { maxSteps: 3, optimizer: 'dense' } as const;
    const one = await tiny.run({ datasets, loss, batchSampler: inOrderBatchSampler(), arguments: args });
    // Four times the same rows, in a dataset four times as long.
    const four = Object.assign(Object.create(datasets[0]!), {
      rowCount: 64,
      texts: (column: number, rows: ArrayLike<number>) =>
        datasets[0]!.texts(
          column,
          Array.from(rows, (row) => row % 16),
        ),
    });
    const accumulated = await tiny.run({
      datasets: [four],
      loss,
      batchSampler: inOrderBatchSampler(),
      arguments: { ...args, gradientAccumulationSteps: 4 },
    });
    for (const [i, value] of tableOf(accumulated.model).entries()) expect(value).toBeCloseTo(tableOf(one.model)[i]!, 6);
    expect(accumulated.summary.meanLoss).toBe(2);
    const steps = eventsOf(tiny.events, 'step-end');
    expect(steps.slice(3).map(({ rows }) => rows)).toEqual([64, 64, 64]);
    expect(steps[3]!.gradientNorm).toBeCloseTo(steps[0]!.gradientNorm, 6);
  });

  test('make fewer steps of an epoch, the last perhaps of fewer batches, and add no negatives, which is said', async () => {
    const { summary } = await tiny.run({ arguments: { gradientAccumulationSteps: 3, numTrainEpochs: 2 } });
    expect(summary).toMatchObject({ step: 4, steps: 4, pairs: 128 });
    expect(eventsOf(tiny.events, 'step-end').map(({ rows, epoch }) => [rows, epoch])).toEqual([
      [48, 0.75],
      [16, 1],
      [48, 1.75],
      [16, 2],
    ]);
    expect(eventsOf(tiny.events, 'notice')).toEqual([
      {
        type: 'notice',
        code: 'no-more-negatives',
        message:
          '`gradientAccumulationSteps` averages the gradients of 3 batches and adds no negatives: a row is compared with its own batch alone. For more negatives raise `perDeviceTrainBatchSize`.',
      },
    ]);
  });
});

describe('the best model', () => {
  const when = { evalStrategy: 'steps', evalSteps: 2, saveStrategy: 'steps', saveSteps: 2, maxSteps: 8 } as const;

  test('is kept among fewer checkpoints and is the one to end with', async () => {
    const evaluator = scriptedEvaluator([1, 5, 2, 3]);
    const args = { ...when, outputDir: tiny.folder, saveTotalLimit: 2, loadBestModelAtEnd: true };
    const { model, summary } = await tiny.run({ evaluators: [evaluator], arguments: args });
    expect(summary.best).toEqual({ step: 4, metric: 'score', value: 5 });
    expect(readdirSync(tiny.folder).sort()).toEqual(['checkpoint-4', 'checkpoint-8', 'final', 'trainer_log.jsonl']);
    expect(tableOf(model)).toEqual(evaluator.tables[1]);
    expect(await tableIn(path.join(tiny.folder, 'final'))).toEqual(evaluator.tables[1]);
    expect(eventsOf(tiny.events, 'checkpoint-saved').map(({ step, isBest }) => [step, isBest])).toEqual([
      [2, true],
      [4, true],
      [6, false],
      [8, false],
    ]);
    const card = readFileSync(path.join(tiny.folder, 'final', 'README.md'), 'utf8');
    expect(card).toContain('| **score** | 5.0000 |');
  });

  test('stops the run early when no evaluation is better any more', async () => {
    const evaluator = scriptedEvaluator([1, 5, 2, 3, 9]);
    const args = { ...when, outputDir: tiny.folder, maxSteps: 40, earlyStoppingPatience: 2 };
    const { summary } = await tiny.run({ evaluators: [evaluator], arguments: args });
    const reason = 'score was no better than 5 at step 4 in 2 evaluations';
    expect(summary).toMatchObject({ outcome: 'stopped', step: 8, steps: 40, reason });
    expect(tiny.events.at(-1)).toMatchObject({ type: 'training-end', outcome: 'stopped', reason });
    const again = await tiny.run({ evaluators: [evaluator], arguments: args, resumeFromCheckpoint: true });
    expect(again.summary).toMatchObject({ outcome: 'stopped', step: 8, reason });
  });
});

describe('an average', () => {
  test('of the last checkpoints is the mean of their tables, and is evaluated', async () => {
    const evaluator = scriptedEvaluator([1, 2]);
    const args = {
      outputDir: tiny.folder,
      saveStrategy: 'steps',
      saveSteps: 3,
      maxSteps: 8,
      averageCheckpoints: 2,
    } as const;
    const { model, summary } = await tiny.run({ evaluators: [evaluator], arguments: args });
    const [a, b] = [
      await tableIn(path.join(tiny.folder, 'checkpoint-6')),
      await tableIn(path.join(tiny.folder, 'checkpoint-8')),
    ];
    expect(tableOf(model)).toEqual(a.map((value, i) => Math.fround((value + b[i]!) / 2)));
    expect(evaluator.tables).toEqual([b, tableOf(model)]);
    expect(summary.evaluations.map(({ step }) => step)).toEqual([8, 8]);
    expect(await tableIn(path.join(tiny.folder, 'final'))).toEqual(tableOf(model));
  });

  test('that runs along is that of the formula over the tables of a run without it, and is what is evaluated and kept', async () => {
    const tables: number[][] = [];
    const model = await tinyModel(tiny.kernels);
    const onEvent = ({ type }: TrainingEvent): void => {
      if (type === 'step-end') tables.push(tableOf(model));
    };
    await tiny.run({ model, onEvent, arguments: { maxSteps: 8, optimizer: 'dense' } });
    const [first, ...rest] = [tables[1]!, tables[3]!, tables[5]!, tables[7]!];
    const expected = rest.reduce((average, table, i) => {
      const decay = Math.min(0.3, (2 + i) / (11 + i));
      return average.map((value, at) => Math.fround(decay * value + (1 - decay) * table[at]!));
    }, first!);
    const evaluator = scriptedEvaluator([1]);
    const args = { maxSteps: 8, emaDecay: 0.3, emaSteps: 2, outputDir: tiny.folder, saveStrategy: 'epoch' } as const;
    const averaged = await tiny.run({ evaluators: [evaluator], arguments: args });
    expect(tableOf(averaged.model)).toEqual(expected);
    expect(evaluator.tables).toEqual([expected]);
    const checkpoint = path.join(tiny.folder, 'checkpoint-8');
    expect(await tableIn(checkpoint)).toEqual(expected);
    const optimizer = await openSafetensors(path.join(checkpoint, 'optimizer.safetensors'));
    const trained = new Float32Array(expected.length);
    await optimizer.readFloat32('embedding.weight', trained);
    await optimizer.close();
    expect([...trained]).toEqual(tables[7]);
  });
});

describe('held-out data', () => {
  test('gives its loss, by its rows, without moving the table', async () => {
    const model = await tinyModel(tiny.kernels);
    const before = tableOf(model);
    let calls = 0;
    const loss = {
      ...scriptedLoss(() => 0),
      compute: (input: { readonly rows: number }, gradients?: unknown): number => {
        calls += 1;
        if (gradients !== undefined) return 1;
        return input.rows === 8 ? 3 : 9;
      },
    };
    const evalDatasets = [pairsDataset('a', 12, 100), pairsDataset('b', 8, 200)];
    const args = { perDeviceEvalBatchSize: 8, maxSteps: 1, evalOnStart: true } as const;
    const { summary } = await tiny.run({ model, loss, evalDatasets, arguments: args });
    const figures = { a_loss: (8 * 3 + 4 * 9) / 12, b_loss: 3, loss: (8 * 3 + 4 * 9 + 8 * 3) / 20 };
    expect(summary.evaluations.map(({ step, name, result }) => [step, name, result.metrics])).toEqual([
      [0, 'loss', figures],
      [1, 'loss', figures],
    ]);
    expect(summary.history.filter((record) => 'eval_loss' in record)).toHaveLength(2);
    expect(calls).toBe(1 + 2 * 3);
    expect(tableOf(model)).toEqual(before);
  });

  test('has a lower loss after training on data like it', async () => {
    const evalDatasets = [pairsDataset('held-out', 40, 64)];
    const { summary } = await tiny.run({ evalDatasets, arguments: { numTrainEpochs: 10, evalOnStart: true } });
    const [before, after] = summary.evaluations.map(({ result }) => result.metrics.loss!);
    expect(after).toBeLessThan(before! * 0.9);
    expect(summary.best).toEqual({ step: 40, metric: 'loss', value: after });
  });

  test('needs a loss when losses are given by name', async () => {
    const loss = { pairs: scriptedLoss(() => 1) };
    await expect(tiny.run({ loss, evalDatasets: [pairsDataset('other', 8)] })).rejects.toThrow(
      'Expected `loss` to have an entry for the held-out dataset `other`, received `pairs`. Name it as one of them, or give one loss for all.',
    );
  });
});

describe('callbacks', () => {
  test('are told of all events after `onEvent`, may stop the run, and are closed once', async () => {
    const seen: string[] = [];
    const callback: TrainingCallback = {
      name: 'guard',
      onEvent(event, control) {
        seen.push(event.type);
        if (event.type === 'step-end' && event.step === 2) control.stop('two are enough');
      },
      close: async () => {
        seen.push('closed');
      },
    };
    const { summary } = await tiny.run({ callbacks: [callback], arguments: { reportTo: ['guard'] } });
    expect(summary).toMatchObject({ outcome: 'stopped', reason: 'two are enough', step: 2 });
    expect(seen).toEqual([...tiny.events.map(({ type }) => type), 'closed']);
  });

  test('are closed after a run that failed too, whose error counts', async () => {
    let isClosed = false;
    const callback: TrainingCallback = {
      name: 'logger',
      onEvent: () => {},
      close: async () => {
        isClosed = true;
        throw new Error('cannot close');
      },
    };
    await expect(tiny.run({ callbacks: [callback], loss: scriptedLoss(() => Number.NaN) })).rejects.toMatchObject({
      code: 'non-finite-loss',
    });
    expect(isClosed).toBe(true);
    await expect(tiny.run({ callbacks: [callback] })).rejects.toThrow('cannot close');
  });

  test('that `reportTo` names must be there', async () => {
    await expect(tiny.run({ arguments: { reportTo: ['mlflow'] } })).rejects.toMatchObject({
      code: 'no-logger',
      message:
        'Expected `callbacks` to hold a logger named `mlflow` for `reportTo`, received none. Pass it, or name one of `jsonl`, `tensorboard`, `wandb`, which need not be passed.',
    });
  });
});

test('a loss that is not finite leaves a checkpoint from before the step', async () => {
  const model = await tinyModel(tiny.kernels);
  const loss = scriptedLoss(
    (call) => (call === 6 ? Number.NaN : 1),
    () => 0.01,
  );
  const args = { maxSteps: 8, outputDir: tiny.folder };
  const checkpoint = path.join(tiny.folder, 'checkpoint-5');
  await expect(tiny.run({ model, loss, arguments: args })).rejects.toThrow(
    new RegExp(
      `at step 6, in a batch of dataset \`pairs\`, rows .* The state before that step is in \`${checkpoint}\`\\.$`,
    ),
  );
  expect(await tableIn(checkpoint)).toEqual(tableOf(model));
  const mended = await tiny.run({
    loss: scriptedLoss(
      () => 1,
      () => 0.01,
    ),
    arguments: args,
    resumeFromCheckpoint: true,
  });
  expect(mended.summary).toMatchObject({ outcome: 'completed', step: 8, resumedFrom: checkpoint });
});
