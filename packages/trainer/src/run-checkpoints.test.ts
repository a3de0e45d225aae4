import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TrainingEvent } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Checkpoint } from './checkpoint.js';
import { createPhaseClock } from './phase-clock.js';
import { RunCheckpoints } from './run-checkpoints.js';
import { tableOf, tinyModel } from './training-fixtures.js';
import { openTrainingOutput } from './training-output.js';

let folder: string;
let model: StaticEmbedding;
let events: TrainingEvent[];
const kernels = createTypeScriptKernels();

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-checkpoints-'));
  model = await tinyModel(kernels);
  events = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function checkpointAt(step: number): Checkpoint {
  const values = model.table.data;
  return {
    model,
    card: { readme: '', curve: undefined },
    arrays: {
      table: values,
      firstMoment: new Float32Array(values.length),
      secondMoment: new Float32Array(values.length),
    },
    optimizer: { step, beta1Power: 1, beta2Power: 1 },
    samplerState: undefined,
    trainerState: {},
    isPlanned: true,
  };
}

async function checkpointsWith(availableBytes: number): Promise<RunCheckpoints> {
  const output = await openTrainingOutput(folder);
  const emit = (event: TrainingEvent): void => void events.push(event);
  return new RunCheckpoints({ output, clock: createPhaseClock(), emit, availableBytes: () => availableBytes });
}

async function savedTable(step: number): Promise<number[]> {
  return tableOf(await StaticEmbedding.load(path.join(folder, `checkpoint-${step}`), { kernels }));
}

test('a checkpoint is written beside the steps, with the numbers of its moment', async () => {
  const checkpoints = await checkpointsWith(1e9);
  const before = tableOf(model);
  await checkpoints.save(checkpointAt(1), { inBackground: true, bestStep: undefined });
  expect(events).toEqual([]);
  model.table.data.fill(7);
  await checkpoints.save(checkpointAt(2), { inBackground: true, bestStep: 2 });
  expect(events).toMatchObject([{ type: 'checkpoint-saved', step: 1, isBest: false }]);
  await checkpoints.settle();
  expect(events).toMatchObject([{ step: 1 }, { step: 2, isBest: true }]);
  expect(await savedTable(1)).toEqual(before);
  expect(new Set(await savedTable(2))).toEqual(new Set([7]));
});

test('without memory for a copy the steps wait until it is written', async () => {
  const checkpoints = await checkpointsWith(10_000);
  await checkpoints.save(checkpointAt(1), { inBackground: true, bestStep: undefined });
  expect(events).toMatchObject([{ type: 'checkpoint-saved', step: 1 }]);
});

test('what goes wrong beside the steps is thrown at the next of them, once', async () => {
  const checkpoints = await checkpointsWith(1e9);
  const broken = { ...checkpointAt(1), samplerState: { loop: undefined } as never };
  Object.assign(broken.samplerState as object, { loop: broken.samplerState });
  await checkpoints.save(broken, { inBackground: true, bestStep: undefined });
  checkpoints.throwIfFailed();
  await expect(checkpoints.settle()).rejects.toThrow('circular');
  checkpoints.throwIfFailed();
});
