import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Evaluator, TrainingEvent } from '@embedbag/core';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { defaultBatchSampler, roundRobinBatchSampler } from '@embedbag/samplers';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import type { TrainOptions } from './train-options.js';
import type { TrainingArgumentsInput } from './training-arguments.js';
import { eventsOf, memoryDataset, pair, pairsDataset, tableOf, tinyModel, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

const RUN: TrainingArgumentsInput = { numTrainEpochs: 3, weightDecay: 0.01, loggingSteps: 3 };
const datasets = [pairsDataset('a', 40), pairsDataset('b', 24, 40)];

/** Ends the run after `step`, as Ctrl-C does. */
function stopAfter(step: number): Pick<TrainOptions, 'signal' | 'onEvent'> {
  const controller = new AbortController();
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === 'step-end' && event.step === step) controller.abort();
  };
  return { signal: controller.signal, onEvent };
}

const saving = (name = 'run'): TrainingArgumentsInput => ({
  outputDir: path.join(tiny.folder, name),
  saveStrategy: 'steps',
  saveSteps: 4,
});

/** Scores the first number of the embedding of a text, so that a table that differs scores differently. */
function readingEvaluator(): Evaluator {
  return {
    contract: 'embedbag/evaluator@1',
    name: 'reading',
    config: {},
    async evaluate(model) {
      const reading = (await model.embed(['red green 3'])).data[0]!;
      const csv = [{ fileName: 'reading.csv', columns: ['reading'], values: [reading], lineEnd: '\n' as const }];
      return { metrics: { reading }, primaryMetric: 'reading', csv };
    },
  };
}

describe('a run that goes on', () => {
  const ways: readonly (readonly [string, Partial<TrainOptions>])[] = [
    ['by default', {}],
    ['with the optimizer `dense`', { arguments: { optimizer: 'dense' } }],
    ['with the optimizer `lazy`', { arguments: { optimizer: 'lazy' } }],
    ['with accumulated gradients', { arguments: { gradientAccumulationSteps: 3 } }],
    ['with a running average', { arguments: { emaDecay: 0.9, emaSteps: 3 } }],
    [
      'with other samplers',
      { batchSampler: defaultBatchSampler(), multiDatasetBatchSampler: roundRobinBatchSampler() },
    ],
    [
      'with the best model at its end',
      { arguments: { loadBestModelAtEnd: true, evalStrategy: 'steps', evalSteps: 2 } },
    ],
    ['with the average of its checkpoints', { arguments: { averageCheckpoints: 2 } }],
  ];

  test.each(ways)('ends with the bytes of one that was never stopped, %s', async (_, way) => {
    const options = { datasets, evaluators: [readingEvaluator()], ...way };
    const whole = await tiny.run({ ...options, arguments: { ...RUN, ...saving('whole'), ...way.arguments } });
    const steps = whole.summary.step;
    for (const stop of [1, 3, 4, 5, 7, 8, 11].filter((step) => step < steps)) {
      const args = { ...RUN, ...saving(`stop-${stop}`), ...way.arguments };
      const first = await tiny.run({ ...options, ...stopAfter(stop), arguments: args });
      expect(first.summary).toMatchObject({ outcome: 'aborted', step: stop });
      const second = await tiny.run({ ...options, arguments: args, resumeFromCheckpoint: true });
      expect(second.summary).toMatchObject({ outcome: 'completed', step: steps });
      expect(second.summary.resumedFrom).toBe(path.join(args.outputDir!, `checkpoint-${stop}`));
      expect(tableOf(second.model), `stopped after step ${stop}`).toEqual(tableOf(whole.model));
      expect(second.summary.meanLoss).toBe(whole.summary.meanLoss);
      expect(second.summary.best).toEqual(whole.summary.best);
    }
  });

  test('goes on from a saved place of its samplers too, and tells of the rows in no batch as it would have', async () => {
    const options = {
      datasets,
      multiDatasetBatchSampler: roundRobinBatchSampler(),
      arguments: { ...RUN, ...saving() },
    };
    const whole = await tiny.run(options);
    const notices = eventsOf(tiny.events, 'notice').map(({ message }) => message);
    expect(notices).toHaveLength(3);
    const checkpoint = path.join(tiny.folder, 'run', 'checkpoint-4');
    expect(existsSync(path.join(checkpoint, 'sampler_state.json'))).toBe(true);
    const before = tiny.events.length;
    const again = await tiny.run({ ...options, resumeFromCheckpoint: checkpoint });
    expect(tableOf(again.model)).toEqual(tableOf(whole.model));
    const seen = eventsOf(tiny.events.slice(before), 'notice').map(({ message }) => message);
    expect(seen).toEqual(notices.slice(-seen.length));
    expect(eventsOf(tiny.events.slice(before), 'training-start')[0]).toMatchObject({
      startStep: 4,
      resumedFrom: checkpoint,
    });
  });

  test('keeps the log, the evaluations and the CSV files of a run that was never stopped', async () => {
    const options = {
      datasets,
      evaluators: [readingEvaluator()],
      arguments: { ...RUN, ...saving(), evalStrategy: 'steps', evalSteps: 2 } as const,
    };
    const outputDir = options.arguments.outputDir!;
    const whole = await tiny.run({ ...options, arguments: { ...options.arguments, outputDir: `${outputDir}-whole` } });
    await tiny.run({ ...options, ...stopAfter(7) });
    appendFileSync(path.join(outputDir, 'trainer_log.jsonl'), '{"step":7,"a line of a step that is taken again');
    const again = await tiny.run({ ...options, resumeFromCheckpoint: path.join(outputDir, 'checkpoint-4') });
    const bare = (history: readonly object[]): object[] =>
      history.map((record) => {
        const { pairs_per_second, tokens_per_second, time_shares, memory_bytes, ...rest } = record as Record<
          string,
          unknown
        >;
        return rest;
      });
    expect(bare(again.summary.history)).toEqual(bare(whole.summary.history));
    const lines = readFileSync(path.join(outputDir, 'trainer_log.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(again.summary.history);
    const figures = (run: typeof whole): object[] =>
      run.summary.evaluations.map(({ step, result }) => [step, result.metrics]);
    expect(figures(again)).toEqual(figures(whole));
    const csvOf = (folder: string): string => readFileSync(path.join(folder, 'eval', 'reading.csv'), 'utf8');
    expect(csvOf(outputDir)).toBe(csvOf(`${outputDir}-whole`));
  });

  test('begins with its first step, with a notice, where there is no checkpoint yet', async () => {
    const { summary } = await tiny.run({ arguments: { ...RUN, ...saving() }, resumeFromCheckpoint: true });
    expect(summary).toMatchObject({ outcome: 'completed', step: 12 });
    expect(summary.resumedFrom).toBeUndefined();
    expect(eventsOf(tiny.events, 'notice')).toEqual([
      {
        type: 'notice',
        code: 'no-checkpoint',
        message: `There is no checkpoint in \`${path.join(tiny.folder, 'run')}\` to go on from; the run begins with its first step.`,
      },
    ]);
  });

  test('that was at its end already ends again with the same table', async () => {
    const options = { arguments: { ...RUN, ...saving() } };
    const whole = await tiny.run(options);
    rmSync(path.join(tiny.folder, 'run', 'final'), { recursive: true });
    const again = await tiny.run({ ...options, resumeFromCheckpoint: true });
    expect(again.summary).toMatchObject({ outcome: 'completed', step: 12 });
    expect(tableOf(again.model)).toEqual(tableOf(whole.model));
    expect(existsSync(path.join(tiny.folder, 'run', 'final', 'model.safetensors'))).toBe(true);
  });

  test('may have been given its checkpoint as its model', async () => {
    const options = { arguments: { ...RUN, ...saving() } };
    const whole = await tiny.run(options);
    const checkpoint = path.join(tiny.folder, 'run', 'checkpoint-8');
    const model = await StaticEmbedding.load(checkpoint, { kernels: tiny.kernels });
    const again = await tiny.run({ ...options, model, resumeFromCheckpoint: checkpoint });
    expect(tableOf(again.model)).toEqual(tableOf(whole.model));
  });

  test('may write, log and save otherwise than before', async () => {
    const options = { arguments: { ...RUN, ...saving() } };
    const whole = await tiny.run(options);
    const args = {
      ...RUN,
      outputDir: path.join(tiny.folder, 'other'),
      loggingSteps: 1,
      runName: 'other',
      optimizer: 'dense',
    } as const;
    const resumeFromCheckpoint = path.join(tiny.folder, 'run', 'checkpoint-4');
    const again = await tiny.run({ arguments: args, resumeFromCheckpoint });
    expect(tableOf(again.model)).toEqual(tableOf(whole.model));
    expect(readdirSync(path.join(tiny.folder, 'other')).sort()).toEqual(['final', 'trainer_log.jsonl']);
  });
});

describe('a run that differs from its checkpoint is refused with the difference:', () => {
  const renamed = memoryDataset('pairs', {
    anchor: Array.from({ length: 64 }, (_, i) => pair(i)[0]),
    positive: Array.from({ length: 64 }, (_, i) => (i === 40 ? 'another text' : pair(i)[1])),
  });
  const cases: readonly (readonly [string, Partial<TrainOptions>, string])[] = [
    ['an argument', { arguments: { learningRate: 0.1 } }, '`learningRate` is 0.1 and was 0.2.'],
    [
      'several arguments',
      { arguments: { seed: 7, maxSteps: 5 } },
      '`seed` is 7 and was 42; `maxSteps` is 5 and was not given.',
    ],
    [
      'the loss',
      { loss: multipleNegativesRankingLoss({ scale: 10 }) },
      'of dataset `pairs` `loss.config.scale` is 10 and was 20.',
    ],
    ['one text', { datasets: [renamed] }, 'dataset `pairs` has other texts in column `positive`.'],
    ['fewer rows', { datasets: [pairsDataset('pairs', 60)] }, 'of dataset `pairs` `rows` is 60 and was 64'],
    ['another dataset', { datasets: [pairsDataset('pears', 64)] }, 'the datasets are `pears` and were `pairs`.'],
    [
      'a sampler',
      { batchSampler: defaultBatchSampler() },
      '`batch_sampler.name` is "BATCH_SAMPLER" and was "NO_DUPLICATES"',
    ],
  ];

  test.each(cases)('%s', async (_, change, difference) => {
    await tiny.run({ arguments: { ...RUN, ...saving() }, ...stopAfter(5) });
    const checkpoint = path.join(tiny.folder, 'run', 'checkpoint-5');
    const args = { ...RUN, ...saving(), ...change.arguments };
    const refusal = tiny.run({ ...change, arguments: args, resumeFromCheckpoint: true });
    await expect(refusal).rejects.toMatchObject({
      code: 'resume-mismatch',
      message: expect.stringContaining(
        `Expected the run that saved \`${checkpoint}\`, received one that differs: ${difference}`,
      ),
    });
    await expect(refusal).rejects.toThrow(
      'Give it the same data, arguments and loss, or begin a new run that takes the checkpoint as its model.',
    );
    expect(readdirSync(path.join(tiny.folder, 'run'))).toContain('checkpoint-5');
  });

  test('another table', async () => {
    await tiny.run({ arguments: { ...RUN, ...saving() }, ...stopAfter(5) });
    const model = await tinyModel(tiny.kernels);
    model.table.data[0] = 7;
    const options = { arguments: { ...RUN, ...saving() }, model, resumeFromCheckpoint: true };
    await expect(tiny.run(options)).rejects.toThrow('the model has another table than the run began with');
    await expect(tiny.run({ ...options, model: await tinyModel(tiny.kernels, 4) })).rejects.toThrow(
      '`model.dimension` is 4 and was 8.',
    );
  });
});

describe('checkpoints that are incomplete or damaged', () => {
  const damage: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      'cut short',
      (folder) => truncateSync(path.join(folder, 'model.safetensors'), 1000),
      /`model\.safetensors` with 1000 of its \d+ bytes/,
    ],
    [
      'with a changed byte',
      (folder) => {
        const file = path.join(folder, 'optimizer.safetensors');
        const bytes = readFileSync(file);
        bytes[bytes.length - 5]! ^= 1;
        writeFileSync(file, bytes);
      },
      /`optimizer\.safetensors` with other bytes than were written/,
    ],
    [
      'with another figure in its state',
      (folder) => {
        const file = path.join(folder, 'trainer_state.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"pairs": 128', '"pairs": 129'));
      },
      /a `trainer_state\.json` with other bytes than were written/,
    ],
    [
      'without a file',
      (folder) => rmSync(path.join(folder, 'tokenizer.json')),
      /one without `tokenizer\.json` that can be read/,
    ],
    [
      'without a state',
      (folder) => rmSync(path.join(folder, 'trainer_state.json')),
      /one without `trainer_state\.json`/,
    ],
    ['with half a state', (folder) => truncateSync(path.join(folder, 'trainer_state.json'), 99), /that is no JSON/],
  ];

  test.each(damage)('%s are skipped with a notice, and the newest whole one is taken', async (_, spoil, told) => {
    const options = { arguments: { ...RUN, ...saving() } };
    const whole = await tiny.run({ arguments: { ...RUN, ...saving('whole') } });
    await tiny.run({ ...options, ...stopAfter(8) });
    const outputDir = path.join(tiny.folder, 'run');
    spoil(path.join(outputDir, 'checkpoint-8'));
    const before = tiny.events.length;
    const again = await tiny.run({ ...options, resumeFromCheckpoint: true });
    expect(again.summary.resumedFrom).toBe(path.join(outputDir, 'checkpoint-4'));
    expect(tableOf(again.model)).toEqual(tableOf(whole.model));
    const [notice] = eventsOf(tiny.events.slice(before), 'notice');
    expect(notice).toMatchObject({ code: 'checkpoint-skipped', message: expect.stringMatching(told) });
    // The run has made it anew.
    expect(
      (await tiny.run({ ...options, resumeFromCheckpoint: path.join(outputDir, 'checkpoint-8') })).summary.step,
    ).toBe(12);
  });

  test('and nothing else are refused, with the first of them', async () => {
    const options = { arguments: { ...RUN, ...saving() } };
    await tiny.run({ ...options, ...stopAfter(8) });
    const outputDir = path.join(tiny.folder, 'run');
    for (const step of [4, 8]) rmSync(path.join(outputDir, `checkpoint-${step}`, 'model.safetensors'));
    await expect(tiny.run({ ...options, resumeFromCheckpoint: true })).rejects.toMatchObject({
      code: 'no-good-checkpoint',
      message: expect.stringMatching(
        /^Expected a whole checkpoint in `.*run` to go on from, received 2 that cannot be used\. Expected `.*checkpoint-8` to be a whole checkpoint, received one without `model\.safetensors`.* Delete them all to begin anew\.$/,
      ),
    });
  });

  test('are refused when they are named', async () => {
    await expect(tiny.run({ resumeFromCheckpoint: path.join(tiny.folder, 'nowhere') })).rejects.toMatchObject({
      code: 'checkpoint-damaged',
    });
  });
});

test('a run that begins anew is refused where checkpoints lie', async () => {
  const options = { arguments: { ...RUN, ...saving() } };
  await tiny.run({ ...options, ...stopAfter(5) });
  await expect(tiny.run(options)).rejects.toMatchObject({
    code: 'output-has-checkpoints',
    message: expect.stringMatching(
      /^Expected `outputDir` without checkpoints of another run, received `.*run` with `checkpoint-5`\. Go on from it with `resumeFromCheckpoint` \(`--resume`\), choose another folder, or delete the checkpoints\.$/,
    ),
  });
});

test('going on without a folder is refused', async () => {
  await expect(tiny.run({ resumeFromCheckpoint: true })).rejects.toMatchObject({ code: 'resume-without-output' });
});
