import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jsonlLogger } from './jsonl-logger.js';
import { controlInto, evaluationEvent, logEvent, RUN, report, startEvent } from './logger-fixtures.js';
import { readEventFiles } from './read-event-files.js';
import { tensorboardLogger } from './tensorboard-logger.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
/** Made by `node tooling/tensorboard.mjs`. */
const python = path.join(process.env.EMBEDBAG_TENSORBOARD ?? path.join(root, '.cache/tensorboard'), 'bin/python');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-loggers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = (name: string): string => path.join(folder, name);

/** What the event files of {@link RUN} hold, as float32. */
const SCALARS = {
  'eval/tiny_cosine_ndcg@10': [
    [0, 0.125],
    [20, Math.fround(0.1)],
    [30, Math.fround(0.7)],
  ],
  'train/loss': [
    [10, 1],
    [20, 0.5],
    [30, Math.fround(1 / 3)],
  ],
  'train/learning_rate': [10, 20, 30].map((step) => [step, Math.fround(0.2 - step / 1000)]),
  'train/grad_norm': [10, 20, 30].map((step) => [step, Math.fround(1 / 3)]),
  'train/pairs_per_second': [10, 20, 30].map((step) => [step, 1234.5]),
  'train/tokens_per_second': [10, 20, 30].map((step) => [step, Math.fround(1e5 / 3)]),
  'train/time_share/loss': [10, 20, 30].map((step) => [step, Math.fround(0.4)]),
  'train/memory_bytes': [10, 20, 30].map((step) => [step, 2e9]),
  'train/train_runtime': [[30, 2]],
  'train/train_samples_per_second': [[30, 240]],
};

const ARGUMENTS = '| argument | value |\n| --- | --- |\n| learningRate | 0.2 |\n| runName | a\\|b |\n| bf16 | false |';

describe('the TensorBoard logger', () => {
  test('writes the numbers of a run, its arguments and its setup', async () => {
    await report(tensorboardLogger({ folder: place('runs') }), startEvent());
    const { version, starts, scalars, texts } = readEventFiles(place('runs'));
    expect(version).toBe('brain.Event:2');
    expect(starts).toEqual([1]);
    expect(scalars).toMatchObject(SCALARS);
    expect(Object.keys(scalars)).not.toContain('eval/tiny_nan');
    expect(texts['arguments/text_summary']).toBe(ARGUMENTS);
    expect(texts['setup/text_summary']).toContain('"vocabulary_size": 150');
  });

  test.skipIf(!existsSync(python))('is read by TensorBoard with equal numbers', async () => {
    await report(tensorboardLogger({ folder: place('runs') }), startEvent());
    // What the run of the checkpoint at step 20 did after it is gone for TensorBoard.
    await report(tensorboardLogger({ folder: place('runs') }), startEvent({ startStep: 20 }), [
      logEvent(30, 0.25),
      evaluationEvent(30, 0.75),
    ]);
    const script = path.join(root, 'tooling/python/read_tensorboard.py');
    const { stdout, stderr } = spawnSync(python, [script, place('runs')], { encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    const read = JSON.parse(stdout);
    const resumed = { 'train/loss': [...SCALARS['train/loss'].slice(0, 2), [30, 0.25]] };
    const scores = [...SCALARS['eval/tiny_cosine_ndcg@10'].slice(0, 2), [30, 0.75]];
    const { 'train/train_runtime': _, 'train/train_samples_per_second': __, ...lasting } = SCALARS;
    expect(read.scalars).toMatchObject({ ...lasting, ...resumed, 'eval/tiny_cosine_ndcg@10': scores });
    expect(read.texts['arguments/text_summary']).toBe(ARGUMENTS);
    expect(read.plugins).toEqual({ 'arguments/text_summary': 'text', 'setup/text_summary': 'text' });
  });

  test('writes where the run is saved, by the name of the run', async () => {
    await report(tensorboardLogger(), startEvent({ outputDir: folder, runName: 'my run/1' }));
    await report(tensorboardLogger(), startEvent({ outputDir: folder }));
    expect(readEventFiles(place('runs/my-run-1')).scalars).toMatchObject(SCALARS);
    expect(readEventFiles(place('runs/train')).scalars).toMatchObject(SCALARS);
  });

  test('says that it has no place', async () => {
    await expect(report(tensorboardLogger(), startEvent())).rejects.toMatchObject({
      code: 'log-without-place',
      message:
        'Expected a place for the log of `tensorboard`, received neither its `folder` nor `outputDir`. Give one of them.',
    });
  });

  test('says that its place cannot be written', async () => {
    writeFileSync(place('file'), '');
    await expect(report(tensorboardLogger({ folder: place('file') }), startEvent())).rejects.toMatchObject({
      code: 'log-not-writable',
      message: expect.stringMatching(
        /^Expected the log `\S+events\.out\.tfevents\.\S+` to be a file that can be written, received from the system: EEXIST.*\. Make room, or choose another place for it\.$/,
      ),
    });
  });

  test('loses nothing of what it was told when the process is killed', async () => {
    const logger = tensorboardLogger({ folder: place('runs') });
    for (const event of [startEvent(), logEvent(10)]) logger.onEvent(event, controlInto([]));
    expect(readEventFiles(place('runs')).scalars['train/loss']).toEqual([[10, 1]]);
    await logger.close?.();
  });
});

describe('the JSONL logger', () => {
  const lines = (file: string): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('writes every event with its time', async () => {
    await report(jsonlLogger({ path: place('deep/log.jsonl') }), startEvent());
    const written = lines(place('deep/log.jsonl'));
    expect(written.map(({ time: _, ...event }) => event)).toEqual(
      [startEvent(), ...RUN].map((event) => JSON.parse(JSON.stringify(event))),
    );
    expect(written.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true);
  });

  test('is begun anew by a new run and added to by one that goes on', async () => {
    const logger = jsonlLogger();
    await report(logger, startEvent({ outputDir: folder }));
    await report(logger, startEvent({ outputDir: folder }), [logEvent(10)]);
    await report(logger, startEvent({ outputDir: folder, startStep: 10 }), [logEvent(20)]);
    expect(lines(place('events.jsonl')).map(({ type, step }) => [type, step])).toEqual([
      ['training-start', undefined],
      ['log', 10],
      ['training-start', undefined],
      ['log', 20],
    ]);
  });
});
