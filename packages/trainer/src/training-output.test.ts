import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTrainingOutput } from './training-output.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-output-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writing =
  (text: string) =>
  (target: string): Promise<void> =>
    writeFile(path.join(target, 'modules.json'), text);
const readModel = (name: string): string => readFileSync(path.join(folder, name, 'modules.json'), 'utf8');

test('the folder is made with its parents', async () => {
  const output = await openTrainingOutput(path.join(folder, 'a', 'b'));
  expect(output.folder).toBe(path.join(folder, 'a', 'b'));
  expect(existsSync(output.folder)).toBe(true);
});

test('a folder that cannot be made is refused', async () => {
  writeFileSync(path.join(folder, 'file'), '');
  const impossible = path.join(folder, 'file', 'run');
  await expect(openTrainingOutput(impossible)).rejects.toMatchObject({
    code: 'output-not-writable',
    message: expect.stringMatching(
      /^Expected `outputDir` to be a folder that can be written, received `.*run`, for which the system says: ENOTDIR.* Choose another folder/,
    ),
  });
});

test.skipIf(process.platform !== 'linux')('a folder below /proc is refused, without waiting for ever', async () => {
  await expect(openTrainingOutput('/proc/embedbag/run')).rejects.toMatchObject({ code: 'output-not-writable' });
});

test('a file in place of the folder is refused', async () => {
  writeFileSync(path.join(folder, 'file'), '');
  await expect(openTrainingOutput(path.join(folder, 'file'))).rejects.toMatchObject({ code: 'output-not-writable' });
});

test('log lines are added as they come and a new run begins anew', async () => {
  const output = await openTrainingOutput(folder);
  await output.appendLog({ step: 1 });
  await output.appendLog({ step: 2 });
  const file = path.join(folder, 'trainer_log.jsonl');
  expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n');
  await openTrainingOutput(folder);
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('a checkpoint is not seen under its name before it is whole', async () => {
  const output = await openTrainingOutput(folder);
  const target = await output.saveCheckpoint(5, async (partial) => {
    await writing('five')(partial);
    expect(existsSync(path.join(folder, 'checkpoint-5'))).toBe(false);
  });
  expect(target).toBe(path.join(folder, 'checkpoint-5'));
  expect(readModel('checkpoint-5')).toBe('five');
});

test('a checkpoint that fails leaves the one of before and nothing else', async () => {
  const output = await openTrainingOutput(folder);
  await output.saveCheckpoint(5, writing('first'));
  const failing = async (target: string): Promise<void> => {
    await writing('second')(target);
    throw new Error('interrupted');
  };
  await expect(output.saveCheckpoint(5, failing)).rejects.toThrow('interrupted');
  expect(readModel('checkpoint-5')).toBe('first');
  expect(readdirSync(folder).sort()).toEqual(['checkpoint-5', 'trainer_log.jsonl']);
});

test('a folder that is no checkpoint is not replaced by one', async () => {
  await mkdir(path.join(folder, 'checkpoint-5'));
  writeFileSync(path.join(folder, 'checkpoint-5', 'thesis.txt'), '');
  const output = await openTrainingOutput(folder);
  await expect(output.saveCheckpoint(5, writing('five'))).rejects.toMatchObject({ code: 'output-not-replaceable' });
});

test('a file system that refuses a checkpoint is reported as such', async () => {
  const output = await openTrainingOutput(folder);
  const toNowhere = (target: string): Promise<void> => writeFile(path.join(target, 'absent', 'model'), '');
  await expect(output.saveCheckpoint(1, toNowhere)).rejects.toMatchObject({ code: 'output-not-writable' });
});

test('only as many checkpoints as allowed are kept, the newest, and those of other runs are left alone', async () => {
  await mkdir(path.join(folder, 'checkpoint-1'));
  const output = await openTrainingOutput(folder, { saveTotalLimit: 2 });
  for (const step of [2, 4, 6, 8]) await output.saveCheckpoint(step, writing(String(step)));
  expect(readdirSync(folder).sort()).toEqual(['checkpoint-1', 'checkpoint-6', 'checkpoint-8', 'trainer_log.jsonl']);
});

test('a folder `final` that is no model is refused before training', async () => {
  await mkdir(path.join(folder, 'final'));
  await writing('before')(path.join(folder, 'final'));
  await openTrainingOutput(folder);
  writeFileSync(path.join(folder, 'final', 'thesis.txt'), '');
  await expect(openTrainingOutput(folder)).rejects.toMatchObject({
    code: 'output-not-replaceable',
    message: expect.stringContaining('to be missing, empty or a model'),
  });
});

test('the model of an earlier run is replaced', async () => {
  for (const text of ['first', 'second']) {
    const output = await openTrainingOutput(folder);
    expect(await output.saveModel(writing(text))).toBe(path.join(folder, 'final'));
    expect(readModel('final')).toBe(text);
  }
});

test('what a killed run left is cleared away, and a model it was about to replace is put back', async () => {
  await mkdir(path.join(folder, '.checkpoint-4.saving-0a1b2c3d'));
  await mkdir(path.join(folder, '.final.saving-0a1b2c3d'));
  await mkdir(path.join(folder, '.final.replaced-0a1b2c3d'));
  await writing('before')(path.join(folder, '.final.replaced-0a1b2c3d'));
  await openTrainingOutput(folder);
  expect(readdirSync(folder).sort()).toEqual(['final', 'trainer_log.jsonl']);
  expect(readModel('final')).toBe('before');
});
