import { getEventListeners } from 'node:events';
import type { TrainingEvent } from '@embedbag/core';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { expect, test } from 'vitest';
import { startTraining } from './start-training.js';
import type { TrainOptions } from './train-options.js';
import { pairsDataset, tableOf, tinyModel, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

async function options(more: Partial<TrainOptions> = {}): Promise<TrainOptions> {
  const model = await tinyModel(tiny.kernels);
  const loss = multipleNegativesRankingLoss();
  const args = { perDeviceTrainBatchSize: 16, loggingSteps: 2 };
  return { model, datasets: [pairsDataset('pairs', 64)], loss, arguments: args, ...more };
}

test('all events come in order, then the summary', async () => {
  const training = startTraining(await options());
  const types: string[] = [];
  for await (const event of training.events) types.push(event.type);
  const steps = ['step-end', 'step-end', 'log'];
  expect(types).toEqual(['training-start', ...steps, ...steps, 'training-end']);
  expect(await training.summary).toMatchObject({ outcome: 'completed', step: 4 });
});

test('the run never goes more than a step ahead of the one who takes its events', async () => {
  let done = 0;
  const onEvent = ({ type }: TrainingEvent): void => {
    if (type === 'step-end') done += 1;
  };
  const training = startTraining(await options({ onEvent }));
  let seen = 0;
  for await (const event of training.events) {
    if (event.type !== 'step-end') continue;
    seen += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(done - seen).toBeLessThanOrEqual(1);
  }
  expect(seen).toBe(4);
});

test('`stop` ends it after the step, with the reason, as the last step of a plan would', async () => {
  const training = startTraining(await options());
  for await (const event of training.events) {
    if (event.type === 'step-end' && event.step === 2) training.stop('enough');
  }
  expect(await training.summary).toMatchObject({ outcome: 'stopped', reason: 'enough', step: 2, steps: 4 });
  const early = startTraining(await options());
  early.stop();
  expect(await early.summary).toMatchObject({
    outcome: 'stopped',
    reason: 'a handler of events asked for it',
    step: 0,
  });
});

test('nobody has to take the events, and who leaves does not keep the run from its end', async () => {
  const unseen = await options();
  const { summary } = startTraining(unseen);
  expect(await summary).toMatchObject({ outcome: 'completed' });
  const left = await options();
  const training = startTraining(left);
  for await (const event of training.events) if (event.type === 'step-end') break;
  expect(await training.summary).toMatchObject({ outcome: 'completed', step: 4 });
  expect(tableOf(left.model as never)).toEqual(tableOf(unseen.model as never));
});

test('what is wrong rejects the summary and ends the events', async () => {
  const training = startTraining(await options({ datasets: [] }));
  const take = async (): Promise<void> => {
    for await (const _ of training.events);
  };
  await expect(take()).rejects.toMatchObject({ code: 'no-dataset' });
  await expect(training.summary).rejects.toMatchObject({ code: 'no-dataset' });
});

test('a signal of many trainings keeps no listeners', async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 3; i++) await startTraining(await options({ signal })).summary;
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
