import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tripletEvaluator } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import { countingEvaluator, eventsOf, tableOf, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

describe('evaluation', () => {
  const stepsOfEvaluation = (): number[] => eventsOf(tiny.events, 'evaluation-end').map(({ step }) => step);

  test('comes after the last step by default', async () => {
    const { summary } = await tiny.run({ evaluators: [countingEvaluator('a'), countingEvaluator('b')] });
    expect(summary.evaluations.map(({ step, name }) => [step, name])).toEqual([
      [4, 'a'],
      [4, 'b'],
    ]);
  });

  test('comes every `evalSteps`, and at the end once', async () => {
    const evaluators = [countingEvaluator()];
    await tiny.run({ evaluators, arguments: { evalStrategy: 'steps', evalSteps: 2, numTrainEpochs: 1.25 } });
    expect(stepsOfEvaluation()).toEqual([2, 4, 5]);
  });

  test('comes before the first step and after each epoch when asked for', async () => {
    const evaluators = [countingEvaluator()];
    await tiny.run({ evaluators, arguments: { evalStrategy: 'epoch', evalOnStart: true, numTrainEpochs: 2 } });
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
    await tiny.run({ evaluators: [reading], arguments: { evalOnStart: true } });
    expect(seen).toHaveLength(2);
    expect(seen[1]).not.toBe(seen[0]);
  });

  test('without evaluators is refused when it was asked for', async () => {
    await expect(tiny.run({ arguments: { evalStrategy: 'epoch' } })).rejects.toMatchObject({
      code: 'no-evaluator',
      message:
        "Expected `evaluators` or `evalDatasets` for `evalStrategy: 'epoch'`, received none. Pass some, or leave the argument out.",
    });
  });
});

describe('saving', () => {
  test('adds a row to the CSV files of the evaluators at every evaluation', async () => {
    const triplets = { anchors: ['red green 1'], positives: ['red green 2'], negatives: ['blue 3'] };
    await tiny.run({
      evaluators: [tripletEvaluator({ ...triplets, name: 'colours' }), countingEvaluator()],
      arguments: { outputDir: tiny.folder, evalStrategy: 'steps', evalSteps: 2 },
    });
    expect(readdirSync(path.join(tiny.folder, 'eval'))).toEqual(['triplet_evaluation_colours_results.csv']);
    const csv = readFileSync(path.join(tiny.folder, 'eval/triplet_evaluation_colours_results.csv'), 'utf8');
    expect(csv).toMatch(/^epoch,steps,accuracy_cosine\r\n0\.5,2,[01]\.0\r\n1\.0,4,[01]\.0\r\n$/);
  });

  test('leaves a model that loads, a card and a log', async () => {
    const { model, summary } = await tiny.run({
      evaluators: [countingEvaluator()],
      arguments: { outputDir: tiny.folder, loggingSteps: 2, runName: 'tiny run' },
    });
    expect(summary.modelFolder).toBe(path.join(tiny.folder, 'final'));
    expect(readdirSync(tiny.folder).sort()).toEqual(['final', 'trainer_log.jsonl']);
    const loaded = await StaticEmbedding.load(summary.modelFolder!, { kernels: tiny.kernels });
    expect(tableOf(loaded)).toEqual(tableOf(model));
    const lines = readFileSync(path.join(tiny.folder, 'trainer_log.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(summary.history);
    const line = {
      epoch: expect.any(Number),
      loss: expect.any(Number),
      grad_norm: expect.any(Number),
      learning_rate: expect.any(Number),
      pairs_per_second: expect.any(Number),
      tokens_per_second: expect.any(Number),
      time_shares: eventsOf(tiny.events, 'log')[0]!.timeShares,
      memory_bytes: expect.any(Number),
    };
    expect(summary.history).toEqual([
      { ...line, step: 2 },
      { ...line, step: 4, time_shares: eventsOf(tiny.events, 'log')[1]!.timeShares },
      { step: 4, epoch: 1, eval_counting_calls: 1 },
    ]);
    const card = readFileSync(path.join(tiny.folder, 'final', 'README.md'), 'utf8');
    for (const part of ['# tiny run', '| pairs | 64 | anchor, positive |', 'MultipleNegativesRankingLoss', '@misc{']) {
      expect(card).toContain(part);
    }
    expect(card).toContain('- `learningRate`: 0.2');
    expect(card).toContain('| **counting_calls** | 1.0000 |');
  });

  test('happens every `saveSteps`, and only the newest checkpoints are kept', async () => {
    await tiny.run({
      arguments: { outputDir: tiny.folder, saveStrategy: 'steps', saveSteps: 2, saveTotalLimit: 2, numTrainEpochs: 2 },
    });
    expect(eventsOf(tiny.events, 'checkpoint-saved').map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    expect(readdirSync(tiny.folder).sort()).toEqual(['checkpoint-6', 'checkpoint-8', 'final', 'trainer_log.jsonl']);
  });

  test('after each epoch keeps all that is needed to go on', async () => {
    await tiny.run({
      evaluators: [countingEvaluator()],
      arguments: {
        outputDir: tiny.folder,
        saveStrategy: 'epoch',
        evalStrategy: 'epoch',
        numTrainEpochs: 2,
        loggingSteps: 3,
        seed: 5,
      },
    });
    const checkpoint = path.join(tiny.folder, 'checkpoint-4');
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
      pairs: 64,
      evaluations: [{ step: 4, name: 'counting', metrics: { counting_calls: 1 }, primary_metric: 'counting_calls' }],
      log_sums: { steps: 4, window: { steps: 1, rows: 16, tokens: expect.any(Number) } },
      log_history: [{ step: 3 }, { step: 4, eval_counting_calls: 1 }],
      optimizer: { step: 4, beta1_power: power1, beta2_power: power2 },
      identity: {
        arguments: { seed: 5 },
        setup: {
          batch_sampler: { name: 'NO_DUPLICATES' },
          datasets: [{ name: 'pairs', rows: 64, loss: { name: 'MultipleNegativesRankingLoss' } }],
        },
        data: [{ name: 'pairs', labels: 'none' }],
      },
      files: { 'model.safetensors': {}, 'tokenizer.json': {}, 'sampler_state.json': {} },
    });
    const optimizer = readFileSync(path.join(checkpoint, 'optimizer.safetensors'));
    const header = optimizer.subarray(8, 8 + Number(optimizer.readBigUInt64LE(0))).toString();
    const model = await StaticEmbedding.load(checkpoint, { kernels: tiny.kernels });
    expect(JSON.parse(header)).toMatchObject({
      'embedding.weight.exp_avg': { dtype: 'F32', shape: [model.table.rows, 8] },
      'embedding.weight.exp_avg_sq': { dtype: 'F32', shape: [model.table.rows, 8] },
    });
  });

  test('into a tiny.folder that cannot be written is refused before the first step', async () => {
    writeFileSync(path.join(tiny.folder, 'file'), '');
    const outputDir = path.join(tiny.folder, 'file', 'run');
    await expect(tiny.run({ arguments: { outputDir } })).rejects.toMatchObject({ code: 'output-not-writable' });
    expect(tiny.events).toEqual([]);
  });

  test('does not happen without `outputDir`', async () => {
    const { summary } = await tiny.run();
    expect(summary.modelFolder).toBeUndefined();
    expect(readdirSync(tiny.folder)).toEqual([]);
  });
});
